// XAUTH (draft-beaulieu-ike-xauth-02): behind phase 1, whoever asks for it has the peer say the name of a user and a
// password, before any Quick Mode. Its messages are transaction exchanges (transaction.h) with one identifier.
//
//   who asks                                               the user
//   REQUEST(XAUTH_USER_NAME, XAUTH_USER_PASSWORD)  -->
//                                                  <--     REPLY(name, password), or REPLY(STATUS = FAIL)
//   SET(STATUS = OK or FAIL)                       -->
//                                                  <--     ACK
//
// Only the generic type is spoken. A wrong name and a wrong password look alike to the peer. It is asked again a few
// times, as a person may mistype; who has nothing else to say than before says FAIL.
#pragma once

#include "ike/core/environment.h"
#include "ike/v1/step.h"

namespace sallyport::ike::v1 {

/// How often a peer is asked before it is refused.
inline constexpr std::uint32_t kMostQuestions = 3;

/// True where a message has to do with XAUTH, and not with Mode Config.
bool is_xauth(const wire::ikev1::AttributesPayload& message);

wire::ikev1::AttributesPayload build_user_request(std::uint16_t identifier);
wire::ikev1::AttributesPayload build_verdict(std::uint16_t identifier, bool accepted);

/// Ours as the user: the answer to a REQUEST, and what a SET says.
ExchangeStep process_user_request(const IsakmpSa& sa, const wire::ikev1::AttributesPayload& request, Environment& env);
ExchangeStep process_verdict(const IsakmpSa& sa, const wire::ikev1::AttributesPayload& set);

/// Ours as who asks: the user's REPLY is judged; what to begin next is in the step.
ExchangeStep process_user_reply(const IsakmpSa& sa, const wire::ikev1::AttributesPayload& reply, Environment& env);

/// The password of the connection's user; nullptr: nobody knows it.
const Secret* own_password(const policy::Connection& connection, const Environment& env);

}  // namespace sallyport::ike::v1
