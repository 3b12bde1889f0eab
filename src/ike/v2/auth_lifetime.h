// AUTH_LIFETIME (RFC 4478): a responder says for how long the initiator's proof of who it is counts, so that the
// initiator, which alone may be able to, proves it again in time. It rides in the answer to IKE_AUTH, and in
// INFORMATIONAL requests when the responder has changed its mind.
#pragma once

#include <optional>

#include "base/time.h"
#include "policy/connection.h"
#include "wire/ikev2/message.h"

namespace sallyport::ike::v2 {

/// Nothing, where the connection's reauth_time sets no limit.
void add_auth_lifetime(wire::ikev2::PayloadChain& reply, const policy::Connection& connection,
                       std::optional<Duration> left = {});

/// nullopt: nothing is said, or nothing that can be read. Never shorter than 10 s: a peer must not make us begin anew
/// all the time.
std::optional<Duration> read_auth_lifetime(const wire::ikev2::PayloadChain& payloads);

}  // namespace sallyport::ike::v2
