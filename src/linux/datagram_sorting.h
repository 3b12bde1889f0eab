// IKE, ESP and keepalives share UDP port 4500 (RFC 3948 §2): telling them apart, in a train of datagrams, too, which
// holds those of one sender, but not of one kind.
#pragma once

#include <algorithm>

#include "datapath/verdicts.h"
#include "linux/packet_socket.h"
#include "wire/udp_encap.h"

namespace sallyport::linux {

/// A run of ESP packets out of what was received, as the datapath takes it.
inline datapath::Datagram to_esp(const ReceivedPacket& packet, ByteSpan run) {
  return {.bytes = run,
          .segment_size = packet.segment_size >= run.size() ? std::uint16_t{0} : packet.segment_size,
          .local = packet.local,
          .remote = packet.remote,
          .udp_encap = packet.local.port != 0,
          .traffic_class = packet.traffic_class,
          .hop_limit = packet.hop_limit};
}

/// What was neither IKE nor ESP.
struct SortedOut {
  std::uint64_t malformed = 0;
  std::uint64_t keepalives = 0;
};

/// Calls `on_esp` for each run of ESP packets, as it lies, and `on_ike` for each message, without its marker; in their
/// order.
template <class OnEsp, class OnIke>
SortedOut sort_datagrams(const ReceivedPacket& packet, OnEsp on_esp, OnIke on_ike) {
  SortedOut others;
  const std::size_t step =
      packet.segment_size != 0 ? packet.segment_size : std::max<std::size_t>(packet.bytes.size(), 1);
  std::size_t esp_from = 0;
  const auto end_run = [&](std::size_t at) {
    if (at != esp_from) on_esp(packet.bytes.subspan(esp_from, at - esp_from));
  };
  for (std::size_t at = 0; at < packet.bytes.size(); at += step) {
    const ByteSpan datagram = packet.bytes.subspan(at, std::min(step, packet.bytes.size() - at));
    const auto encap = wire::classify_udp_encap(datagram);
    if (encap.kind == wire::UdpEncapKind::esp) continue;
    end_run(at);
    esp_from = at + datagram.size();
    if (encap.kind == wire::UdpEncapKind::ike)
      on_ike(encap.content);
    else if (encap.kind == wire::UdpEncapKind::keepalive)
      ++others.keepalives;
    else
      ++others.malformed;
  }
  end_run(packet.bytes.size());
  return others;
}

/// Calls `on_part` with each run of a train of ESP whose SPIs are of one worker's share: (share, part).
template <class OnPart>
void for_each_share(const datapath::Datagram& train, std::uint32_t workers, OnPart on_part) {
  const std::size_t step = train.segment_size != 0 ? train.segment_size : train.bytes.size();
  const auto share_at = [&](std::size_t at) {
    // What is too short for an SPI is counted wherever it comes.
    return at + 4 <= train.bytes.size() ? policy::share_of(load_be32(&train.bytes[at]), workers) : 0;
  };
  for (std::size_t from = 0, to = 0; from < train.bytes.size(); from = to) {
    const std::uint32_t share = share_at(from);
    do to += step;
    while (to < train.bytes.size() && share_at(to) == share);
    to = std::min(to, train.bytes.size());
    datapath::Datagram part = train;
    part.bytes = train.bytes.subspan(from, to - from);
    if (part.bytes.size() <= step) part.segment_size = 0;
    on_part(share, part);
  }
}

}  // namespace sallyport::linux
