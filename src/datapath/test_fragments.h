// For the tests and the fuzz target of reassembly: fragments, and a reassembler that is simple, slow and without
// bounds.
#pragma once

#include <map>
#include <vector>

#include "wire/ip_header.h"

namespace sallyport::datapath::test {

/// Between two hosts, of one datagram of each id and family.
struct Fragment {
  bool v6 = false;
  std::uint16_t id = 1;
  std::size_t offset = 0;  // octets, a multiple of 8
  bool more = true;
  Bytes content;
};

inline Bytes build_fragment(const Fragment& fragment) {
  if (!fragment.v6) {
    Bytes packet(wire::ipv4_header_size);
    wire::write_ipv4_header(packet.data(),
                            {.total_length = static_cast<std::uint16_t>(packet.size() + fragment.content.size()),
                             .id = fragment.id,
                             .more_fragments = fragment.more,
                             .fragment_offset = static_cast<std::uint16_t>(fragment.offset),
                             .protocol = wire::IpProtocol::udp,
                             .source = {10, 1, 0, 1},
                             .destination = {10, 2, 0, 1}});
    append(packet, fragment.content);
    return packet;
  }
  Bytes packet(wire::ipv6_header_size + 16);
  wire::Ipv6Header header{.payload_length = static_cast<std::uint16_t>(16 + fragment.content.size()),
                          .next_header = wire::IpProtocol::destination_options};
  header.source[15] = 1;
  header.destination[15] = 2;
  wire::write_ipv6_header(packet.data(), header);
  std::uint8_t* options = &packet[wire::ipv6_header_size];
  options[0] = static_cast<std::uint8_t>(wire::IpProtocol::fragment);
  options[2] = 1;  // PadN
  options[3] = 4;
  options[8] = static_cast<std::uint8_t>(wire::IpProtocol::udp);
  store_be16(options + 10, static_cast<std::uint16_t>(fragment.offset | (fragment.more ? 1u : 0u)));
  store_be32(options + 12, fragment.id);
  append(packet, fragment.content);
  return packet;
}

/// What the fragments were cut from: like build_fragment(), without a trace of fragmentation.
inline Bytes build_whole(bool v6, std::uint16_t id, ByteView content) {
  Bytes packet = build_fragment({.v6 = v6, .id = id, .more = false, .content = {}});
  if (v6) {
    packet.resize(packet.size() - 8);
    packet[wire::ipv6_header_size] = static_cast<std::uint8_t>(wire::IpProtocol::udp);
  }
  append(packet, content);
  wire::set_packet_size(packet.data(), packet.size());
  return packet;
}

class NaiveReassembler {
 public:
  struct Taken {
    std::optional<Bytes> whole;
    std::size_t lost = 0;
  };

  /// By looking at each octet.
  Taken add(const Fragment& fragment) {
    Datagram& datagram = datagrams_[{fragment.v6, fragment.id}];
    if (datagram.spoiled) return {{}, 1};
    for (const Fragment& known : datagram.fragments)
      if (known.offset == fragment.offset && known.content == fragment.content) return {{}, 1};
    datagram.fragments.push_back(fragment);
    const auto joined = join(datagram);
    if (joined == Outcome::wrong) {
      datagram.spoiled = true;
      return {{}, datagram.fragments.size()};
    }
    if (joined == Outcome::incomplete) return {};
    Taken taken{build_whole(fragment.v6, fragment.id, octets_), 0};
    datagrams_.erase({fragment.v6, fragment.id});
    return taken;
  }

 private:
  enum class Outcome : std::uint8_t {
    incomplete,
    complete,
    wrong
  };
  struct Datagram {
    std::vector<Fragment> fragments;
    bool spoiled = false;
  };

  Outcome join(const Datagram& datagram) {
    std::vector<int> count(131072);
    Bytes octets(count.size());
    std::size_t last = 0;  // fragments that say so
    std::optional<std::size_t> end;
    std::size_t reach = 0;
    for (const Fragment& fragment : datagram.fragments) {
      if (fragment.content.empty() || (fragment.more && fragment.content.size() % 8 != 0)) return Outcome::wrong;
      for (std::size_t i = 0; i < fragment.content.size(); ++i) {
        if (++count[fragment.offset + i] > 1) return Outcome::wrong;
        octets[fragment.offset + i] = fragment.content[i];
      }
      reach = std::max(reach, fragment.offset + fragment.content.size());
      if (fragment.more) continue;
      ++last;
      end = fragment.offset + fragment.content.size();
    }
    if (reach > 65535 || last > 1 || (end && reach > *end)) return Outcome::wrong;
    if (!end) return Outcome::incomplete;
    for (std::size_t i = 0; i < *end; ++i)
      if (count[i] == 0) return Outcome::incomplete;
    octets.resize(*end);
    octets_ = octets;
    return Outcome::complete;
  }

  std::map<std::pair<bool, std::uint16_t>, Datagram> datagrams_;
  Bytes octets_;
};

}  // namespace sallyport::datapath::test
