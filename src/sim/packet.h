// IP packets as devices of the simulated world handle them: built whole, with right checksums, and taken apart with the
// checks that a host's IP and UDP make. The formats themselves are wire/ip.h's. Nothing in this world fragments.
#pragma once

#include <optional>

#include "base/bytes.h"
#include "policy/address.h"
#include "wire/ip.h"

namespace sallyport::sim {

/// What an IP header says, lengths and checksums aside.
struct IpFields {
  policy::IpAddress source;
  policy::IpAddress destination;
  wire::IpProtocol protocol{};
  std::uint8_t traffic_class = 0;
  std::uint8_t hop_limit = 64;
  bool dont_fragment = false;  // of IPv4; IPv6 has no other way
};

struct IpView {
  IpFields fields;
  ByteView payload;  // of the packet that was parsed
};
/// Nullopt for what neither host nor router would look at: no IP, a wrong header checksum, lengths that do not fit,
/// more octets than the header says, or a fragment.
std::optional<IpView> parse_ip(ByteView packet);
/// Both addresses of one family; header and payload together at most 65535 octets.
Bytes build_ip(const IpFields& fields, ByteView payload);

struct UdpView {
  IpFields fields;
  policy::Endpoint source;
  policy::Endpoint destination;
  ByteView payload;  // of the packet that was parsed
};
/// Nullopt for what is not UDP, contradicts its lengths, or has a wrong checksum (none at all is right over IPv4).
std::optional<UdpView> parse_udp(ByteView packet);
/// `fields` gives what endpoints do not say: traffic class, hop limit, DF.
Bytes build_udp(const policy::Endpoint& source, const policy::Endpoint& destination, ByteView payload,
                const IpFields& fields = {});

/// Where in the packet the bytes begin that belong to neither IP nor UDP; nullopt for what parse_ip() refuses.
std::optional<std::size_t> content_offset(ByteView packet);
/// After a change behind content_offset(): sets the packet's and UDP's lengths and checksums accordingly.
void mend(Bytes& packet);
/// What a router does to a packet that parse_ip() takes and that may go another hop.
void count_hop(Bytes& packet);

}  // namespace sallyport::sim
