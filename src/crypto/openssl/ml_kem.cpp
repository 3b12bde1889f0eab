#include "crypto/openssl/ml_kem.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>

namespace sallyport::crypto::openssl {
namespace {

constexpr std::size_t kSeedSize = 64, kEntropySize = 32, kSecretSize = 32;
// Names of parameters that the headers of an older OpenSSL do not have.
constexpr const char* kSeed = "seed";
constexpr const char* kEntropy = "ikme";

/// Octets of a ciphertext (FIPS 203 §8).
std::size_t ciphertext_size(KeyExchangeMethod method) {
  return method == KeyExchangeMethod::ml_kem_512 ? 768 : method == KeyExchangeMethod::ml_kem_768 ? 1088 : 1568;
}

class MlKemExchange final : public KeyExchange {
 public:
  MlKemExchange(KeyExchangeMethod method, EVP_PKEY_CTX* maker, RandomSource& random) : method_(method) {
    Secret seed(kSeedSize);
    random.fill(seed.span());
    OSSL_PARAM parameters[] = {OSSL_PARAM_construct_octet_string(kSeed, seed.span().data(), seed.size()),
                               OSSL_PARAM_construct_end()};
    EVP_PKEY* key = nullptr;
    must(EVP_PKEY_fromdata(maker, &key, EVP_PKEY_KEYPAIR, parameters));
    key_.reset(must(key));
    public_value_.resize(public_value_size(method));
    std::size_t size = 0;
    must(EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, public_value_.data(), public_value_.size(),
                                         &size));
    ASSERT(size == public_value_.size());
  }

  KeyExchangeMethod method() const override { return method_; }
  ByteView public_value() const override { return public_value_; }

  /// A ciphertext that was not made for this key gives a secret that nobody has (FIPS 203 §6.3).
  Result<Secret> shared_secret(ByteView ciphertext) override {
    if (ciphertext.size() != ciphertext_size(method_)) return fail(ErrorCode::out_of_range);
    const KeyContext context(must(EVP_PKEY_CTX_new_from_pkey(nullptr, key_.get(), nullptr)));
    must(EVP_PKEY_decapsulate_init(context.get(), nullptr));
    Secret shared(kSecretSize);
    std::size_t size = shared.size();
    if (EVP_PKEY_decapsulate(context.get(), shared.span().data(), &size, ciphertext.data(), ciphertext.size()) != 1 ||
        size != shared.size()) {
      ERR_clear_error();
      return fail(ErrorCode::out_of_range);
    }
    return shared;
  }

 private:
  KeyExchangeMethod method_;
  Key key_;
  Bytes public_value_;
};

}  // namespace

EVP_PKEY_CTX* MlKem::key_maker(KeyExchangeMethod method) {
  constexpr std::array names = {"ML-KEM-512", "ML-KEM-768", "ML-KEM-1024"};
  if (method < KeyExchangeMethod::ml_kem_512 || method > KeyExchangeMethod::ml_kem_1024) return nullptr;
  const auto which = static_cast<std::size_t>(method) - static_cast<std::size_t>(KeyExchangeMethod::ml_kem_512);
  auto& slot = key_makers_[which];
  if (!slot) {
    slot.reset(EVP_PKEY_CTX_new_from_name(nullptr, names[which], nullptr));
    if (slot && EVP_PKEY_fromdata_init(slot.get()) <= 0) slot.reset();
    if (!slot) ERR_clear_error();
  }
  return slot.get();
}

std::unique_ptr<KeyExchange> MlKem::start(KeyExchangeMethod method, RandomSource& random) {
  return std::make_unique<MlKemExchange>(method, must(key_maker(method)), random);
}

Result<KeyExchangeAnswer> MlKem::answer(KeyExchangeMethod method, ByteView encapsulation_key, RandomSource& random) {
  if (encapsulation_key.size() != public_value_size(method)) return fail(ErrorCode::out_of_range);
  Bytes theirs = to_bytes(encapsulation_key);
  OSSL_PARAM parameters[] = {OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, theirs.data(), theirs.size()),
                             OSSL_PARAM_construct_end()};
  EVP_PKEY* imported = nullptr;
  if (EVP_PKEY_fromdata(must(key_maker(method)), &imported, EVP_PKEY_PUBLIC_KEY, parameters) != 1) {
    ERR_clear_error();
    return fail(ErrorCode::out_of_range);
  }
  const Key key(imported);
  const KeyContext context(must(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr)));
  Secret entropy(kEntropySize);
  random.fill(entropy.span());
  OSSL_PARAM chosen[] = {OSSL_PARAM_construct_octet_string(kEntropy, entropy.span().data(), entropy.size()),
                         OSSL_PARAM_construct_end()};
  must(EVP_PKEY_encapsulate_init(context.get(), chosen));
  KeyExchangeAnswer answer{Bytes(ciphertext_size(method)), Secret(kSecretSize)};
  std::size_t size = answer.public_value.size(), secret_size = answer.shared_secret.size();
  must(EVP_PKEY_encapsulate(context.get(), answer.public_value.data(), &size, answer.shared_secret.span().data(),
                            &secret_size));
  ASSERT(size == answer.public_value.size() && secret_size == answer.shared_secret.size());
  return answer;
}

}  // namespace sallyport::crypto::openssl
