// AES-XCBC-MAC (RFC 3566) and AES-CMAC (RFC 4493), with keys of 128 bits, and the PRFs that are made of them. Both are
// the last block of a CBC encryption; they differ in the keys, and in what is added to the last block of text.
#pragma once

#include "crypto/openssl/keyed_mac.h"

namespace sallyport::crypto::openssl {

/// `key` has 16 octets; the MAC has as many.
std::unique_ptr<KeyedMac> make_keyed_xcbc(ByteView key);
std::unique_ptr<KeyedMac> make_keyed_cmac(ByteView key);

/// RFC 4434 §2, RFC 4615 §3: any key length. `prf` is one of AES; `out` has 16 octets.
void aes_prf(Prf prf, ByteView key, std::span<const ByteView> parts, ByteSpan out);

}  // namespace sallyport::crypto::openssl
