#include "crypto/packet/packet_ciphers.h"

#include "crypto/openssl/packet_cipher_openssl.h"
#ifdef SALLYPORT_HAS_IPSEC_MB
#include "crypto/ipsec_mb/packet_cipher_ipsec_mb.h"
#include "crypto/packet_cipher_fallback.h"
#endif

namespace sallyport::crypto {

std::unique_ptr<PacketCipherFactory> make_packet_ciphers() {
  auto openssl = make_openssl_factory();
#ifdef SALLYPORT_HAS_IPSEC_MB
  if (auto ipsec_mb = make_ipsec_mb_factory())
    return make_factory_with_fallback(std::move(ipsec_mb), std::move(openssl));
#endif
  return openssl;
}

}  // namespace sallyport::crypto
