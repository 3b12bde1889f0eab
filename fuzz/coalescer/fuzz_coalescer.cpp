// The coalescer: whatever packets come, joined and cut again they are the same, and those of a flow in the same order.
// The first octet says what the TUN takes (bit 0 TCP, bit 1 UDP); then each packet of up to 64 is made of eight octets:
//
//   0  flow (bits 0-2), IPv6 (bit 3), UDP (bit 4), DF (bit 5), jump in the sequence number (bit 6), same octets (bit 7)
//   1  TCP flags        2, 3  octets of payload        4  traffic class        5  hop limit
//   6, 7  where an octet is changed afterwards, and to what; 0: not at all
//
// Or the other way round, if the first octet is 0xff: fragments are put together, as one does that looks at each octet,
// and with narrow bounds, which hold. Each fragment of up to 64 is made of four octets:
//
//   0  datagram (bits 0-1), IPv6 (bit 2), the last one (bit 3), other octets (bit 4)   1  offset, in eights
//   2, 3  octets of content
#include <map>

#include "base/check.h"
#include "base/reader.h"
#include "datapath/coalescing.h"
#include "datapath/reassembly.h"
#include "datapath/segmentation.h"
#include "datapath/test_fragments.h"
#include "datapath/test_support.h"
#include "wire/ip_header.h"

namespace {

using namespace sallyport;
using namespace sallyport::datapath;

struct Maker {
  std::uint32_t sequences[8][2] = {};

  Bytes make(Reader& reader) {
    const ByteView octets = *reader.bytes(8);
    const bool v6 = (octets[0] & 8) != 0, udp = (octets[0] & 16) != 0;
    const std::size_t flow = octets[0] & 7u;
    const std::size_t headers = (v6 ? 40u : 20u) + (udp ? 8u : 20u);
    const std::size_t payload = load_be16(&octets[2]) % 1500u;
    std::uint32_t& sequence = sequences[flow][v6];
    if ((octets[0] & 64) != 0) sequence += octets[5];
    Bytes packet = test::build({.source = v6 ? "fd01::1" : "10.1.0.1",
                                .destination = v6 ? "fd02::1" : "10.2.0.1",
                                .protocol = udp ? wire::IpProtocol::udp : wire::IpProtocol::tcp,
                                .source_port = static_cast<std::uint16_t>(flow),
                                .size = headers + payload,
                                .traffic_class = octets[4],
                                .hop_limit = octets[5],
                                .dont_fragment = (octets[0] & 32) != 0,
                                .tcp_flags = octets[1],
                                .tcp_sequence = sequence,
                                .fill = (octets[0] & 128) != 0 ? std::uint8_t{0} : octets[3]});
    sequence += static_cast<std::uint32_t>(payload);
    if (octets[6] != 0) packet[octets[6] % packet.size()] = octets[7];
    return packet;
  }
};

/// As the kernel does with what it is given.
std::vector<Bytes> cut(const Deliver& deliver) {
  Bytes frame = deliver.to_bytes();
  if (!deliver.offload.is_super_frame()) {
    if (deliver.offload.needs_checksum) ASSERT(finish_checksum(frame, deliver.offload).has_value());
    return {frame};
  }
  const auto ip = wire::IpPacket::parse(frame);
  ASSERT(ip.has_value());
  auto segmenter = Segmenter::of(*ip, deliver.offload);
  ASSERT(segmenter.has_value());
  std::vector<Bytes> packets;
  while (!segmenter->is_done()) {
    Bytes& packet = packets.emplace_back(segmenter->next_size());
    segmenter->write_next(packet.data(), 0);
  }
  return packets;
}

/// Where fragmentation is forbidden an identification means nothing, and a cut counts it up.
Bytes without_identification(Bytes packet) {
  if (packet[0] >> 4 != 4 || (packet[6] & 0x40) == 0) return packet;
  store_be16(&packet[4], 0);
  store_be16(&packet[10], 0);
  return packet;
}

/// Those of each flow in the order in which they came.
std::map<std::array<std::uint64_t, 5>, std::vector<Bytes>> by_flow(std::vector<Bytes> packets) {
  std::map<std::array<std::uint64_t, 5>, std::vector<Bytes>> flows;
  for (Bytes& packet : packets) {
    const auto ip = wire::IpPacket::parse(packet);
    ASSERT(ip.has_value());
    flows[FlowKey::of(*ip).words()].push_back(std::move(packet));
  }
  return flows;
}

void put_together(Reader reader) {
  Reassembler wide({.bytes_total = 64 * 1024 * 1024}), narrow({.datagrams = 3, .fragments = 8, .bytes_total = 8000});
  test::NaiveReassembler naive;
  for (int i = 0; i < 64 && reader.remaining() >= 4; ++i) {
    const ByteView octets = *reader.bytes(4);
    const test::Fragment fragment{.v6 = (octets[0] & 4) != 0,
                                  .id = static_cast<std::uint16_t>(octets[0] & 3),
                                  .offset = octets[1] * std::size_t{8},
                                  .more = (octets[0] & 8) == 0,
                                  .content = Bytes(load_be16(&octets[2]) % 3000u, octets[0] & 16)};
    const Bytes packet = test::build_fragment(fragment);
    const auto ip = wire::IpPacket::parse(packet);
    ASSERT(ip.has_value());
    if (!ip->is_fragment()) continue;
    const auto taken = wide.add(Instant{Duration(i)}, *ip);
    const auto expected = naive.add(fragment);
    ASSERT(taken.whole == expected.whole && taken.lost == expected.lost);
    narrow.add(Instant{Duration(i)}, *ip);
    ASSERT(narrow.octets() <= 8000);
  }
  narrow.expire(Instant{Duration(64)});
  ASSERT(narrow.octets() == 0 && !narrow.since());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Reader reader({data, size});
  const auto flags = reader.u8();
  if (!flags) return 0;
  if (*flags == 0xff) {
    put_together(reader);
    return 0;
  }
  Maker maker;
  std::vector<Bytes> packets;
  while (reader.remaining() >= 8 && packets.size() < 64) {
    Bytes packet = maker.make(reader);
    const auto ip = wire::IpPacket::parse(packet);
    if (ip && ip->octets().size() == packet.size()) packets.push_back(std::move(packet));
  }
  std::vector<Bytes> expected = packets;  // the coalescer may change headers in place
  Coalescer coalescer({.tcp = (*flags & 1) != 0, .udp = (*flags & 2) != 0});
  std::vector<Deliver> deliveries;
  coalescer.begin_burst(packets.size(), deliveries);
  for (Bytes& packet : packets) {
    const auto ip = wire::IpPacket::parse(packet);
    coalescer.add({1}, packet, *ip, FlowKey::of(*ip));
  }
  coalescer.flush();

  std::vector<Bytes> passed;
  for (const Deliver& deliver : deliveries)
    for (Bytes& packet : cut(deliver)) passed.push_back(std::move(packet));
  ASSERT(passed.size() == expected.size());
  for (auto* list : {&passed, &expected})
    for (Bytes& packet : *list) packet = without_identification(std::move(packet));
  ASSERT(by_flow(std::move(passed)) == by_flow(std::move(expected)));
  return 0;
}
