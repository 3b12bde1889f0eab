// HASH_I and HASH_R against what others computed; the other hashes against theirs in protection_test.cpp.
#include "ike/v1/exchange_hash.h"

#include <gtest/gtest.h>

#include "crypto/openssl/provider_openssl.h"
#include "crypto/test_vectors.h"
#include "ike/v1/key_schedule.h"

namespace sallyport::ike::v1 {
namespace {

using crypto::TestVector;

constexpr auto kPrf = crypto::Prf::hmac_sha2_256;

class ExchangeHash : public testing::Test {
 protected:
  /// One proof of identity, to be computed with parts of it changed.
  struct Proof {
    explicit Proof(const TestVector& vector)
        : prf(named(vector, "prf", crypto::Prf::hmac_md5, crypto::Prf::hmac_sha2_512)),
          public_i(vector.bytes("public_i")),
          public_r(vector.bytes("public_r")),
          sa_i(vector.bytes("sa_i")),
          id(vector.bytes("id")),
          transcript{public_i, public_r, load_be64(vector.bytes("cookie_i").data()),
                     load_be64(vector.bytes("cookie_r").data()), sa_i},
          of_initiator(vector.word("of") == "hash_i") {}
    crypto::Prf prf;
    Bytes public_i, public_r, sa_i, id;
    Phase1Transcript transcript;
    bool of_initiator;
  };

  static std::vector<TestVector> vectors() {
    auto vectors = crypto::load_test_vectors("ikev1/key_schedule.txt");
    std::erase_if(vectors, [](const TestVector& vector) { return !vector.has("hash"); });
    EXPECT_GE(vectors.size(), 14U);
    return vectors;
  }
  Secret skeyid(const TestVector& vector, crypto::Prf prf) {
    if (vector.has("skeyid")) return Secret::adopt(vector.bytes("skeyid"));
    const Bytes nonce_i = vector.bytes("nonce_i"), nonce_r = vector.bytes("nonce_r");
    return skeyid_of_shared_key(*crypto_, prf, Secret::adopt(vector.bytes("psk")), {{}, nonce_i, nonce_r});
  }
  Secret compute(const TestVector& vector, const Proof& proof) {
    const auto hash = proof.of_initiator ? hash_i : hash_r;
    return hash(*crypto_, proof.prf, skeyid(vector, proof.prf), proof.transcript, proof.id);
  }

  std::unique_ptr<crypto::Provider> crypto_ = crypto::make_openssl_provider();
  const Secret key_ = Secret::copy_of(Bytes(32, 5));
};

TEST_F(ExchangeHash, ProvesIdentitiesAsOthersDo) {
  for (const TestVector& vector : vectors())
    EXPECT_TRUE(equal(compute(vector, Proof(vector)).view(), vector.bytes("hash"))) << vector.place();
}

TEST_F(ExchangeHash, DoesNotMistakeOneRoleForTheOther) {
  for (const TestVector& vector : vectors()) {
    Proof proof(vector);
    proof.of_initiator = !proof.of_initiator;
    EXPECT_FALSE(equal(compute(vector, proof).view(), vector.bytes("hash"))) << vector.place();
  }
}

TEST_F(ExchangeHash, CoversEveryPartOfPhase1) {
  const auto all = vectors();
  const TestVector& vector = all.front();
  const auto differs = [&](auto&& change) {
    Proof proof(vector);
    change(proof);
    return !equal(compute(vector, proof).view(), vector.bytes("hash"));
  };
  EXPECT_TRUE(differs([](Proof& proof) { proof.public_i[0] ^= 1; }));
  EXPECT_TRUE(differs([](Proof& proof) { proof.public_r.back() ^= 1; }));
  EXPECT_TRUE(differs([](Proof& proof) { proof.transcript.cookie_i ^= 1; }));
  EXPECT_TRUE(differs([](Proof& proof) { proof.transcript.cookie_r ^= 1; }));
  EXPECT_TRUE(differs([](Proof& proof) { proof.sa_i.back() ^= 1; }));
  EXPECT_TRUE(differs([](Proof& proof) { proof.id.back() ^= 1; }));
  EXPECT_TRUE(differs([](Proof& proof) { std::swap(proof.transcript.public_i, proof.transcript.public_r); }));
}

TEST_F(ExchangeHash, BindsQuickModeToItsMessageIdAndNonces) {
  const Bytes payloads(40, 1), nonce_i(16, 2), nonce_r(16, 3);
  const Secret first = hash_1(*crypto_, kPrf, key_, 7, payloads);
  const Secret second = hash_2(*crypto_, kPrf, key_, 7, nonce_i, payloads);
  const Secret third = hash_3(*crypto_, kPrf, key_, 7, nonce_i, nonce_r);
  EXPECT_FALSE(first == hash_1(*crypto_, kPrf, key_, 8, payloads));
  EXPECT_FALSE(second == hash_2(*crypto_, kPrf, key_, 8, nonce_i, payloads));
  EXPECT_FALSE(second == hash_2(*crypto_, kPrf, key_, 7, nonce_r, payloads));
  EXPECT_FALSE(third == hash_3(*crypto_, kPrf, key_, 8, nonce_i, nonce_r));
  EXPECT_FALSE(third == hash_3(*crypto_, kPrf, key_, 7, nonce_r, nonce_i));
  EXPECT_FALSE(first == second);
}

}  // namespace
}  // namespace sallyport::ike::v1
