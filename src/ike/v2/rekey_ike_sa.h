// CREATE_CHILD_SA for the IKE SA itself (RFC 7296 §1.3.2, §2.18): another IKE SA with fresh keys, which takes over the
// Child SAs. Nobody proves anew who it is. What both ends then do with two or three IKE SAs is in succession.cpp.
//
//   HDR, SK {SA, Ni, KEi}  -->
//                     <--  HDR, SK {SA, Nr, KEr}
//                     or:  HDR, SK {N(error)}
#pragma once

#include "ike/core/environment.h"
#include "ike/v2/step.h"

namespace sallyport::ike::v2 {

/// What a CREATE_CHILD_SA request is for.
bool is_about_ike_sa(const wire::ikev2::PayloadChain& request);

/// `sa.pending_ike_sa`'s.
wire::ikev2::PayloadChain build_rekey_ike_request(const IkeSa& sa);
Step process_rekey_ike_response(const IkeSa& sa, const Inbound& in, Environment& env);
Step process_rekey_ike_request(const IkeSa& sa, const Inbound& in, Environment& env);

// ---- For the key exchanges that follow it (followup_ke.h) ----

/// What an error means for `sa.pending_ike_sa`.
Step read_rekeying_error(const IkeSa& sa, const wire::ikev2::NotifyPayload& error);
/// The peer's answer is none. `exists_at_peer`: it has made its half.
Step break_off_rekeying(const IkeSa& sa, bool exists_at_peer);

}  // namespace sallyport::ike::v2
