#include "crypto/openssl/provider_openssl.h"

#include "crypto/openssl/aes_mac.h"
#include "crypto/openssl/elliptic_curve.h"
#include "crypto/openssl/hmac.h"
#include "crypto/openssl/ml_kem.h"
#include "crypto/openssl/modp.h"
#include "crypto/openssl/montgomery.h"
#include "crypto/openssl/symmetric.h"

namespace sallyport::crypto {
namespace openssl {
namespace {

class OpenSslProvider final : public Provider {
 public:
  bool supports(Encryption encryption) const override { return symmetric_.supports(encryption); }
  bool supports(Integrity integrity) const override { return !is_gmac(integrity); }
  bool supports(Prf) const override { return true; }
  bool supports(KeyExchangeMethod method) const override {
    return is_modp(method) || elliptic_curves_.supports(method) || montgomery_curves_.supports(method) ||
           ml_kem_.supports(method);
  }

  void seal(Encryption encryption, ByteView key, ByteView nonce, ByteView aad, ByteSpan text, ByteSpan icv) override {
    symmetric_.seal(encryption, key, nonce, aad, text, icv);
  }
  Result<void> open(Encryption encryption, ByteView key, ByteView nonce, ByteView aad, ByteSpan text,
                    ByteView icv) override {
    return symmetric_.open(encryption, key, nonce, aad, text, icv);
  }
  void encrypt(Encryption encryption, ByteView key, ByteView iv, ByteSpan text) override {
    symmetric_.encrypt(encryption, key, iv, text);
  }
  void decrypt(Encryption encryption, ByteView key, ByteView iv, ByteSpan text) override {
    symmetric_.decrypt(encryption, key, iv, text);
  }

  void mac(Integrity integrity, ByteView key, std::span<const ByteView> parts, ByteSpan out) override {
    ASSERT(out.size() == icv_size(integrity));
    if (integrity == Integrity::aes_xcbc_96 || integrity == Integrity::aes_cmac_96)
      make_keyed_mac(integrity, key)->mac(parts, out);
    else
      hmac(hash_of(integrity), key, parts, out);
  }
  Secret prf(Prf prf, ByteView key, std::span<const ByteView> parts) override {
    Secret output(output_size(prf));
    if (is_aes(prf))
      aes_prf(prf, key, parts, output.span());
    else
      hmac(hash_of(prf), key, parts, output.span());
    return output;
  }
  void hash(Hash hash, std::span<const ByteView> parts, ByteSpan out) override { digest(hash, parts, out); }

  Result<std::unique_ptr<KeyExchange>> start_key_exchange(KeyExchangeMethod method, RandomSource& random) override {
    if (is_modp(method)) return modp_groups_.start(method, random);
    if (elliptic_curves_.supports(method)) return elliptic_curves_.start(method, random);
    if (montgomery_curves_.supports(method)) return montgomery_curves_.start(method, random);
    if (ml_kem_.supports(method)) return ml_kem_.start(method, random);
    return fail(ErrorCode::unsupported);
  }
  Result<KeyExchangeAnswer> answer_key_exchange(KeyExchangeMethod method, ByteView peer_public_value,
                                                RandomSource& random) override {
    if (ml_kem_.supports(method)) return ml_kem_.answer(method, peer_public_value, random);
    return Provider::answer_key_exchange(method, peer_public_value, random);
  }

 private:
  // Asking whether something is supported fetches it, and keeps it for its use.
  mutable Symmetric symmetric_;
  mutable EllipticCurves elliptic_curves_;
  mutable MontgomeryCurves montgomery_curves_;
  mutable MlKem ml_kem_;
  ModpGroups modp_groups_;
};

}  // namespace
}  // namespace openssl

std::unique_ptr<Provider> make_openssl_provider() { return std::make_unique<openssl::OpenSslProvider>(); }

}  // namespace sallyport::crypto
