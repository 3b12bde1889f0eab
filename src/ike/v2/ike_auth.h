// IKE_AUTH (RFC 7296 §1.2, §2.15): each side proves who it is over the octets of IKE_SA_INIT, and the first Child SA is
// agreed on along the way. With pre-shared keys it is one exchange.
//
//   initiator                                                                          responder
//   HDR, SK {IDi, [N(INITIAL_CONTACT),] [IDr,] AUTH, [CP,] SAi2, TSi, TSr, [N(MOBIKE_SUPPORTED)]}  -->
//                                         <--  HDR, SK {IDr, AUTH, [CP,] SAr2, TSi, TSr, [N(MOBIKE_SUPPORTED)]}
//   without SA and TS where the IKE SA begins without a Child SA (RFC 6023)
//                                                       or:  HDR, SK {IDr, AUTH, N(NO_PROPOSAL_CHOSEN |
//                                                       TS_UNACCEPTABLE)} or:  HDR, SK {N(AUTHENTICATION_FAILED)}
#pragma once

#include "ike/core/environment.h"
#include "ike/v2/step.h"

namespace sallyport::ike::v2 {

/// The initiator's request, but for what its Child SA needs; nullopt when there is no key for it (any more).
std::optional<wire::ikev2::PayloadChain> build_auth_request(const IkeSa& sa, bool initial_contact, Environment& env);
Step process_auth_response(const IkeSa& sa, const Inbound& in, Environment& env);
Step process_auth_request(const IkeSa& sa, const Inbound& in, Environment& env);

}  // namespace sallyport::ike::v2
