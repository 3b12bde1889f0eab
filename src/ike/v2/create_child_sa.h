// CREATE_CHILD_SA (RFC 7296 §1.3): a further Child SA, with or without forward secrecy. Either side may begin.
//
//   HDR, SK {[N(REKEY_SA),] [N(USE_TRANSPORT_MODE),] SA, Ni, [KEi,] TSi, TSr}  -->
//                                               <--  HDR, SK {[N(USE_TRANSPORT_MODE),] SA, Nr, [KEr,] TSi, TSr}
//                                               or:  HDR, SK {N(error)}
//
// A peer that renews a Child SA gets the new one; it deletes the old one itself. Renewing of our own, and a new IKE SA
// in the place of the old, are not here yet: the latter is answered NO_ADDITIONAL_SAS.
#pragma once

#include "ike/core/environment.h"
#include "ike/v2/step.h"

namespace sallyport::ike::v2 {

/// The group for forward secrecy that an initiator begins with; `none` without.
crypto::KeyExchangeMethod preferred_method(const policy::Child& child);

wire::ikev2::PayloadChain build_create_child_request(const policy::Child& config, const PendingChild& pending);
Step process_create_child_response(const IkeSa& sa, const Inbound& in, Environment& env);
Step process_create_child_request(const IkeSa& sa, const Inbound& in, Environment& env);

}  // namespace sallyport::ike::v2
