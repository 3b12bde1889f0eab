// The Configuration payload (RFC 7296 §2.19, §3.15) of IKE_AUTH: a client gets an inner address from its gateway, and
// is told of the network behind it. The first Child SA is made of the address in the same exchange, so the client
// offers whichever address of its own, and the gateway narrows that to what it gives.
//
//   client   CP(CFG_REQUEST) …  -->
//            <--  CP(CFG_REPLY) …                         and the Child SA
//            or:  N(INTERNAL_ADDRESS_FAILURE)             in their place: no address is left
//            or:  N(FAILED_CP_REQUIRED)                   to a client that asks for none
//
// Later on an INFORMATIONAL request may ask as well.
#pragma once

#include "ike/core/environment.h"
#include "ike/v2/ike_sa.h"
#include "policy/network_config.h"
#include "wire/ikev2/cp_payload.h"
#include "wire/ikev2/payload.h"

namespace sallyport::ike::v2 {

using CfgAttributes = std::vector<wire::ikev2::CfgAttribute>;

/// What attributes say that we understand. Nonsense in one is passed over; of what comes without end, a bounded part is
/// taken.
policy::NetworkConfig read_configuration(const CfgAttributes& attributes);
CfgAttributes write_configuration(const policy::NetworkConfig& config);

// ---- The client ----

/// Its wishes: as configured, and where that leaves it open, the addresses that it had last.
wire::ikev2::CpPayload build_configuration_request(const policy::Connection& connection, const ClientMemory& memory);
/// What it takes of the answer: one address of each family that it has asked for. nullopt: it got none.
std::optional<policy::NetworkConfig> take_configuration(const policy::Connection& connection,
                                                        const wire::ikev2::PayloadChain& answer);

// ---- The gateway ----

/// The request for configuration among the payloads; nullptr: none.
const wire::ikev2::CpPayload* find_configuration_request(const wire::ikev2::PayloadChain& request);

struct Configuration {
  wire::ikev2::CpPayload reply;
  std::optional<policy::NetworkConfig> given;  // leased; nullopt: no address is asked for
};
/// Leases what the client asks for to `client`, who it has proved to be. `begins_anew`: it has no other IKE SA with us
/// any more, so the address that it left behind is free. An error: the pools have nothing left.
std::expected<Configuration, event::Failure> answer_configuration(const IkeSa& sa, const policy::Connection& connection,
                                                                  const policy::Identity& client,
                                                                  const wire::ikev2::CpPayload& request,
                                                                  bool begins_anew, Environment& env);
/// Whom an address is leased to.
std::string lease_name(const policy::Identity& client);

// ---- Selectors ----

/// What selectors are made of beside the configuration.
struct Hosts {
  std::vector<policy::AddressRange> own, peers;  // that "dynamic" stands for at either end
  const policy::NetworkConfig* given = nullptr;  // a client's, whose split networks are all that it reaches
};
/// Inner addresses where there are some. While a client waits for its own, that is any; a peer that should have asked
/// for one and has not is nobody.
Hosts hosts_of(const IkeSa& sa, const policy::Connection& connection, const policy::NetworkConfig* given);
policy::TrafficSelectors local_selectors(const policy::Child& child, const Hosts& hosts);
policy::TrafficSelectors remote_selectors(const policy::Child& child, const Hosts& hosts);

/// The payload in words, for the ladder.
std::string describe_configuration(const wire::ikev2::CpPayload& payload);

}  // namespace sallyport::ike::v2
