// IKE_SESSION_RESUME (RFC 5723 §4.3, §5): in the place of IKE_SA_INIT, where a client has a ticket. There is no key
// exchange: the keys come from those of the IKE SA that the ticket stands for, and so do algorithms, identities, and
// the proof of who the peers are. In IKE_AUTH behind it, AUTH is made with SK_pi and SK_pr alone.
//
//   client                                                        gateway
//   HDR, [N(COOKIE),] N(TICKET_OPAQUE), Ni, N(NAT_DETECTION_*)  -->
//                                          <--  HDR, Nr, N(NAT_DETECTION_*)
//                                          or:  HDR, N(COOKIE) | N(TICKET_NACK): then IKE_SA_INIT follows
#pragma once

#include "ike/v2/ike_sa_init.h"
#include "ike/v2/step.h"

namespace sallyport::ike::v2 {

/// The client's request, from `sa.setup`.
wire::ikev2::PayloadChain build_resume_request(const IkeSa& sa, Environment& env);
Step process_resume_response(const IkeSa& sa, const Inbound& in, Environment& env);

/// A gateway's answer. It has state only from here on, and only for a ticket of its own.
std::variant<InitReply, InitAccepted, InitRejected> answer_resume(const Inbound& in, Environment& env);

/// An answer that does not let us in: the client begins as if it had no ticket.
Step begin_anew(const IkeSa& sa, event::Resumption::Outcome why);

}  // namespace sallyport::ike::v2
