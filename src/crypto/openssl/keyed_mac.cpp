#include "crypto/openssl/keyed_mac.h"

#include "crypto/openssl/aes_mac.h"
#include "crypto/openssl/hmac.h"

namespace sallyport::crypto::openssl {

std::unique_ptr<KeyedMac> make_keyed_mac(Integrity integrity, ByteView key) {
  switch (integrity) {
    case Integrity::aes_xcbc_96: return make_keyed_xcbc(key);
    case Integrity::aes_cmac_96: return make_keyed_cmac(key);
    default: return make_keyed_hmac(hash_of(integrity), key);
  }
}

}  // namespace sallyport::crypto::openssl
