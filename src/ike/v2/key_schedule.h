// The IKEv2 key schedule (RFC 7296 §2.13 to §2.17): from a shared secret and two nonces to every key, and the proof
// that a pre-shared key makes of them.
//
//   SKEYSEED = prf(Ni | Nr, g^ir)                                      of the first IKE SA
//   SKEYSEED = prf(SK_d of the old one, g^ir | Ni | Nr)                of one that takes its place
//   SKEYSEED = prf(SK_d so far, SK(n) | Ni | Nr)                       after an additional key exchange (RFC 9370)
//   SKEYSEED = prf(SK_d of the old one, "Resumption" | Ni | Nr)        of one that is resumed (RFC 5723 §5.1)
//   SK_d | SK_ai | SK_ar | SK_ei | SK_er | SK_pi | SK_pr = prf+(SKEYSEED, Ni | Nr | SPIi | SPIr)
//   KEYMAT = prf+(SK_d, [g^ir |] Ni | Nr)                              of a Child SA
//   … g^ir | Ni | Nr | SK(1) | … | SK(n)                               where additional key exchanges follow
//   AUTH = prf(prf(secret, "Key Pad for IKEv2"), message | other's nonce | prf(SK_p, ID body) [| IntAuth])
#pragma once

#include "base/secret.h"
#include "crypto/provider.h"
#include "policy/proposal.h"

namespace sallyport::ike::v2 {

struct IkeKeys {
  Secret sk_d;          // for the keys of Child SAs
  Secret sk_ai, sk_ar;  // integrity; empty with a combined-mode cipher
  Secret sk_ei, sk_er;  // encryption, salt included
  Secret sk_pi, sk_pr;  // for AUTH
};

struct IkeKeyInputs {
  ByteView shared_secret;
  ByteView nonce_i, nonce_r;
  std::uint64_t spi_i = 0, spi_r = 0;
  ByteView further_secrets = {};  // of the additional key exchanges of a rekeying, one after the other
};
IkeKeys derive_ike_keys(crypto::Provider& crypto, const policy::Suite& suite, const IkeKeyInputs& inputs);

/// Those of an IKE SA that takes the place of another, whose PRF and SK_d these are (RFC 7296 §2.18), or of the same
/// after an additional key exchange (RFC 9370 §2.2.2).
IkeKeys derive_rekeyed_ike_keys(crypto::Provider& crypto, crypto::Prf old_prf, const Secret& old_sk_d,
                                const policy::Suite& suite, const IkeKeyInputs& inputs);

/// Those of an IKE SA that is resumed; the suite is that of the old one, too.
IkeKeys derive_resumed_ike_keys(crypto::Provider& crypto, const Secret& old_sk_d, const policy::Suite& suite,
                                const IkeKeyInputs& inputs);

/// Both directions of a Child SA; the initiator is that of the exchange that made it.
struct ChildKeys {
  Secret encryption_i, integrity_i;  // initiator to responder
  Secret encryption_r, integrity_r;
};
/// `shared_secret` is empty without perfect forward secrecy; `further_secrets` are those of additional key exchanges.
ChildKeys derive_child_keys(crypto::Provider& crypto, crypto::Prf prf, const Secret& sk_d, const policy::Suite& child,
                            ByteView shared_secret, ByteView nonce_i, ByteView nonce_r, ByteView further_secrets = {});

/// The AUTH data of a pre-shared key (RFC 7296 §2.15). `message` is the first message of whoever proves itself, `nonce`
/// the other's, `sk_p` and `id_body` (the ID payload without its generic header) its own; `int_auth` is what RFC 9242
/// §3.3.2 appends where there were IKE_INTERMEDIATE exchanges.
Secret shared_key_auth(crypto::Provider& crypto, crypto::Prf prf, const Secret& shared_key, ByteView message,
                       ByteView nonce, const Secret& sk_p, ByteView id_body, ByteView int_auth = {});
/// Of a resumed IKE SA: SK_p is the key, and nothing else is known (RFC 5723 §4.3.3).
Secret resumption_auth(crypto::Provider& crypto, crypto::Prf prf, ByteView message, ByteView nonce, const Secret& sk_p,
                       ByteView id_body);

}  // namespace sallyport::ike::v2
