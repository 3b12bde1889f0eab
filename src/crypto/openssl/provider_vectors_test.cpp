// The provider against vectors that others made; tests/vectors/crypto/ says who.
#include <gtest/gtest.h>

#include "crypto/openssl/modp.h"
#include "crypto/openssl/provider_openssl.h"
#include "crypto/test_vectors.h"

namespace sallyport::crypto {
namespace {

Prf prf_of(const TestVector& vector) { return named(vector, "prf", Prf::hmac_md5, Prf::aes128_cmac); }
KeyExchangeMethod method_of(const TestVector& vector) {
  return named(vector, "method", KeyExchangeMethod::modp768, KeyExchangeMethod::x448);
}
/// Hashes go by the words of the HMACs that are made of them, in the same order.
Integrity hmac_of(const TestVector& vector) {
  return named(vector, "hash", Integrity::hmac_md5_96, Integrity::hmac_sha2_512_256);
}
int index_of_hash(const TestVector& vector) {
  return static_cast<int>(hmac_of(vector)) - static_cast<int>(Integrity::hmac_md5_96);
}

/// Gives the octets it was made with, once.
class ScriptedRandom final : public RandomSource {
 public:
  explicit ScriptedRandom(Bytes octets) : octets_(std::move(octets)) {}
  void fill(ByteSpan out) override {
    if (out.size() != octets_.size()) throw std::runtime_error("another amount of random octets than the vector has");
    std::ranges::copy(octets_, out.begin());
  }

 private:
  Bytes octets_;
};

class ProviderVectors : public testing::Test {
 protected:
  std::unique_ptr<KeyExchange> start(KeyExchangeMethod method, Bytes private_value) {
    if (openssl::is_modp(method)) return modp_.start_with(method, private_value);
    if (method < KeyExchangeMethod::x25519) private_value = drawn_as(std::move(private_value));
    ScriptedRandom random(std::move(private_value));
    return *provider_->start_key_exchange(method, random);
  }
  std::unique_ptr<Provider> provider_ = make_openssl_provider();

 private:
  // Scalars of curves are drawn as d-1, with 8 octets more than needed.
  static Bytes drawn_as(Bytes scalar) {
    for (std::size_t i = scalar.size(); i-- > 0;)
      if (scalar[i]-- != 0) break;
    scalar.insert(scalar.begin(), 8, 0);
    return scalar;
  }
  openssl::ModpGroups modp_;
};

TEST_F(ProviderVectors, Hash) {
  for (const TestVector& vector : load_test_vectors("crypto/hash.txt")) {
    SCOPED_TRACE(vector.place());
    const auto hash = static_cast<Hash>(index_of_hash(vector));
    const Bytes text = vector.bytes("text");
    Bytes output(output_size(hash));
    provider_->hash(hash, std::array{ByteView(text)}, output);
    EXPECT_EQ(output, vector.bytes("output"));
  }
}

TEST_F(ProviderVectors, Hmac) {
  for (const TestVector& vector : load_test_vectors("crypto/hmac.txt")) {
    SCOPED_TRACE(vector.place());
    const Bytes text = vector.bytes("text"), key = vector.bytes("key"), tag = vector.bytes("tag");
    const std::array parts = {ByteView(text)};
    const Secret whole = provider_->prf(static_cast<Prf>(index_of_hash(vector)), key, parts);
    EXPECT_EQ(equal(whole.view().first(tag.size()), tag), vector.word("result") == "valid");
    Bytes icv(icv_size(hmac_of(vector)));
    provider_->mac(hmac_of(vector), key, parts, icv);
    EXPECT_TRUE(equal(icv, whole.view().first(icv.size())));
  }
}

TEST_F(ProviderVectors, MacsOfAes) {
  for (const TestVector& vector : load_test_vectors("crypto/aes_mac.txt")) {
    if (vector.has("nonce")) continue;  // GMAC is not the provider's
    SCOPED_TRACE(vector.place());
    const Bytes text = vector.bytes("text"), key = vector.bytes("key"), tag = vector.bytes("tag");
    const auto integrity = named(vector, "mac", Integrity::aes_xcbc_96, Integrity::aes_cmac_96);
    const Prf prf = integrity == Integrity::aes_xcbc_96 ? Prf::aes128_xcbc : Prf::aes128_cmac;
    const Secret whole = provider_->prf(prf, key, std::array{ByteView(text)});  // with 16 octets, the MAC itself
    EXPECT_EQ(equal(whole.view().first(tag.size()), tag), vector.word("result") == "valid");
    for (const std::size_t cut : {std::size_t{0}, text.size() / 3, text.size()}) {
      const std::array parts = {ByteView(text).first(cut), ByteView(text).subspan(cut)};
      Bytes icv(icv_size(integrity));
      provider_->mac(integrity, key, parts, icv);
      EXPECT_TRUE(equal(icv, whole.view().first(icv.size())));
    }
  }
}

TEST_F(ProviderVectors, PrfAndPrfPlus) {
  for (const TestVector& vector : load_test_vectors("crypto/prf.txt")) {
    SCOPED_TRACE(vector.place());
    const Bytes key = vector.bytes("key"), data = vector.bytes("data"), output = vector.bytes("output");
    const Secret made = vector.word("function") == "prf+"
                            ? prf_plus(*provider_, prf_of(vector), key, data, output.size())
                            : provider_->prf(prf_of(vector), key, std::array{ByteView(data)});
    EXPECT_TRUE(equal(made.view(), output));
  }
}

TEST_F(ProviderVectors, CombinedModes) {
  for (const TestVector& vector : load_test_vectors("crypto/aead.txt")) {
    SCOPED_TRACE(vector.place());
    const Encryption encryption = encryption_of(vector);
    const Bytes key = vector.bytes("key"), nonce = vector.bytes("nonce"), aad = vector.bytes("aad");
    const bool valid = vector.word("result") == "valid";
    Bytes text = vector.bytes("sealed"), icv = vector.bytes("icv");
    EXPECT_EQ(provider_->open(encryption, key, nonce, aad, text, icv).has_value(), valid);
    if (!valid) continue;
    EXPECT_EQ(text, vector.bytes("text"));
    std::ranges::fill(icv, std::uint8_t{0});
    provider_->seal(encryption, key, nonce, aad, text, icv);
    EXPECT_EQ(text, vector.bytes("sealed"));
    EXPECT_EQ(icv, vector.bytes("icv"));
  }
}

TEST_F(ProviderVectors, CiphersWithoutIntegrity) {
  for (const TestVector& vector : load_test_vectors("crypto/cipher.txt")) {
    SCOPED_TRACE(vector.place());
    const Encryption encryption = encryption_of(vector);
    const Bytes key = vector.bytes("key"), iv = vector.bytes("iv");
    Bytes text = vector.bytes("text");
    provider_->encrypt(encryption, key, iv, text);
    EXPECT_EQ(text, vector.bytes("sealed"));
    provider_->decrypt(encryption, key, iv, text);
    EXPECT_EQ(text, vector.bytes("text"));
  }
}

TEST_F(ProviderVectors, SharedSecretsAndRefusals) {
  for (const char* file : {"crypto/ecdh.txt", "crypto/xdh.txt"})
    for (const TestVector& vector : load_test_vectors(file)) {
      SCOPED_TRACE(vector.place());
      const auto exchange = start(method_of(vector), vector.bytes("private"));
      const auto shared = exchange->shared_secret(vector.bytes("public"));
      if (vector.word("result") == "invalid") {
        EXPECT_EQ(shared, fail(ErrorCode::out_of_range));
      } else {
        ASSERT_TRUE(shared);
        EXPECT_TRUE(equal(shared->view(), vector.bytes("shared")));
      }
    }
}

TEST_F(ProviderVectors, ModpValuesBetweenOneAndThePrimeLessOne) {
  for (const TestVector& vector : load_test_vectors("crypto/modp_primes.txt")) {
    SCOPED_TRACE(vector.place());
    const auto exchange = start(method_of(vector), {5});
    const auto takes = [&](ByteView value) { return exchange->shared_secret(value).has_value(); };
    Bytes value = vector.bytes("prime");
    EXPECT_FALSE(takes(value));
    value.back() -= 1;
    EXPECT_FALSE(takes(value));
    value.back() -= 1;
    EXPECT_TRUE(takes(value));
    std::ranges::fill(value, std::uint8_t{0});
    EXPECT_FALSE(takes(value));
    value.back() = 1;
    EXPECT_FALSE(takes(value));
    value.back() = 2;
    EXPECT_TRUE(takes(value));
  }
}

TEST_F(ProviderVectors, WholeKeyExchanges) {
  for (const TestVector& vector : load_test_vectors("crypto/key_exchange.txt")) {
    SCOPED_TRACE(vector.place());
    const auto initiator = start(method_of(vector), vector.bytes("private_i"));
    const auto responder = start(method_of(vector), vector.bytes("private_r"));
    EXPECT_TRUE(equal(initiator->public_value(), vector.bytes("public_i")));
    EXPECT_TRUE(equal(responder->public_value(), vector.bytes("public_r")));
    EXPECT_TRUE(equal(initiator->shared_secret(responder->public_value())->view(), vector.bytes("shared")));
    EXPECT_TRUE(equal(responder->shared_secret(initiator->public_value())->view(), vector.bytes("shared")));
  }
}

TEST_F(ProviderVectors, MlKem) {
  if (!provider_->supports(KeyExchangeMethod::ml_kem_768)) GTEST_SKIP() << "OpenSSL has it from 3.5 on";
  for (const TestVector& vector : load_test_vectors("crypto/ml_kem.txt")) {
    SCOPED_TRACE(vector.place());
    const auto method = named(vector, "method", KeyExchangeMethod::ml_kem_512, KeyExchangeMethod::ml_kem_1024);
    ScriptedRandom random(vector.bytes(vector.has("seed") ? "seed" : "m"));
    if (vector.has("seed")) {
      const auto initiator = *provider_->start_key_exchange(method, random);
      EXPECT_TRUE(equal(initiator->public_value(), vector.bytes("ek")));
      EXPECT_TRUE(equal(initiator->shared_secret(vector.bytes("c"))->view(), vector.bytes("shared")));
      continue;
    }
    const auto answer = provider_->answer_key_exchange(method, vector.bytes("ek"), random);
    ASSERT_EQ(answer.has_value(), vector.has("c"));
    if (!answer) continue;
    EXPECT_EQ(answer->public_value, vector.bytes("c"));
    EXPECT_TRUE(equal(answer->shared_secret.view(), vector.bytes("shared")));
  }
}

}  // namespace
}  // namespace sallyport::crypto
