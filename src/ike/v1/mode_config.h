// Mode Config (draft-dukes-ike-mode-cfg-02): a client gets an inner address from its gateway, and is told of the
// network behind it; the messages are transaction exchanges (transaction.h). It comes behind XAUTH and before any Quick
// Mode, whose selectors are made of the address.
//
//   pull:  the client asks    REQUEST -->  <-- REPLY        push:  the gateway begins    SET -->  <-- ACK
#pragma once

#include "ike/core/environment.h"
#include "ike/v1/step.h"
#include "policy/network_config.h"

namespace sallyport::ike::v1 {

/// What attributes say that we understand. Nonsense in one is passed over; of what comes without end, a bounded part is
/// taken.
policy::NetworkConfig read_configuration(const wire::ikev1::Attributes& attributes);
wire::ikev1::Attributes write_configuration(const policy::NetworkConfig& config);

/// The client's REQUEST: its wishes, or what it has already.
wire::ikev1::AttributesPayload build_configuration_request(const IsakmpSa& sa, std::uint16_t identifier);
/// Takes the gateway's REPLY or SET.
ExchangeStep process_configuration(const IsakmpSa& sa, const wire::ikev1::AttributesPayload& message);

/// The gateway's answer. There is one even if it has nothing to give.
ExchangeStep process_configuration_request(const IsakmpSa& sa, const wire::ikev1::AttributesPayload& request,
                                           Environment& env);
/// The gateway's SET; an error: no address is left.
std::expected<policy::NetworkConfig, event::Failure> choose_configuration(const IsakmpSa& sa,
                                                                          const std::vector<policy::IpAddress>& wishes,
                                                                          Environment& env);

/// Whom an address is leased to: the user, and without one who the peer is.
std::string lease_name(const IsakmpSa& sa);

}  // namespace sallyport::ike::v1
