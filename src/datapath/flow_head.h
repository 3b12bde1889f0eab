// FlowHead: what the headers of one flow's plain packets have in common, to be compared in a few instructions: packets
// of a flow come in runs, and what was found out about one is then known of the next. Plain is an IP header without
// options or extension headers, and no fragment.
#pragma once

#include <array>
#include <cstring>

#include "wire/ip.h"

namespace sallyport::datapath {

class FlowHead {
 public:
  /// No packet is like it.
  FlowHead() = default;
  /// Of a packet that is not plain, or too short to be compared: a head that no packet is like.
  static FlowHead of(const wire::IpPacket& packet);

  bool is_v6() const { return is_v6_; }
  std::uint8_t traffic_class() const { return traffic_class_; }

  /// The size of the IP packet at the start of `octets` if it has the same FlowKey, traffic class and DF, and is plain;
  /// 0: it has not, or is no whole packet.
  std::size_t size_if_like(ByteView octets) const {
    const std::uint8_t* at = octets.data();
    if (octets.size() < least_) return 0;
    std::uint64_t difference = differs(at, 0, 0) | differs(at, 8, 1) | differs(at, 16, 2);
    std::size_t size = 0;
    if (is_v6_) {
      difference |= differs(at, 24, 3) | differs(at, 32, 4) | differs(at, 36, 5);
      size = wire::ipv6_header_size + load_be16(at + 4);
    } else {
      size = load_be16(at + 2);
    }
    return difference == 0 && size >= least_ && size <= octets.size() ? size : 0;
  }

 private:
  static constexpr std::size_t none = SIZE_MAX;

  static std::uint64_t load(const std::uint8_t* at) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, sizeof word);
    return word;
  }
  std::uint64_t differs(const std::uint8_t* at, std::size_t offset, std::size_t index) const {
    return (load(at + offset) ^ words_[index]) & masks_[index];
  }

  /// Octets that are compared; so many must be there, in the packet too.
  std::size_t least_ = none;
  bool is_v6_ = false;
  std::uint8_t traffic_class_ = 0;
  std::array<std::uint64_t, 6> words_{}, masks_{};
};

}  // namespace sallyport::datapath
