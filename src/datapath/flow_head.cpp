#include "datapath/flow_head.h"

#include <algorithm>

namespace sallyport::datapath {
namespace {

constexpr std::array<std::size_t, 6> offsets = {0, 8, 16, 24, 32, 36};
constexpr std::size_t kHeadSize = 44;  // octets of a head

struct Mask {
  std::array<std::uint8_t, kHeadSize> octets{};

  void take(std::size_t at, std::size_t size) {
    std::fill_n(octets.begin() + static_cast<std::ptrdiff_t>(at), size, 0xff);
  }
};

/// Of the next layer's octets, how many the FlowKey is made of; nullopt: not all of them are among the first four.
std::optional<std::size_t> compared_of_payload(const wire::IpPacket& packet) {
  if (wire::ports(packet)) return 4;
  if (wire::icmp_type_code(packet)) return 2;
  if (wire::mobility_type(packet)) return std::nullopt;
  return 0;
}

}  // namespace

FlowHead FlowHead::of(const wire::IpPacket& packet) {
  const ByteView octets = packet.octets();
  const std::size_t fixed = packet.is_v4() ? wire::ipv4_header_size : wire::ipv6_header_size;
  const auto compared = compared_of_payload(packet);
  // What has a short payload has no ports, so that a longer packet may differ from it in its key.
  if (!compared || packet.payload_offset() != fixed || packet.is_fragment() || octets.size() < fixed + 4) return {};

  Mask mask;
  if (packet.is_v4()) {
    mask.take(0, 2);   // version and header length, traffic class
    mask.take(6, 2);   // fragments
    mask.take(9, 1);   // protocol
    mask.take(12, 8);  // addresses
  } else {
    mask.take(0, 1);  // version, traffic class
    mask.octets[1] = 0xf0;
    mask.take(6, 1);   // next header
    mask.take(8, 32);  // addresses
  }
  mask.take(fixed, *compared);

  FlowHead head;
  head.least_ = fixed + 4;
  head.is_v6_ = packet.is_v6();
  head.traffic_class_ = packet.traffic_class();
  for (std::size_t i = 0; i < offsets.size() && offsets[i] + 8 <= head.least_; ++i) {
    head.words_[i] = load(octets.data() + offsets[i]);
    head.masks_[i] = load(mask.octets.data() + offsets[i]);
  }
  return head;
}

}  // namespace sallyport::datapath
