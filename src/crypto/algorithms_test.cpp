#include "crypto/algorithms.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace sallyport::crypto {
namespace {

template <class Algorithm>
std::vector<Algorithm> all(Algorithm first, Algorithm last) {
  std::vector<Algorithm> values;
  for (int i = static_cast<int>(first); i <= static_cast<int>(last); ++i) values.push_back(static_cast<Algorithm>(i));
  return values;
}

const auto kCiphers = all(Cipher::null, Cipher::chacha20_poly1305_iiv);
const auto kIntegrities = all(Integrity::none, Integrity::aes_256_gmac);
const auto kPrfs = all(Prf::hmac_md5, Prf::aes128_cmac);
const auto kMethods = all(KeyExchangeMethod::none, KeyExchangeMethod::x448);

TEST(Algorithms, GoByDifferentWords) {
  std::set<std::string> words;
  for (const auto method : kMethods) EXPECT_TRUE(words.emplace(to_string(method)).second) << to_string(method);
  for (const auto prf : kPrfs) EXPECT_TRUE(words.emplace(to_string(prf)).second) << to_string(prf);
  for (const auto integrity : kIntegrities)
    EXPECT_TRUE(integrity == Integrity::none || words.emplace(to_string(integrity)).second);
  for (const auto cipher : kCiphers)
    for (const auto bits : std::to_array<std::uint16_t>({0, 128, 192, 256})) {
      const Encryption encryption{cipher, bits};
      if (cipher == Cipher::aes_gmac || !has_valid_key_size(encryption)) continue;  // goes by the words of AH's GMAC
      EXPECT_TRUE(words.insert(to_string(encryption)).second);
    }
}

TEST(Algorithms, SpellProposalsAsAdministratorsDo) {
  EXPECT_EQ(to_string(Encryption{Cipher::aes_gcm_16, 256}), "aes256gcm16");
  EXPECT_EQ(to_string(Encryption{Cipher::aes_cbc, 128}), "aes128");
  EXPECT_EQ(to_string(Encryption{Cipher::aes_ctr, 192}), "aes192ctr");
  EXPECT_EQ(to_string(Encryption{Cipher::triple_des_cbc, 192}), "3des");
  EXPECT_EQ(to_string(Encryption{Cipher::chacha20_poly1305, 256}), "chacha20poly1305");
  EXPECT_EQ(to_string(Encryption{Cipher::aes_ccm_8, 128}), "aes128ccm8");
  EXPECT_EQ(to_string(Encryption{Cipher::aes_gmac, 256}), "aes256gmac");
  EXPECT_EQ(to_string(Encryption{Cipher::aes_gcm_16_iiv, 256}), "aes256gcm16iiv");
  EXPECT_EQ(to_string(Integrity::aes_192_gmac), "aes192gmac");
  EXPECT_EQ(to_string(Prf::aes128_xcbc), "prfaesxcbc");
  EXPECT_EQ(to_string(KeyExchangeMethod::brainpool256), "ecp256bp");
  EXPECT_EQ(to_string(Prf::hmac_sha2_384), "prfsha384");
}

TEST(Algorithms, TakeAsMuchKeyingMaterialAsTheirRfcsSay) {
  EXPECT_EQ(keying_size({Cipher::null, 0}), 0u);
  EXPECT_EQ(keying_size({Cipher::triple_des_cbc, 192}), 24u);     // RFC 2451 §2.2
  EXPECT_EQ(keying_size({Cipher::aes_ctr, 128}), 20u);            // RFC 3686 §5.1
  EXPECT_EQ(keying_size({Cipher::aes_gcm_16, 256}), 36u);         // RFC 4106 §8.1
  EXPECT_EQ(keying_size({Cipher::chacha20_poly1305, 256}), 36u);  // RFC 7634 §2
  EXPECT_EQ(keying_size({Cipher::aes_ccm_8, 128}), 19u);          // RFC 4309 §7.1
  EXPECT_EQ(keying_size({Cipher::aes_ccm_16, 256}), 35u);
  EXPECT_EQ(keying_size({Cipher::aes_gmac, 192}), 28u);  // RFC 4543 §5.4
  EXPECT_EQ(key_size(Integrity::aes_192_gmac), 28u);
  EXPECT_EQ(keying_size({Cipher::aes_gcm_16_iiv, 256}), 36u);  // RFC 8750 §4: as with an IV that is sent
  EXPECT_EQ(keying_size({Cipher::aes_ccm_8_iiv, 256}), 35u);
  EXPECT_EQ(key_size(Integrity::aes_xcbc_96), 16u);
}

TEST(Algorithms, AreCombinedExactlyWhenTheyHaveAnIcv) {
  for (const auto cipher : kCiphers)
    EXPECT_EQ(is_combined(cipher), cipher != Cipher::null && cipher != Cipher::triple_des_cbc &&
                                       cipher != Cipher::aes_cbc && cipher != Cipher::aes_ctr);
}

TEST(Algorithms, LeaveTheIvOutOnlyWhereItIsImplicit) {
  for (const auto cipher : kCiphers)
    EXPECT_EQ(has_implicit_iv(cipher), std::string(to_string(cipher)).find("iiv") != std::string::npos);
}

TEST(Algorithms, RefuseKeySizesTheyDoNotHave) {
  for (const auto cipher : kCiphers) {
    EXPECT_FALSE(has_valid_key_size({cipher, 64}));
    EXPECT_FALSE(has_valid_key_size({cipher, 512}));
  }
  EXPECT_FALSE(has_valid_key_size({Cipher::aes_cbc, 0}));
  EXPECT_FALSE(has_valid_key_size({Cipher::triple_des_cbc, 168}));
}

TEST(Algorithms, AreCalledWeakWithAReasonOrNotAtAll) {
  for (const auto integrity : {Integrity::hmac_md5_96, Integrity::hmac_sha1_96}) EXPECT_TRUE(weakness(integrity));
  for (const auto prf : {Prf::hmac_md5, Prf::hmac_sha1}) EXPECT_TRUE(weakness(prf));
  for (const auto method : {KeyExchangeMethod::modp768, KeyExchangeMethod::modp1024, KeyExchangeMethod::modp1536})
    EXPECT_TRUE(weakness(method));
  EXPECT_TRUE(weakness(Encryption{Cipher::triple_des_cbc, 192}));
  EXPECT_TRUE(weakness(Encryption{Cipher::null, 0}));
  EXPECT_TRUE(weakness(Encryption{Cipher::aes_gmac, 256}));

  EXPECT_FALSE(weakness(Encryption{Cipher::aes_cbc, 128}));
  EXPECT_FALSE(weakness(Encryption{Cipher::aes_ccm_8, 128}));
  EXPECT_FALSE(weakness(Integrity::aes_cmac_96));
  EXPECT_FALSE(weakness(Integrity::hmac_sha2_256_128));
  EXPECT_FALSE(weakness(Integrity::none));
  EXPECT_FALSE(weakness(Prf::hmac_sha2_256));
  EXPECT_FALSE(weakness(KeyExchangeMethod::modp2048));
  EXPECT_FALSE(weakness(KeyExchangeMethod::none));
}

}  // namespace
}  // namespace sallyport::crypto
