// IKE_FOLLOWUP_KE (RFC 9370 §2.2.4): the additional key exchanges of CREATE_CHILD_SA, one each, before what it has
// agreed on comes to life. The responder hands out a name (link) at every step, by which it knows what comes next.
//
//   HDR, SK {SA(.. ADDKE1 ..), Ni, KEi, ..}  -->                               CREATE_CHILD_SA
//                     <--  HDR, SK {SA(.. ADDKE1 ..), Nr, KEr, .., N(ADDITIONAL_KEY_EXCHANGE)(link 1)}
//   HDR, SK {KEi(1), N(ADDITIONAL_KEY_EXCHANGE)(link 1)}  -->                  IKE_FOLLOWUP_KE
//                     <--  HDR, SK {KEr(1)[, N(ADDITIONAL_KEY_EXCHANGE)(link 2)]}
//                     or:  HDR, SK {N(STATE_NOT_FOUND)}                        it has waited for too long
#pragma once

#include "ike/core/environment.h"
#include "ike/v2/step.h"

namespace sallyport::ike::v2 {

/// Exchanges of the peer's that wait at a time: with a window of one it is in the middle of one of them at most, and
/// may have given up some.
inline constexpr std::size_t kMostPromised = 4;
/// For so long they wait (RFC 9370 §2.2.4 speaks of 5 to 20 seconds).
inline constexpr Duration kPromiseKept = std::chrono::seconds(20);

/// A fresh name for the next step.
Bytes random_link(RandomSource& random);
void add_link(wire::ikev2::PayloadChain& payloads, Bytes link);
/// Empty: there is none.
Bytes read_link(const wire::ikev2::PayloadChain& payloads);

/// What is to follow an exchange that has agreed on `made`; the first of its additional key exchanges is due.
FollowUp begin_follow_up(const policy::Suite& suite, Bytes link, Secret first_secret, Bytes nonce_i, Bytes nonce_r,
                         std::variant<NewChild, NewIkeSa> made);
/// All of them are over: what was agreed on, with its keys.
void complete(const IkeSa& sa, FollowUp& follow_up, Environment& env);

/// `sa.follow_up`'s.
wire::ikev2::PayloadChain build_followup_request(const IkeSa& sa);
Step process_followup_response(const IkeSa& sa, const Inbound& in, Environment& env);
Step process_followup_request(const IkeSa& sa, const Inbound& in, Environment& env);

}  // namespace sallyport::ike::v2
