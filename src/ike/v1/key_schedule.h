// The IKEv1 key schedule (RFC 2409 §5, §5.5 and appendix B): from a shared secret, two nonces and two cookies to the
// keys of an ISAKMP SA, and from those to the keys of IPsec SAs. prf is HMAC of the negotiated hash.
//
//   SKEYID   = prf(pre-shared key, Ni | Nr)          or, with signatures, prf(Ni | Nr, g^xy)
//   SKEYID_d = prf(SKEYID,            g^xy | CKY-I | CKY-R | 0)         for the keys of IPsec SAs
//   SKEYID_a = prf(SKEYID, SKEYID_d | g^xy | CKY-I | CKY-R | 1)         for HASH payloads
//   SKEYID_e = prf(SKEYID, SKEYID_a | g^xy | CKY-I | CKY-R | 2)         for the key that encrypts messages
//   KEYMAT   = K1 | K2 | …,  Kn = prf(SKEYID_d, Kn-1 | [g(qm)^xy |] protocol | SPI | Ni | Nr)
//
// SKEYID of the two kinds of public key encryption (RFC 2409 §5.2, §5.3) is not here: nobody speaks them.
#pragma once

#include "base/secret.h"
#include "crypto/provider.h"
#include "policy/child_sa.h"

namespace sallyport::ike::v1 {

/// What both sides know when phase 1's key exchange is done. Nonces are payload bodies, 8 to 256 octets.
struct Phase1Inputs {
  ByteView shared_secret;
  ByteView nonce_i, nonce_r;
  std::uint64_t cookie_i = 0, cookie_r = 0;
};

/// SKEYID is what depends on how the two authenticate each other.
Secret skeyid_of_shared_key(crypto::Provider& crypto, crypto::Prf prf, const Secret& shared_key,
                            const Phase1Inputs& inputs);
Secret skeyid_of_signatures(crypto::Provider& crypto, crypto::Prf prf, const Phase1Inputs& inputs);

struct IsakmpKeys {
  Secret skeyid;    // for HASH_I and HASH_R
  Secret skeyid_d;  // for derive_sa_keys
  Secret skeyid_a;  // for the HASH payloads of everything after phase 1
  Secret skeyid_e;
  Secret encryption;  // of the suite's cipher, made of skeyid_e
};
/// Of `suite`, its PRF and its cipher count.
IsakmpKeys derive_isakmp_keys(crypto::Provider& crypto, const policy::Suite& suite, Secret skeyid,
                              const Phase1Inputs& inputs);

/// What a Quick Mode adds to the keys of its SAs.
struct QuickModeInputs {
  ByteView shared_secret;  // of this Quick Mode's own key exchange; empty without perfect forward secrecy
  ByteView nonce_i, nonce_r;
};
/// The keys of the one-way SA whose receiver chose `spi`: called twice for a pair, and again for each protocol of a
/// bundle. `child` tells the protocol (ESP or AH) and how much is needed; encryption comes first (RFC 4301 §4.5.2),
/// with the salt behind its key (RFC 3686 §5.1, RFC 4106 §8.1).
policy::SaKeys derive_sa_keys(crypto::Provider& crypto, crypto::Prf prf, const Secret& skeyid_d,
                              const policy::Suite& child, std::uint32_t spi, const QuickModeInputs& inputs);

}  // namespace sallyport::ike::v1
