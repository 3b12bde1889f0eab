// Everything that a worker does with packets, from bytes. The first octet chooses what they are; then come packets,
// each with two octets of length and one of traffic class in front:
//
//   bits 0-1  0: ESP from anybody. Nothing of it may ever be delivered.
//             1: the text of ESP packets, trailer included, from a peer that has the keys and means no good.
//             2: clear packets from the TUN with a virtio header in front; what is sent is received again.
//   bit 2     transport mode     bit 3  IPv6 outside     bit 4  behind a NAT     bit 5  no anti-replay window
//   bit 6     compression, with the CPI 301 for what comes in      bit 7  fragments before ESP, and a narrow path
#include "base/check.h"
#include "base/reader.h"
#include "crypto/openssl/packet_cipher_openssl.h"
#include "datapath/esp.h"
#include "datapath/segmentation.h"
#include "datapath/selectors.h"
#include "datapath/test_support.h"

namespace {

using namespace sallyport;
using namespace sallyport::datapath;

enum class Kind : std::uint8_t {
  from_anybody,
  from_peer,
  from_tun
};

struct Input {
  Kind kind;
  policy::ChildSaSpec here;
  struct Piece {
    std::uint8_t traffic_class;
    Bytes octets;
  };
  std::vector<Piece> pieces;
};

Result<Input> read_input(Reader reader) {
  const std::uint8_t flags = TRY(reader.u8());
  const bool v6 = (flags & 8) != 0;
  test::ChildSa sa{.mode = (flags & 4) != 0 ? policy::Mode::transport : policy::Mode::tunnel};
  if (v6) sa.here = "2001:db8::1", sa.there = "2001:db8::2";
  if (sa.mode == policy::Mode::transport) sa.local_ts = sa.here, sa.remote_ts = sa.there;
  Input input{.kind = static_cast<Kind>(flags % 4 % 3), .here = test::spec_here(sa), .pieces = {}};
  if (sa.mode == policy::Mode::tunnel) {
    input.here.local_ts.push_back(test::selectors("fd01::/64")[0]);
    input.here.remote_ts.push_back(test::selectors("fd02::/64[tcp]")[0]);
  }
  input.here.nat_local = (flags & 16) != 0;
  if ((flags & 32) != 0) input.here.replay_window = 0;
  if ((flags & 64) != 0) input.here.ipcomp = {300, 301};
  input.here.fragment_before = (flags & 128) != 0;
  while (reader.remaining() >= 3 && input.pieces.size() < 200) {
    const std::size_t size = TRY(reader.u16());
    const std::uint8_t traffic_class = TRY(reader.u8());
    const ByteView octets = TRY(reader.bytes(std::min(size, reader.remaining())));
    input.pieces.push_back({traffic_class, to_bytes(octets)});
  }
  return input;
}

// ESP that is right in all but what is inside.
Bytes sealed(crypto::PacketCipher& cipher, const EspLayout& layout, std::uint32_t spi, std::uint64_t sequence,
             ByteView text) {
  const std::size_t text_size =
      std::max<std::size_t>(1, (text.size() + layout.alignment - 1) / layout.alignment) * layout.alignment;
  Bytes packet(layout.head + text_size + layout.icv);
  wire::write_esp_header(packet.data(), {spi, static_cast<std::uint32_t>(sequence)});
  // The trailer is the end of the text: what is too short is filled up in front.
  std::ranges::copy(text, packet.begin() + static_cast<std::ptrdiff_t>(layout.head + text_size - text.size()));
  crypto::PacketJob job;
  ASSERT(layout.prepare_open(packet, sequence, job));
  cipher.seal({&job, 1});
  return packet;
}

void check_deliveries(const Verdicts& out, const policy::ChildSaSpec& receiver) {
  const SelectorPair selectors(receiver.local_ts, receiver.remote_ts);
  for (const Deliver& deliver : out.deliveries) {
    const Bytes octets = deliver.to_bytes();
    ASSERT(octets.size() == deliver.size());
    const auto ip = wire::IpPacket::parse(octets);
    ASSERT(ip && ip->octets().size() == octets.size());
    const FlowKey key = FlowKey::of(*ip);
    const auto quoted = FlowKey::quoted_by(*ip);
    ASSERT(selectors.matches_inbound(key) || (quoted && selectors.matches_outbound(*quoted)));
    ASSERT(!deliver.offload.is_super_frame() || Segmenter::of(*ip, deliver.offload));
  }
}

void receive(Worker& worker, std::vector<Datagram> datagrams, const policy::ChildSaSpec& spec, Kind kind) {
  const Counters before = worker.counters();
  Verdicts out;
  worker.inbound(Instant{}, datagrams, out);
  const Counters& after = worker.counters();
  std::size_t packets = 0;
  for (const Datagram& datagram : datagrams)
    packets +=
        datagram.segment_size == 0 ? 1 : (datagram.bytes.size() + datagram.segment_size - 1u) / datagram.segment_size;
  // Each packet ends in one way, and is counted.
  ASSERT(after.inbound.packets - before.inbound.packets + after.dummies - before.dummies + after.drops.total() -
             before.drops.total() ==
         packets);
  ASSERT(out.drops.size() == after.drops.total() - before.drops.total());
  ASSERT(kind != Kind::from_anybody || out.deliveries.empty());
  check_deliveries(out, spec);
}

void run(Input input) {
  const auto ciphers = crypto::make_openssl_factory();
  SeededRandom random(1);
  const Settings settings{.flow_cache_size = 16, .join = {.tcp = true, .udp = true}};
  Worker here(*ciphers, random, settings), there(*ciphers, random, settings);
  const policy::ChildSaSpec there_spec = test::mirrored(input.here);
  here.set_policy(test::spd_for(input.here));
  ASSERT(here.install(input.here) && there.install(there_spec));
  if (input.here.fragment_before) here.set_path_mtu(input.here.id, 1280);

  if (input.kind == Kind::from_tun) {
    std::vector<Packet> packets;
    for (auto& piece : input.pieces) {
      const auto offload = parse_offload(piece.octets);
      if (offload) packets.push_back({.bytes = ByteSpan(piece.octets).subspan(offload_size), .offload = *offload});
    }
    Verdicts out;
    here.outbound(Instant{}, packets, out);
    for (const auto grouping : {test::Wire::Grouping::trains, test::Wire::Grouping::packets}) {
      test::Wire wire(out.sends, grouping);
      const auto datagrams = wire.datagrams();
      receive(there, {datagrams.begin(), datagrams.end()}, there_spec, input.kind);
      ASSERT(there.counters().drops[DropReason::integrity] == 0 &&
             there.counters().drops[DropReason::malformed_esp] == 0);
    }
    return;
  }
  const auto cipher = ciphers->make({.encryption = there_spec.suite.encryption,
                                     .encryption_key = there_spec.inbound.encryption_key.view(),
                                     .integrity_key = {}});
  const EspLayout layout = EspLayout::of(**cipher);
  std::vector<Datagram> datagrams;
  std::uint64_t sequence = 0;
  for (auto& piece : input.pieces) {
    if (input.kind == Kind::from_peer)
      piece.octets = sealed(**cipher, layout, there_spec.inbound.spi, ++sequence, piece.octets);
    datagrams.push_back({.bytes = piece.octets,
                         .local = there_spec.local,
                         .remote = there_spec.remote,
                         .udp_encap = true,
                         .traffic_class = piece.traffic_class});
  }
  receive(there, std::move(datagrams), there_spec, input.kind);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (auto input = read_input(Reader({data, size}))) run(std::move(*input));
  return 0;
}
