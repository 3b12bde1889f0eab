#include "linux/ah_packet.h"

#include <netinet/in.h>
#include <netinet/ip.h>

#include <algorithm>
#include <array>
#include <optional>

#include "wire/ip_header.h"

namespace sallyport::linux {
namespace {

constexpr int kIpv6HeaderIncluded = 36;  // IPV6_HDRINCL, which <netinet/in.h> of some releases lacks

bool switch_on(int fd, int level, int option) {
  const int on = 1;
  return setsockopt(fd, level, option, &on, sizeof on) == 0;
}

/// The next header value of the extension header that a control message holds; nullopt: it holds none.
std::optional<std::uint8_t> extension_header(const cmsghdr& header) {
  if (header.cmsg_level != IPPROTO_IPV6) return std::nullopt;
  switch (header.cmsg_type) {
    case IPV6_HOPOPTS: return IPPROTO_HOPOPTS;
    case IPV6_RTHDR: return IPPROTO_ROUTING;
    case IPV6_DSTOPTS:
    case IPV6_RTHDRDSTOPTS: return IPPROTO_DSTOPTS;
    default: return std::nullopt;
  }
}

struct ExtensionHeaders {
  std::array<std::uint8_t, sizeof(ControlRoom)> octets;
  std::size_t size = 0;
  std::uint8_t first = IPPROTO_AH;
};
/// As they were on the wire: the kernel tells them in that order, each as it is. nullopt: more than there is room for,
/// or they do not follow each other up to AH.
std::optional<ExtensionHeaders> read_extension_headers(msghdr& message) {
  if ((message.msg_flags & MSG_CTRUNC) != 0) return std::nullopt;
  ExtensionHeaders found;
  std::uint8_t* next = &found.first;
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
    const auto kind = extension_header(*header);
    if (!kind) continue;
    const ByteView octets(CMSG_DATA(header), header->cmsg_len - CMSG_LEN(0));
    if (octets.size() < 8 || octets.size() % 8 != 0 || octets.size() > found.octets.size() - found.size)
      return std::nullopt;
    *next = *kind;
    next = &found.octets[found.size];
    std::ranges::copy(octets, next);
    found.size += octets.size();
  }
  if (*next != IPPROTO_AH) return std::nullopt;
  return found;
}

}  // namespace

bool prepare_for_ah(int fd, policy::Family family) {
  if (family == policy::Family::ipv4) return switch_on(fd, IPPROTO_IP, IP_HDRINCL);
  return switch_on(fd, IPPROTO_IPV6, kIpv6HeaderIncluded) && switch_on(fd, IPPROTO_IPV6, IPV6_RECVHOPOPTS) &&
         switch_on(fd, IPPROTO_IPV6, IPV6_RECVRTHDR) && switch_on(fd, IPPROTO_IPV6, IPV6_RECVDSTOPTS);
}

bool restore_ipv6_header(msghdr& message, ReceivedPacket& packet) {
  const auto extensions = read_extension_headers(message);
  if (!extensions || packet.local.address.is_unspecified()) return false;
  const ByteView ah = packet.bytes.subspan(kAhHeadroom);
  if (ah.size() + extensions->size > 0xffff) return false;
  packet.bytes = packet.bytes.subspan(kAhHeadroom - extensions->size - wire::ipv6_header_size);
  wire::Ipv6Header header{.traffic_class = packet.traffic_class,
                          .payload_length = static_cast<std::uint16_t>(ah.size() + extensions->size),
                          .next_header = wire::IpProtocol{extensions->first},
                          .hop_limit = packet.hop_limit};
  std::ranges::copy(packet.remote.address.bytes(), header.source.begin());
  std::ranges::copy(packet.local.address.bytes(), header.destination.begin());
  wire::write_ipv6_header(packet.bytes.data(), header);
  std::ranges::copy(ByteView(extensions->octets).first(extensions->size),
                    packet.bytes.begin() + wire::ipv6_header_size);
  return true;
}

}  // namespace sallyport::linux
