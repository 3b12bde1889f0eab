// MOBIKE (RFC 4555): the ends of an IKE SA change their addresses, and the SAs of tunnel mode stay. The end that began
// decides; it says UPDATE_SA_ADDRESSES from where it is now, and the other takes the addresses from the IP header. The
// other end only tells where else it can be reached.
//
//   leading end                                                          the other
//   IKE_AUTH          N(MOBIKE_SUPPORTED) [N(ADDITIONAL_*_ADDRESS)+]  <-->  the same
//   INFORMATIONAL     N(UPDATE_SA_ADDRESSES), N(NAT_DETECTION_*), [N(COOKIE2)]  -->
//                                       <--  N(NAT_DETECTION_*), [N(COOKIE2)]
//                                       or:  N(UNACCEPTABLE_ADDRESSES) | N(UNEXPECTED_NAT_DETECTED)
//   INFORMATIONAL                       <--  N(COOKIE2): do you get what goes there?
//                     N(COOKIE2)  -->        and its Child SAs follow
//   INFORMATIONAL     N(ADDITIONAL_*_ADDRESS)+ | N(NO_ADDITIONAL_ADDRESSES)  <-->  either way, when they change
#pragma once

#include "ike/core/environment.h"
#include "ike/v2/step.h"

namespace sallyport::ike::v2 {

/// Not in transport mode, whose selectors are the addresses (RFC 4555 §1.2).
bool is_mobile(const policy::Connection& connection);

/// Our further addresses that a peer of this connection may use: not those of networks behind us.
std::vector<policy::IpAddress> further_addresses(const policy::Connection& connection, const policy::IpAddress& used,
                                                 const HostView& host);
/// The ways that there are to the peer, the best first, each from the address that our routing prefers, then from any
/// other. Not those that it has refused.
std::vector<Path> possible_paths(const IkeSa& sa, const HostView& host);

/// Ours for IKE_AUTH, either way.
void add_mobike_supported(wire::ikev2::PayloadChain& payloads, const IkeSa& sa, const policy::Connection& connection,
                          const HostView& host);
/// The peer's; nullopt: it does not support MOBIKE.
std::optional<std::vector<policy::IpAddress>> read_mobike_supported(const wire::ikev2::PayloadChain& payloads);

wire::ikev2::PayloadChain build_update_addresses(const IkeSa& sa, Environment& env);
wire::ikev2::PayloadChain build_tell_addresses(const IkeSa& sa);
wire::ikev2::PayloadChain build_check_route(const IkeSa& sa);
/// The question whether the peer lives, which also finds out whether a NAT has another mapping for us (§3.8).
wire::ikev2::PayloadChain build_liveness_check(const IkeSa& sa, Environment& env);

/// What of an INFORMATIONAL request is MOBIKE's: extends its answer and its Step.
void answer_mobike(const IkeSa& sa, const Inbound& in, Environment& env, Step& step);
/// The answer to a request of ours; nullopt: its COOKIE2 is not ours, and the IKE SA is to be closed (§3.7).
std::optional<Moved> read_mobike_answer(const IkeSa& sa, const Inbound& in, Environment& env);
/// Do the addresses fit N(NO_NATS_ALLOWED), if it is there (§3.9)?
bool is_without_nat(const Inbound& in);

}  // namespace sallyport::ike::v2
