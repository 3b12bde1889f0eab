// The HASH payloads of IKEv1 (RFC 2409 §5, §5.5, §5.7): the proof of identity that ends phase 1, and what authenticates
// every message after it. Compare with equal_constant_time, or as Secrets.
//
//   HASH_I  = prf(SKEYID, g^xi | g^xr | CKY-I | CKY-R | SAi | IDii)
//   HASH_R  = prf(SKEYID, g^xr | g^xi | CKY-R | CKY-I | SAi | IDir)
//   HASH(1) = prf(SKEYID_a, message id |      what follows the HASH payload)
//   HASH(2) = prf(SKEYID_a, message id | Ni | what follows the HASH payload)
//   HASH(3) = prf(SKEYID_a, 0 | message id | Ni | Nr)
#pragma once

#include "base/secret.h"
#include "crypto/provider.h"

namespace sallyport::ike::v1 {

/// What HASH_I and HASH_R cover beside an identity.
struct Phase1Transcript {
  ByteView public_i, public_r;  // bodies of the KE payloads
  std::uint64_t cookie_i = 0, cookie_r = 0;
  ByteView sa_i;  // the initiator's whole offer: body of its SA payload, octet by octet
};
/// `id_body` is the ID payload of whoever proves itself, without its generic header. With pre-shared keys these are the
/// proof; with signatures they are what is signed.
Secret hash_i(crypto::Provider& crypto, crypto::Prf prf, const Secret& skeyid, const Phase1Transcript& transcript,
              ByteView id_body);
Secret hash_r(crypto::Provider& crypto, crypto::Prf prf, const Secret& skeyid, const Phase1Transcript& transcript,
              ByteView id_body);

/// Of Quick Mode's first message; also of each Informational and each Transaction message (RFC 2409 §5.7; Mode Config,
/// draft-dukes-ike-mode-cfg-02 §3.3). `payloads` is all that follows the HASH payload, headers included and padding
/// not.
Secret hash_1(crypto::Provider& crypto, crypto::Prf prf, const Secret& skeyid_a, std::uint32_t message_id,
              ByteView payloads);
/// Nonces are payload bodies.
Secret hash_2(crypto::Provider& crypto, crypto::Prf prf, const Secret& skeyid_a, std::uint32_t message_id,
              ByteView nonce_i, ByteView payloads);
Secret hash_3(crypto::Provider& crypto, crypto::Prf prf, const Secret& skeyid_a, std::uint32_t message_id,
              ByteView nonce_i, ByteView nonce_r);

}  // namespace sallyport::ike::v1
