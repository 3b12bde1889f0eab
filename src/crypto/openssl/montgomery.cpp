#include "crypto/openssl/montgomery.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>

namespace sallyport::crypto::openssl {
namespace {

Bytes base_point(KeyExchangeMethod method) {
  Bytes point(public_value_size(method));
  point[0] = method == KeyExchangeMethod::x25519 ? 9 : 5;  // RFC 7748 §6.1, §6.2
  return point;
}

Key make_key(EVP_PKEY_CTX* maker, int selection, OSSL_PARAM* parameters) {
  EVP_PKEY* key = nullptr;
  must(EVP_PKEY_fromdata(maker, &key, selection, parameters));
  return Key(must(key));
}

class MontgomeryExchange final : public KeyExchange {
 public:
  // The public value is the function itself on the base point. Asking for it that way, and giving OpenSSL a stand-in
  // for the public half of our key, is faster than its own derivation of that half, and leaves the context warm.
  MontgomeryExchange(KeyExchangeMethod method, EVP_PKEY_CTX* maker, RandomSource& random) : method_(method) {
    Bytes base = base_point(method);
    Secret scalar(base.size());
    random.fill(scalar.span());
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, base.data(), base.size()),
        OSSL_PARAM_construct_end(),
        OSSL_PARAM_construct_end(),
    };
    peer_ = make_key(maker, EVP_PKEY_PUBLIC_KEY, parameters);
    parameters[1] = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PRIV_KEY, scalar.span().data(), scalar.size());
    const Key own = make_key(maker, EVP_PKEY_KEYPAIR, parameters);
    context_.reset(must(EVP_PKEY_CTX_new_from_pkey(nullptr, own.get(), nullptr)));
    must(EVP_PKEY_derive_init(context_.get()));
    public_value_.resize(base.size());
    ASSERT(multiply(base, public_value_));
  }

  KeyExchangeMethod method() const override { return method_; }
  ByteView public_value() const override { return public_value_; }

  Result<Secret> shared_secret(ByteView peer_public_value) override {
    if (peer_public_value.size() != public_value_.size()) return fail(ErrorCode::out_of_range);
    Secret shared(public_value_.size());
    if (!multiply(peer_public_value, shared.span())) return fail(ErrorCode::out_of_range);
    return shared;
  }

 private:
  /// False when the product is all zero (RFC 7748 §6.1, RFC 8031 §3.2).
  bool multiply(ByteView point, ByteSpan out) {
    must(EVP_PKEY_set1_encoded_public_key(peer_.get(), point.data(), point.size()));
    must(EVP_PKEY_derive_set_peer_ex(context_.get(), peer_.get(), 0));
    std::size_t size = out.size();
    if (EVP_PKEY_derive(context_.get(), out.data(), &size) == 1 && size == out.size()) return true;
    ERR_clear_error();
    return false;
  }

  KeyExchangeMethod method_;
  Key peer_;  // its public value is set before each use
  KeyContext context_;
  Bytes public_value_;
};

}  // namespace

EVP_PKEY_CTX* MontgomeryCurves::key_maker(KeyExchangeMethod method) {
  if (!is_montgomery(method)) return nullptr;
  const bool small = method == KeyExchangeMethod::x25519;
  auto& slot = key_makers_[small ? 0 : 1];
  if (!slot) {
    slot.reset(EVP_PKEY_CTX_new_from_name(nullptr, small ? "X25519" : "X448", nullptr));
    if (slot && EVP_PKEY_fromdata_init(slot.get()) <= 0) slot.reset();
    if (!slot) ERR_clear_error();
  }
  return slot.get();
}

std::unique_ptr<KeyExchange> MontgomeryCurves::start(KeyExchangeMethod method, RandomSource& random) {
  return std::make_unique<MontgomeryExchange>(method, must(key_maker(method)), random);
}

}  // namespace sallyport::crypto::openssl
