// What a worker does with AH, from bytes. The first octet chooses what they are; then come packets, each with two
// octets of length in front:
//
//   bits 0-1  0: IP packets with AH from anybody. Nothing of it may ever be delivered.
//             1: IP packets with AH from a peer that has the keys and means no good: where there is an AH header, SPI,
//                sequence number and ICV are made right, and all else is as it stands.
//             2: clear packets from the TUN with a virtio header in front; what is sent is received again.
//   bit 2     transport mode     bit 3  IPv6 outside     bit 4  no anti-replay window     bit 5  another length of ICV
#include "base/check.h"
#include "base/reader.h"
#include "crypto/openssl/packet_cipher_openssl.h"
#include "crypto/openssl/provider_openssl.h"
#include "datapath/segmentation.h"
#include "datapath/selectors.h"
#include "datapath/test_support.h"
#include "wire/ah.h"

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
  std::vector<Bytes> pieces;
};

Result<Input> read_input(Reader reader) {
  const std::uint8_t flags = TRY(reader.u8());
  test::ChildSa sa{.proposal = (flags & 32) != 0 ? "sha512-noesn" : "sha256-noesn",
                   .protocol = policy::Protocol::ah,
                   .mode = (flags & 4) != 0 ? policy::Mode::transport : policy::Mode::tunnel,
                   .udp_encap = false};
  if ((flags & 8) != 0) sa.here = "2001:db8::1", sa.there = "2001:db8::2";
  if (sa.mode == policy::Mode::transport) sa.local_ts = sa.here, sa.remote_ts = sa.there;
  Input input{.kind = static_cast<Kind>(flags % 4 % 3), .here = test::spec_here(sa), .pieces = {}};
  if (sa.mode == policy::Mode::tunnel) {
    input.here.local_ts.push_back(test::selectors("fd01::/64")[0]);
    input.here.remote_ts.push_back(test::selectors("fd02::/64[tcp]")[0]);
  }
  if ((flags & 16) != 0) input.here.replay_window = 0;
  while (reader.remaining() >= 2 && input.pieces.size() < 200) {
    const std::size_t size = TRY(reader.u16());
    input.pieces.push_back(to_bytes(TRY(reader.bytes(std::min(size, reader.remaining())))));
  }
  return input;
}

/// Makes the ICV that the packet ought to have, by the letter of RFC 4302 §3.3.3 and with none of the datapath's code.
void authenticate(Bytes& packet, const policy::ChildSaSpec& receiver, std::uint32_t sequence) {
  static const auto provider = crypto::make_openssl_provider();
  const auto ip = wire::IpPacket::parse(packet);
  if (!ip) return;
  const auto at = static_cast<std::size_t>(ip->payload().data() - packet.data());
  const auto header = wire::read_ah_header(ip->payload());
  const std::size_t icv_size = crypto::icv_size(receiver.suite.integrity);
  if (!header || header->size < wire::ah_fixed_size + icv_size) return;
  store_be32(&packet[at + 4], receiver.inbound.spi);
  store_be32(&packet[at + 8], sequence);
  const ByteSpan icv = ByteSpan(packet).subspan(at + wire::ah_fixed_size, icv_size);
  std::ranges::fill(icv, std::uint8_t{0});
  Bytes covered = to_bytes(ip->octets());
  if (!wire::zero_mutable_fields(ByteSpan(covered).first(at))) return;
  const ByteView parts[] = {covered};
  provider->mac(receiver.suite.integrity, receiver.inbound.integrity_key.view(), parts, icv);
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

void receive(Worker& worker, std::vector<Bytes>& packets, const policy::ChildSaSpec& spec, Kind kind) {
  std::vector<Datagram> datagrams;
  for (Bytes& packet : packets)
    datagrams.push_back({.bytes = packet, .local = spec.local, .remote = spec.remote, .is_ah = true});
  const Counters before = worker.counters();
  Verdicts out;
  worker.inbound(Instant{}, datagrams, out);
  const Counters& after = worker.counters();
  // Each packet ends in one way, and is counted.
  ASSERT(after.inbound.packets - before.inbound.packets + after.dummies - before.dummies + after.drops.total() -
             before.drops.total() ==
         packets.size());
  ASSERT(out.drops.size() == after.drops.total() - before.drops.total());
  ASSERT(kind != Kind::from_anybody || out.deliveries.empty());
  check_deliveries(out, spec);
}

/// What the net carries to the other end; of a fragmented packet, nothing.
std::vector<Bytes> carried(const Verdicts& out) {
  std::vector<Bytes> packets;
  for (const Send& send : out.sends) {
    ASSERT(send.is_ah && !send.udp_encap);
    const auto ip = wire::IpPacket::parse(send.bytes);
    ASSERT(ip && ip->octets().size() == send.bytes.size());
    if (!ip->is_fragment()) packets.push_back(to_bytes(send.bytes));
  }
  return packets;
}

void run(Input input) {
  const auto ciphers = crypto::make_openssl_factory();
  SeededRandom random(1);
  const Settings settings{.flow_cache_size = 16, .join = {.tcp = true, .udp = true}};
  Worker here(*ciphers, random, settings), there(*ciphers, random, settings);
  const policy::ChildSaSpec there_spec = test::mirrored(input.here);
  here.set_policy(test::spd_for(input.here));
  ASSERT(here.install(input.here) && there.install(there_spec));

  if (input.kind == Kind::from_tun) {
    std::vector<Packet> packets;
    for (Bytes& piece : input.pieces)
      if (const auto offload = parse_offload(piece))
        packets.push_back({.bytes = ByteSpan(piece).subspan(offload_size), .offload = *offload});
    Verdicts out;
    here.outbound(Instant{}, packets, out);
    auto whole = carried(out);
    receive(there, whole, there_spec, input.kind);
    ASSERT(there.counters().drops[DropReason::integrity] == 0 && there.counters().drops[DropReason::malformed_ah] == 0);
    return;
  }
  std::uint32_t sequence = 0;
  if (input.kind == Kind::from_peer)
    for (Bytes& piece : input.pieces) authenticate(piece, there_spec, ++sequence);
  receive(there, input.pieces, there_spec, input.kind);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (auto input = read_input(Reader({data, size}))) run(std::move(*input));
  return 0;
}
