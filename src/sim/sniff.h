// What somebody who sees a packet on the wire can tell without keys: IKE and which message, ESP or AH and which SPI, a
// NAT keepalive. For attackers who choose their victims, for checks, and for the timeline.
#pragma once

#include <optional>
#include <string>

#include "sim/packet.h"
#include "wire/ike_header.h"
#include "wire/ikev2/numbers.h"

namespace sallyport::sim {

struct Sniffed {
  enum class Kind : std::uint8_t {
    not_ip,
    ike,
    esp,
    ah,
    keepalive,
    other
  };
  Kind kind = Kind::not_ip;
  policy::Endpoint source;  // port 0 where the protocol has none
  policy::Endpoint destination;
  wire::IpProtocol protocol{};
  bool udp_encap = false;  // on port 4500
  std::size_t size = 0;    // octets of the whole packet
  ByteView content;        // the IKE message, ESP from its SPI on, AH, else what UDP or IP carries
  wire::IkeHeader ike;     // kind ike
  std::uint32_t spi = 0;   // kinds esp and ah
  std::uint32_t sequence = 0;

  bool is_ike(wire::ikev2::ExchangeType exchange, bool response) const;
};
/// Ports 500 and 4500 are looked for at either end. The views are of `packet`.
Sniffed sniff(ByteView packet);

/// One line: "192.0.2.1:500 > 192.0.2.2:500  IKE_SA_INIT request, id 0, 432 octets".
std::string to_string(const Sniffed& sniffed);

}  // namespace sallyport::sim
