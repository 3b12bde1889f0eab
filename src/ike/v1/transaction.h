// Transaction exchanges (draft-dukes-ike-mode-cfg-02 §3): two messages that carry attributes, protected by HASH(1). Who
// begins is whoever has something to ask or to set, in XAUTH (xauth.h) or Mode Config (mode_config.h).
//
//   HDR*, HASH, ATTR(REQUEST or SET)   -->
//                                      <--   HDR*, HASH, ATTR(REPLY or ACK)
#pragma once

#include "ike/core/environment.h"
#include "ike/v1/step.h"

namespace sallyport::ike::v1 {

ExchangeStep process_transaction_1(const IsakmpSa& sa, const Exchange& exchange, const Inbound& in, Environment& env);
ExchangeStep process_transaction_2(const IsakmpSa& sa, const Exchange& exchange, const Inbound& in, Environment& env);

/// XAUTH and Unity, for a connection that may use them.
void announce_remote_access(wire::ikev1::PayloadChain& payloads, const policy::Connection& connection);

/// The method of phase 1 that says who will be asked for a user name and a password (draft-beaulieu-ike-xauth-02 §7.2).
wire::ikev1::AuthenticationMethod phase1_method(const policy::Connection& connection, Role role);

/// Wipes what a message says: there may be a password in it.
void wipe(wire::ikev1::AttributesPayload& message);
void wipe_attributes(wire::ikev1::PayloadChain&& payloads);

}  // namespace sallyport::ike::v1
