#include <gtest/gtest.h>

#include "crypto/openssl/provider_openssl.h"

namespace sallyport::crypto {
namespace {

constexpr Encryption kGcm{Cipher::aes_gcm_16, 128};

class OpenSslProvider : public testing::Test {
 protected:
  Secret prf(Prf which, ByteView key, ByteView data) {
    const ByteView parts[] = {data};
    return provider_->prf(which, key, parts);
  }
  std::unique_ptr<Provider> provider_ = make_openssl_provider();
};

TEST_F(OpenSslProvider, SupportsEveryKeySizeOfEveryAlgorithmAndNoOther) {
  for (const Cipher cipher : {Cipher::aes_cbc, Cipher::aes_ctr, Cipher::aes_ccm_8, Cipher::aes_ccm_12,
                              Cipher::aes_ccm_16, Cipher::aes_gcm_8, Cipher::aes_gcm_12, Cipher::aes_gcm_16})
    for (const auto bits : std::to_array<std::uint16_t>({128, 192, 256}))
      EXPECT_TRUE(provider_->supports(Encryption{cipher, bits}));
  EXPECT_TRUE(provider_->supports(Encryption{Cipher::triple_des_cbc, 192}));
  EXPECT_TRUE(provider_->supports(Encryption{Cipher::chacha20_poly1305, 256}));
  EXPECT_TRUE(provider_->supports(Encryption{Cipher::null, 0}));
  EXPECT_FALSE(provider_->supports(Encryption{Cipher::aes_cbc, 0}));
  EXPECT_FALSE(provider_->supports(Encryption{Cipher::aes_gcm_16, 512}));
  EXPECT_FALSE(provider_->supports(Encryption{Cipher::chacha20_poly1305, 128}));
  EXPECT_FALSE(provider_->supports(Encryption{Cipher::null, 128}));
  EXPECT_TRUE(provider_->supports(Prf::aes128_xcbc));
  EXPECT_TRUE(provider_->supports(Integrity::aes_cmac_96));
}

TEST_F(OpenSslProvider, LeavesToPacketsWhatIsForPacketsAlone) {
  for (const Cipher cipher : {Cipher::aes_gmac, Cipher::aes_ccm_8_iiv, Cipher::aes_gcm_16_iiv})
    EXPECT_FALSE(provider_->supports(Encryption{cipher, 128}));
  EXPECT_FALSE(provider_->supports(Encryption{Cipher::chacha20_poly1305_iiv, 256}));
  EXPECT_FALSE(provider_->supports(Integrity::aes_128_gmac));
}

// RFC 4231 §4.7 (key longer than a block) and RFC 2202 §2, §3
TEST_F(OpenSslProvider, HmacsAsTheRfcsShow) {
  const Bytes long_key(131, 0xaa);
  const auto text = as_bytes("Test Using Larger Than Block-Size Key - Hash Key First");
  EXPECT_EQ(to_hex(prf(Prf::hmac_sha2_256, long_key, text).view()),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  EXPECT_EQ(to_hex(prf(Prf::hmac_md5, as_bytes("Jefe"), as_bytes("what do ya want for nothing?")).view()),
            "750c783e6ab0b503eaa86e310a5db738");
  EXPECT_EQ(to_hex(prf(Prf::hmac_sha1, as_bytes("Jefe"), as_bytes("what do ya want for nothing?")).view()),
            "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
}

TEST_F(OpenSslProvider, TakesPartsAsOneText) {
  const ByteView whole[] = {as_bytes("abcdef")};
  const ByteView parts[] = {as_bytes("ab"), {}, as_bytes("cdef")};
  EXPECT_TRUE(provider_->prf(Prf::hmac_sha2_512, as_bytes("k"), whole) ==
              provider_->prf(Prf::hmac_sha2_512, as_bytes("k"), parts));
  Bytes one(20), other(20);
  provider_->hash(Hash::sha1, whole, one);
  provider_->hash(Hash::sha1, parts, other);
  EXPECT_EQ(one, other);
}

TEST_F(OpenSslProvider, TruncatesAMacToTheSizeOnTheWire) {
  const ByteView parts[] = {as_bytes("what do ya want for nothing?")};
  Bytes icv(icv_size(Integrity::hmac_sha1_96));
  provider_->mac(Integrity::hmac_sha1_96, as_bytes("Jefe"), parts, icv);
  EXPECT_EQ(to_hex(icv), "effcdf6ae5eb2fa2d27416d5");
}

TEST_F(OpenSslProvider, StretchesPrfPlusOverWholeAndPartBlocks) {
  const auto stretched = prf_plus(*provider_, Prf::hmac_sha2_256, as_bytes("key"), as_bytes("seed"), 70);
  ASSERT_EQ(stretched.size(), 70u);
  const Secret first = prf(Prf::hmac_sha2_256, as_bytes("key"), as_bytes("seed\x01"));
  Bytes text = to_bytes(first.view());
  append(text, as_bytes("seed\x02"));
  const Secret second = prf(Prf::hmac_sha2_256, as_bytes("key"), text);
  EXPECT_TRUE(equal(stretched.view().first(32), first.view()));
  EXPECT_TRUE(equal(stretched.view().subspan(32, 32), second.view()));
  EXPECT_EQ(prf_plus(*provider_, Prf::hmac_sha2_256, as_bytes("key"), as_bytes("seed"), 255 * 32).size(), 8160u);
  EXPECT_TRUE(prf_plus(*provider_, Prf::hmac_sha2_256, as_bytes("key"), as_bytes("seed"), 0).empty());
}

TEST_F(OpenSslProvider, OpensOnlyWhatIsUntouched) {
  const Bytes key(16, 1), nonce(12, 2), aad(28, 3), clear(200, 4);
  Bytes text = clear, icv(16);
  provider_->seal(kGcm, key, nonce, aad, text, icv);
  EXPECT_NE(text, clear);
  const auto opens = [&](Bytes k, Bytes n, Bytes a, Bytes t, Bytes i) {
    const auto result = provider_->open(kGcm, k, n, a, t, i);
    EXPECT_TRUE(!result || t == clear);
    return result;
  };
  EXPECT_TRUE(opens(key, nonce, aad, text, icv));
  const auto spoilt = [](Bytes bytes) {
    bytes.back() ^= 0x80;
    return bytes;
  };
  EXPECT_EQ(opens(spoilt(key), nonce, aad, text, icv), fail(ErrorCode::unauthentic));
  EXPECT_EQ(opens(key, spoilt(nonce), aad, text, icv), fail(ErrorCode::unauthentic));
  EXPECT_EQ(opens(key, nonce, spoilt(aad), text, icv), fail(ErrorCode::unauthentic));
  EXPECT_EQ(opens(key, nonce, aad, spoilt(text), icv), fail(ErrorCode::unauthentic));
  EXPECT_EQ(opens(key, nonce, aad, text, spoilt(icv)), fail(ErrorCode::unauthentic));
  EXPECT_TRUE(opens(key, nonce, aad, text, icv));
}

TEST_F(OpenSslProvider, SealsAnEmptyText) {
  const Bytes key(16), nonce(12);
  Bytes icv(16);
  provider_->seal(kGcm, key, nonce, {}, {}, icv);
  EXPECT_EQ(to_hex(icv), "58e2fccefa7e3061367f1d57a4e7455a");  // the GCM specification's test case 1
  EXPECT_TRUE(provider_->open(kGcm, key, nonce, {}, {}, icv));
}

}  // namespace
}  // namespace sallyport::crypto
