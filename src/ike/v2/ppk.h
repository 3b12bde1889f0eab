// Postquantum preshared keys (RFC 8784): a secret that both ends have beforehand goes into the keys of the IKE SA, so
// that whoever breaks its key exchange one day cannot read what was said.
//
//   IKE_SA_INIT   N(USE_PPK)  -->               <--  N(USE_PPK)
//   IKE_AUTH      IDi, AUTH, …, N(PPK_IDENTITY) [, N(NO_PPK_AUTH)]  -->
//                                               <--  IDr, AUTH, … [, N(PPK_IDENTITY)]     with it: it is used
//   SK_d = prf+(PPK, SK_d'), SK_pi = prf+(PPK, SK_pi'), SK_pr = prf+(PPK, SK_pr')
#pragma once

#include <optional>

#include "ike/core/environment.h"
#include "ike/v2/key_schedule.h"
#include "wire/ikev2/payload.h"

namespace sallyport::ike::v2 {

/// Those of an IKE SA's keys that a postquantum preshared key changes.
struct PpkKeys {
  Secret sk_d, sk_pi, sk_pr;
};
PpkKeys mix_ppk(crypto::Provider& crypto, crypto::Prf prf, const Secret& ppk, const IkeKeys& keys);

inline bool wants_ppk(const policy::Connection& connection) {
  return connection.ppk_id.kind != policy::Identity::Kind::any;
}
bool wants_ppk(const policy::Candidates& candidates);
void announce_ppk(wire::ikev2::PayloadChain& payloads);
bool says_ppk(const wire::ikev2::PayloadChain& payloads);

/// Which one an initiator means.
void add_ppk_identity(wire::ikev2::PayloadChain& payloads, const policy::Identity& id);
/// As a responder reads it: nullptr when none is named, it is none of `connection`'s, or we do not have it.
const Secret* find_ppk(const policy::Connection& connection, const wire::ikev2::PayloadChain& payloads,
                       const policy::Pad& pad);
/// A responder's word that it uses the one that was named.
void confirm_ppk(wire::ikev2::PayloadChain& payloads);
bool confirms_ppk(const wire::ikev2::PayloadChain& payloads);

}  // namespace sallyport::ike::v2
