#include "datapath/test_support.h"

#include <stdexcept>

#include "crypto/packet/packet_ciphers.h"
#include "policy/selector.h"
#include "wire/ip_header.h"

namespace sallyport::datapath::test {
namespace {

template <class Parsed>
auto must(Parsed&& parsed, std::string_view what) {
  if (!parsed) throw std::invalid_argument(std::string(what));
  return *std::forward<Parsed>(parsed);
}

Secret key(std::uint64_t number, std::size_t size) {
  SeededRandom random(number);
  Secret secret(size);
  random.fill(secret.span());
  return secret;
}

policy::SaKeys keys(const policy::Suite& suite, std::uint32_t number) {
  return {.spi = 0x10000 + number,
          .encryption_key = key(number * 2ull, crypto::keying_size(suite.encryption)),
          .integrity_key = key(number * 2ull + 1, crypto::key_size(suite.integrity))};
}

void write_upper_header(const ClearPacket& packet, ByteSpan upper) {
  switch (packet.protocol) {
    case wire::IpProtocol::tcp:
      store_be32(&upper[4], packet.tcp_sequence);
      upper[12] = 5 << 4;
      upper[13] = packet.tcp_flags;
      store_be16(&upper[16], 0);
      break;
    case wire::IpProtocol::udp:
      store_be16(&upper[4], static_cast<std::uint16_t>(upper.size()));
      store_be16(&upper[6], 0);
      break;
    case wire::IpProtocol::icmp:
    case wire::IpProtocol::icmpv6:
      store_be16(&upper[0], packet.source_port);
      store_be16(&upper[2], 0);
      return;
    default: return;
  }
  store_be16(&upper[0], packet.source_port);
  store_be16(&upper[2], packet.destination_port);
}

void write_ip_header(const ClearPacket& packet, ByteSpan bytes) {
  const auto source = address(packet.source), destination = address(packet.destination);
  if (source.is_v6()) {
    wire::Ipv6Header header{.traffic_class = packet.traffic_class,
                            .payload_length = static_cast<std::uint16_t>(bytes.size() - wire::ipv6_header_size),
                            .next_header = packet.protocol,
                            .hop_limit = packet.hop_limit};
    std::ranges::copy(source.bytes(), header.source.begin());
    std::ranges::copy(destination.bytes(), header.destination.begin());
    wire::write_ipv6_header(bytes.data(), header);
    return;
  }
  wire::Ipv4Header header{.traffic_class = packet.traffic_class,
                          .total_length = static_cast<std::uint16_t>(bytes.size()),
                          .id = 77,
                          .dont_fragment = packet.dont_fragment,
                          .more_fragments = packet.more_fragments,
                          .fragment_offset = packet.fragment_offset,
                          .ttl = packet.hop_limit,
                          .protocol = packet.protocol};
  std::ranges::copy(source.bytes(), header.source.begin());
  std::ranges::copy(destination.bytes(), header.destination.begin());
  wire::write_ipv4_header(bytes.data(), header);
}

void write_checksum(Bytes& bytes, wire::IpProtocol protocol, std::size_t header_size) {
  const auto offset = wire::checksum_offset(protocol);
  const auto parsed = wire::IpPacket::parse(bytes);
  if (!offset || !parsed) return;
  wire::ChecksumSum sum;
  if (protocol != wire::IpProtocol::icmp)
    sum = wire::pseudo_header_sum(parsed->source(), parsed->destination(), protocol, bytes.size() - header_size);
  sum.add(ByteView(bytes).subspan(header_size));
  store_be16(&bytes[header_size + *offset], sum.checksum());
}

}  // namespace

std::unique_ptr<crypto::PacketCipherFactory> best_packet_ciphers() { return crypto::make_packet_ciphers(); }

policy::IpAddress address(std::string_view text) { return must(policy::IpAddress::parse(text), text); }

policy::TrafficSelectors selectors(std::string_view text) {
  return {must(policy::SelectorTemplate::parse(text), text).fixed};
}

Bytes build(const ClearPacket& packet) {
  Bytes bytes(packet.size);
  const std::size_t header_size = address(packet.source).is_v6() ? wire::ipv6_header_size : wire::ipv4_header_size;
  const std::size_t payload = header_size + (packet.protocol == wire::IpProtocol::tcp ? 20 : 8);
  for (std::size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<std::uint8_t>(i < payload ? i : packet.fill + i);
  write_ip_header(packet, bytes);
  if (packet.fragment_offset != 0) return bytes;
  write_upper_header(packet, ByteSpan(bytes).subspan(header_size));
  if (!packet.more_fragments) write_checksum(bytes, packet.protocol, header_size);
  return bytes;
}

policy::ChildSaSpec spec_here(const ChildSa& sa) {
  const auto proposal = must(policy::parse_proposal(sa.protocol, sa.proposal), sa.proposal);
  policy::Suite suite{.protocol = sa.protocol, .sequence_numbers = proposal.sequence_numbers.at(0)};
  if (!proposal.encryption.empty()) suite.encryption = proposal.encryption.at(0);
  if (!proposal.integrity.empty()) suite.integrity = proposal.integrity.at(0);
  const std::uint16_t port = sa.udp_encap ? 4500 : 0;
  policy::ChildSaSpec spec;
  spec.id = {sa.number};
  spec.ike_sa = {1};
  spec.connection = "office";
  spec.child = sa.child;
  spec.mode = sa.mode;
  spec.suite = suite;
  spec.inbound = keys(suite, 2 * sa.number);
  spec.outbound = keys(suite, 2 * sa.number + 1);
  spec.local = {address(sa.here), port};
  spec.remote = {address(sa.there), port};
  spec.udp_encap = sa.udp_encap;
  spec.local_ts = selectors(sa.local_ts);
  spec.remote_ts = selectors(sa.remote_ts);
  return spec;
}

policy::ChildSaSpec spec_there(const ChildSa& sa) { return mirrored(spec_here(sa)); }

policy::ChildSaSpec mirrored(const policy::ChildSaSpec& spec) {
  policy::ChildSaSpec other;
  other.id = spec.id;
  other.ike_sa = spec.ike_sa;
  other.connection = spec.connection;
  other.child = spec.child;
  other.mode = spec.mode;
  other.suite = spec.suite;
  other.inbound = spec.outbound.clone();
  other.outbound = spec.inbound.clone();
  if (const auto& ah = spec.bundled_ah)
    other.bundled_ah = policy::BundledAh{ah->suite, ah->outbound.clone(), ah->inbound.clone()};
  other.local = spec.remote;
  other.remote = spec.local;
  other.udp_encap = spec.udp_encap;
  other.nat_local = spec.nat_remote;
  other.nat_remote = spec.nat_local;
  other.local_ts = spec.remote_ts;
  other.remote_ts = spec.local_ts;
  other.replay_window = spec.replay_window;
  other.copy_df = spec.copy_df;
  other.copy_ecn = spec.copy_ecn;
  other.fragment_before = spec.fragment_before;
  if (spec.ipcomp) other.ipcomp = {spec.ipcomp->cpi_out, spec.ipcomp->cpi_in};
  return other;
}

policy::SpdPtr spd_for(const policy::ChildSaSpec& spec, bool on_demand) {
  policy::Spd spd;
  spd.entries.push_back({.id = {1},
                         .action = policy::SpdAction::protect,
                         .connection = spec.connection,
                         .child = spec.child,
                         .mode = spec.mode,
                         .on_demand = on_demand,
                         .local_ts = spec.local_ts,
                         .remote_ts = spec.remote_ts});
  return std::make_shared<const policy::Spd>(std::move(spd));
}

Wire::Wire(std::span<const Send> sends, Grouping grouping) {
  const auto add = [&](const Send& send, ByteView bytes, std::uint16_t segment_size) {
    datagrams_.push_back({.bytes = buffers_.emplace_back(sallyport::to_bytes(bytes)),
                          .segment_size = segment_size,
                          .local = send.remote,
                          .remote = send.local,
                          .udp_encap = send.udp_encap,
                          .is_ah = send.is_ah,
                          .traffic_class = send.traffic_class,
                          .hop_limit = send.hop_limit});
  };
  for (const Send& send : sends) {
    if (grouping == Grouping::trains) {
      add(send, send.bytes, send.segment_size);
    } else {
      for (std::size_t i = 0; i < send.packet_count(); ++i) add(send, send.packet(i), 0);
    }
  }
}

Pair::Pair(const ChildSa& sa, const Settings& settings) : Pair(spec_here(sa), settings) {}

Pair::Pair(const policy::ChildSaSpec& here_spec, const Settings& settings)
    : ciphers_(best_packet_ciphers()),
      here_(std::make_unique<Worker>(*ciphers_, random_, settings)),
      there_(std::make_unique<Worker>(*ciphers_, random_, settings)) {
  const auto there_spec = mirrored(here_spec);
  here_->set_policy(spd_for(here_spec));
  there_->set_policy(spd_for(there_spec));
  if (!here_->install(here_spec) || !there_->install(there_spec)) throw std::invalid_argument("SA not installed");
}

const Verdicts& Pair::send(std::vector<Bytes> clear) {
  clear_ = std::move(clear);
  std::vector<Packet> packets;
  for (Bytes& bytes : clear_) packets.push_back({.bytes = bytes, .offload = {}});
  return send(packets);
}

const Verdicts& Pair::send(std::span<const Packet> clear) {
  here_->outbound(now, clear, sent);
  return sent;
}

const Verdicts& Pair::receive(std::span<const Datagram> datagrams) {
  there_->inbound(now, datagrams, received);
  return received;
}

std::vector<Bytes> Pair::pass(std::vector<Bytes> clear) {
  Wire wire(send(std::move(clear)).sends);
  return delivered(receive(wire.datagrams()));
}

Bytes sent_by(Pair& pair, const ClearPacket& clear) {
  const Verdicts& out = pair.send({build(clear)});
  return out.sends.size() == 1 ? to_bytes(out.sends[0].bytes) : Bytes();
}

std::vector<Bytes> delivered(const Verdicts& verdicts) {
  std::vector<Bytes> packets;
  for (const Deliver& deliver : verdicts.deliveries) packets.push_back(deliver.to_bytes());
  return packets;
}

}  // namespace sallyport::datapath::test
