// The key schedule against what others derived; tests/vectors/ikev1/ says who.
#include "ike/v1/key_schedule.h"

#include <gtest/gtest.h>

#include "crypto/openssl/provider_openssl.h"
#include "crypto/test_vectors.h"

namespace sallyport::ike::v1 {
namespace {

using crypto::TestVector;
using policy::Protocol;

std::vector<TestVector> vectors_of(std::string_view kind) {
  auto vectors = crypto::load_test_vectors("ikev1/key_schedule.txt");
  std::erase_if(vectors, [&](const TestVector& vector) { return vector.word("of") != kind; });
  EXPECT_FALSE(vectors.empty());
  return vectors;
}

policy::Suite suite_of(Protocol protocol, const std::string& words) {
  const auto proposal = policy::parse_proposal(protocol, words + (protocol == Protocol::ike ? "" : "-noesn"));
  return policy::choose({proposal.value()}, {proposal.value()}).value().suite;
}

std::uint64_t cookie(const TestVector& vector, const char* field) { return load_be64(vector.bytes(field).data()); }

class KeySchedule : public testing::Test {
 protected:
  struct Phase1 {
    explicit Phase1(const TestVector& vector)
        : shared(vector.bytes("shared")),
          nonce_i(vector.bytes("nonce_i")),
          nonce_r(vector.bytes("nonce_r")),
          inputs{shared, nonce_i, nonce_r, cookie(vector, "cookie_i"), cookie(vector, "cookie_r")} {
      suite.prf = named(vector, "prf", crypto::Prf::hmac_md5, crypto::Prf::hmac_sha2_512);
      if (vector.has("suite")) suite = suite_of(Protocol::ike, vector.word("suite"));
    }
    Bytes shared, nonce_i, nonce_r;
    Phase1Inputs inputs;
    policy::Suite suite;
  };

  Secret skeyid(const TestVector& vector, const Phase1& phase_1) {
    if (vector.word("auth") == "signature") return skeyid_of_signatures(*crypto_, phase_1.suite.prf, phase_1.inputs);
    return skeyid_of_shared_key(*crypto_, phase_1.suite.prf, Secret::adopt(vector.bytes("psk")), phase_1.inputs);
  }
  IsakmpKeys derive(const TestVector& vector) {
    const Phase1 phase_1(vector);
    return derive_isakmp_keys(*crypto_, phase_1.suite, skeyid(vector, phase_1), phase_1.inputs);
  }

  /// A Child SA's keys out of fixed secrets and nonces.
  policy::SaKeys child(Protocol protocol, const std::string& words, std::uint32_t spi = 0x01020304,
                       const Bytes& shared = {}) {
    const Secret skeyid_d = Secret::copy_of(Bytes(20, 7));
    const Bytes nonce_i(16, 1), nonce_r(16, 2);
    return derive_sa_keys(*crypto_, crypto::Prf::hmac_sha1, skeyid_d, suite_of(protocol, words), spi,
                          {shared, nonce_i, nonce_r});
  }

  std::unique_ptr<crypto::Provider> crypto_ = crypto::make_openssl_provider();
};

TEST_F(KeySchedule, DerivesWhatOthersDeriveInPhase1) {
  for (const TestVector& vector : vectors_of("isakmp_keys")) {
    SCOPED_TRACE(vector.place());
    const IsakmpKeys keys = derive(vector);
    EXPECT_TRUE(equal(keys.skeyid.view(), vector.bytes("skeyid")));
    EXPECT_TRUE(equal(keys.skeyid_d.view(), vector.bytes("skeyid_d")));
    EXPECT_TRUE(equal(keys.skeyid_a.view(), vector.bytes("skeyid_a")));
    EXPECT_TRUE(equal(keys.skeyid_e.view(), vector.bytes("skeyid_e")));
    if (!vector.has("encryption_key")) continue;
    EXPECT_TRUE(equal(keys.encryption.view(), vector.bytes("encryption_key")));
  }
}

TEST_F(KeySchedule, DerivesWhatOthersDeriveForIpsecSas) {
  for (const TestVector& vector : vectors_of("sa_keys")) {
    SCOPED_TRACE(vector.place());
    const Protocol protocol = vector.word("protocol") == "ah" ? Protocol::ah : Protocol::esp;
    const Bytes shared = vector.bytes("shared"), nonce_i = vector.bytes("nonce_i"), nonce_r = vector.bytes("nonce_r");
    const std::uint32_t spi = load_be32(vector.bytes("spi").data());
    const policy::SaKeys keys =
        derive_sa_keys(*crypto_, named(vector, "prf", crypto::Prf::hmac_md5, crypto::Prf::hmac_sha2_512),
                       Secret::adopt(vector.bytes("skeyid_d")), suite_of(protocol, vector.word("suite")), spi,
                       {shared, nonce_i, nonce_r});
    EXPECT_EQ(keys.spi, spi);
    EXPECT_TRUE(equal(keys.encryption_key.view(), vector.bytes("encryption_key")));
    EXPECT_TRUE(equal(keys.integrity_key.view(), vector.bytes("integrity_key")));
  }
}

TEST_F(KeySchedule, ExpandsSkeyidEOnlyWhenItIsTooShort) {
  std::size_t expanded = 0, cut = 0;
  for (const TestVector& vector : vectors_of("isakmp_keys")) {
    if (!vector.has("encryption_key")) continue;
    const IsakmpKeys keys = derive(vector);
    const std::size_t common = std::min(keys.encryption.size(), keys.skeyid_e.size());
    const bool is_front = equal(keys.encryption.view().first(common), keys.skeyid_e.view().first(common));
    EXPECT_EQ(is_front, keys.encryption.size() <= keys.skeyid_e.size()) << vector.place();
    ++(is_front ? cut : expanded);
  }
  EXPECT_GE(expanded, 3U);
  EXPECT_GE(cut, 3U);
}

TEST_F(KeySchedule, AnotherPreSharedKeyChangesEveryKey) {
  for (const TestVector& vector : vectors_of("isakmp_keys")) {
    if (vector.word("auth") != "psk") continue;
    const Phase1 phase_1(vector);
    Bytes psk = vector.bytes("psk");
    psk.back() ^= 1;
    const IsakmpKeys keys = derive_isakmp_keys(
        *crypto_, phase_1.suite,
        skeyid_of_shared_key(*crypto_, phase_1.suite.prf, Secret::adopt(std::move(psk)), phase_1.inputs),
        phase_1.inputs);
    EXPECT_FALSE(equal(keys.skeyid_d.view(), vector.bytes("skeyid_d")));
    EXPECT_FALSE(equal(keys.skeyid_a.view(), vector.bytes("skeyid_a")));
    EXPECT_FALSE(equal(keys.skeyid_e.view(), vector.bytes("skeyid_e")));
  }
}

TEST_F(KeySchedule, EachCookieAndTheSharedSecretCount) {
  const auto vectors = vectors_of("isakmp_keys");
  const TestVector& vector = vectors.front();
  const Phase1 phase_1(vector);
  Bytes other_secret = phase_1.shared;
  other_secret.front() ^= 0x80;
  Phase1Inputs changed[] = {phase_1.inputs, phase_1.inputs, phase_1.inputs, phase_1.inputs};
  changed[0].cookie_i ^= 1;
  changed[1].cookie_r ^= 1;
  std::swap(changed[2].cookie_i, changed[2].cookie_r);
  changed[3].shared_secret = other_secret;
  for (const Phase1Inputs& inputs : changed) {
    const IsakmpKeys keys = derive_isakmp_keys(*crypto_, phase_1.suite, skeyid(vector, phase_1), inputs);
    EXPECT_FALSE(equal(keys.skeyid_d.view(), vector.bytes("skeyid_d")));
    EXPECT_FALSE(equal(keys.skeyid_a.view(), vector.bytes("skeyid_a")));
    EXPECT_FALSE(equal(keys.skeyid_e.view(), vector.bytes("skeyid_e")));
  }
}

TEST_F(KeySchedule, TakesAnEmptyPreSharedKey) {
  const Bytes nonce(8, 3);
  const Phase1Inputs inputs{nonce, nonce, nonce};
  EXPECT_EQ(skeyid_of_shared_key(*crypto_, crypto::Prf::hmac_sha2_384, Secret(), inputs).size(), 48U);
}

TEST_F(KeySchedule, GivesEachSuiteTheAmountItNeeds) {
  const struct {
    Protocol protocol;
    const char* words;
    std::size_t encryption, integrity;
  } cases[] = {
      {Protocol::esp, "3des-md5", 24, 16},         {Protocol::esp, "aes192-sha1", 24, 20},
      {Protocol::esp, "aes128ctr-sha256", 20, 32}, {Protocol::esp, "aes256gcm8", 36, 0},
      {Protocol::esp, "aes192gcm16", 28, 0},       {Protocol::esp, "null-sha512", 0, 64},
      {Protocol::esp, "chacha20poly1305", 36, 0},  {Protocol::ah, "sha384", 0, 48},
      {Protocol::esp, "aes256ctr-sha512", 36, 64}, {Protocol::esp, "aes128ccm16", 19, 0},
      {Protocol::esp, "aes256gmac", 36, 0},        {Protocol::esp, "aes128-aesxcbc", 16, 16},
      {Protocol::ah, "aes192gmac", 0, 28},         {Protocol::ah, "aesxcbc", 0, 16},
  };
  for (const auto& each : cases) {
    const policy::SaKeys keys = child(each.protocol, each.words);
    EXPECT_EQ(keys.encryption_key.size(), each.encryption) << each.words;
    EXPECT_EQ(keys.integrity_key.size(), each.integrity) << each.words;
  }
}

TEST_F(KeySchedule, TheSpiTellsDirectionsApart) {
  EXPECT_FALSE(child(Protocol::esp, "aes128-sha1", 0x01020304).encryption_key ==
               child(Protocol::esp, "aes128-sha1", 0x01020305).encryption_key);
}

TEST_F(KeySchedule, TheProtocolTellsTheSasOfABundleApart) {
  EXPECT_FALSE(child(Protocol::esp, "null-sha1").integrity_key == child(Protocol::ah, "sha1").integrity_key);
}

TEST_F(KeySchedule, ForwardSecrecyChangesTheKeys) {
  EXPECT_FALSE(child(Protocol::esp, "aes128-sha1").encryption_key ==
               child(Protocol::esp, "aes128-sha1", 0x01020304, Bytes(96, 9)).encryption_key);
}

}  // namespace
}  // namespace sallyport::ike::v1
