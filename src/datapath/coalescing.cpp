#include "datapath/coalescing.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "datapath/checksum.h"
#include "wire/ip_header.h"

namespace sallyport::datapath {
namespace {

constexpr std::uint8_t tcp_ack = 0x10, tcp_push = 0x08;
constexpr std::size_t largest_super_frame = 65535;

bool has_valid_checksums(const wire::IpPacket& ip) {
  if (!ip.has_valid_header_checksum()) return false;
  wire::ChecksumSum sum = wire::pseudo_header_sum(ip.source(), ip.destination(), ip.protocol(), ip.payload().size());
  add_octets(sum, ip.payload());
  return sum.is_valid();
}

bool same(const std::uint8_t* a, const std::uint8_t* b, std::size_t offset, std::size_t size) {
  return std::memcmp(a + offset, b + offset, size) == 0;
}

// What a cut makes of the first header must be what the packet has: traffic class, hop limit, DF, flow label, and an
// IPv4 identification that counts up, or means nothing (RFC 6864 §4.1).
bool same_ip_header(const std::uint8_t* first, const std::uint8_t* next, std::size_t index) {
  if (!wire::is_ipv4_header(first)) return same(first, next, 0, 4) && first[7] == next[7];
  const bool dont_fragment = (first[6] & 0x40) != 0;
  const auto expected_id = static_cast<std::uint16_t>(load_be16(first + 4) + index);
  return first[1] == next[1] && first[6] == next[6] && first[8] == next[8] &&
         (dont_fragment || load_be16(next + 4) == expected_id);
}

// Acknowledgement, header length, window, urgent pointer and options; flags but for PSH; the sequence number goes on.
bool continues_tcp(const std::uint8_t* first, const std::uint8_t* next, std::size_t header, std::size_t payload) {
  return load_be32(next + 4) == static_cast<std::uint32_t>(load_be32(first + 4) + payload) && same(first, next, 8, 5) &&
         same(first, next, 14, 2) && same(first, next, 18, header - 18);
}

}  // namespace

Coalescer::Coalescer(Settings::Join join) : join_(join) { std::iota(order_.begin(), order_.end(), std::uint8_t{0}); }

void Coalescer::begin_burst(std::size_t packets, std::vector<Deliver>& deliveries) {
  pieces_.clear();
  pieces_.reserve(packets);  // deliveries keep views of it: it must not move while it fills
  deliveries_ = &deliveries;
}

std::optional<std::size_t> Coalescer::joinable(const wire::IpPacket& ip) const {
  if (!joins(static_cast<std::uint8_t>(ip.protocol()))) return std::nullopt;
  const bool is_tcp = ip.protocol() == wire::IpProtocol::tcp;
  const std::size_t fixed = ip.is_v4() ? wire::ipv4_header_size : wire::ipv6_header_size;
  if (ip.is_fragment() || ip.payload_offset() != fixed) return std::nullopt;
  const ByteView transport = ip.payload();
  std::size_t header = wire::udp_header_size;
  if (is_tcp) {
    if (transport.size() < wire::tcp_header_size || (transport[13] & ~tcp_push) != tcp_ack) return std::nullopt;
    header = (transport[12] >> 4) * std::size_t{4};
    if (header < wire::tcp_header_size) return std::nullopt;
  } else if (transport.size() < header || load_be16(&transport[4]) != transport.size() ||
             load_be16(&transport[6]) == 0) {
    return std::nullopt;  // without a checksum it would be given one
  }
  if (transport.size() <= header || !has_valid_checksums(ip)) return std::nullopt;
  return fixed + header;
}

void Coalescer::add(policy::ChildSaId sa, ByteSpan octets, const wire::IpPacket& ip, const FlowKey& key) {
  const auto headers = joinable(ip);
  std::size_t place = 0;
  while (place < open_ && run_at(place).key != key) ++place;
  if (place < open_) {
    Run& run = run_at(place);
    if (headers && run.sa == sa && continues(run, octets, *headers)) {
      if (place != 0) to_front(place);
      return append(run, octets, *headers);
    }
    finish(place);
  }
  if (!headers) return pass_on(sa, octets);
  if (open_ == most_runs) finish(open_ - 1);
  to_front(open_++);
  start(run_at(0), sa, octets, ip, key, *headers);
}

/// What grew last is found first, and delivered last when there are too many.
void Coalescer::to_front(std::size_t place) {
  std::rotate(order_.begin(), order_.begin() + static_cast<std::ptrdiff_t>(place),
              order_.begin() + static_cast<std::ptrdiff_t>(place) + 1);
}

bool Coalescer::continues(const Run& run, ByteView octets, std::size_t headers) {
  const std::size_t payload = octets.size() - headers;
  if (run.is_closed || headers != run.headers || payload > run.segment_size || run.count >= most_segments ||
      run.headers + run.payload + payload > largest_super_frame)
    return false;
  if (!same_ip_header(run.first, octets.data(), run.count)) return false;
  return !run.is_tcp || continues_tcp(run.first + run.transport, octets.data() + run.transport,
                                      run.headers - std::size_t{run.transport}, run.payload);
}

void Coalescer::append(Run& run, ByteView octets, std::size_t headers) {
  const ByteView payload = octets.subspan(headers);
  run.pieces[run.count++] = payload;
  run.payload += payload.size();
  run.is_closed = payload.size() < run.segment_size;
  if (run.is_tcp && (octets[run.transport + 13u] & tcp_push) != 0) {
    run.first[run.transport + 13] |= tcp_push;  // a cut leaves it to the last segment
    run.is_closed = true;
  }
}

void Coalescer::start(Run& run, policy::ChildSaId sa, ByteSpan octets, const wire::IpPacket& ip, const FlowKey& key,
                      std::size_t headers) {
  run.key = key;
  run.sa = sa;
  run.first = octets.data();
  run.transport = static_cast<std::uint16_t>(ip.payload_offset());
  run.headers = static_cast<std::uint16_t>(headers);
  run.is_tcp = ip.protocol() == wire::IpProtocol::tcp;
  run.segment_size = static_cast<std::uint16_t>(octets.size() - headers);
  run.payload = run.segment_size;
  run.is_closed = run.is_tcp && (ip.payload()[13] & tcp_push) != 0;
  run.count = 1;
  run.pieces[0] = octets;
}

void Coalescer::deliver(policy::ChildSaId sa, const Offload& offload, std::span<const ByteView> pieces) {
  ASSERT(pieces_.size() + pieces.size() <= pieces_.capacity());
  const std::size_t at = pieces_.size();
  pieces_.insert(pieces_.end(), pieces.begin(), pieces.end());
  deliveries_->push_back({.sa = sa, .offload = offload, .pieces = std::span(pieces_).subspan(at)});
}

void Coalescer::finish(std::size_t place) {
  deliver(run_at(place));
  --open_;
  std::rotate(order_.begin() + static_cast<std::ptrdiff_t>(place),
              order_.begin() + static_cast<std::ptrdiff_t>(place) + 1,
              order_.begin() + static_cast<std::ptrdiff_t>(open_) + 1);
}

void Coalescer::deliver(Run& run) {
  Offload offload;
  if (run.count > 1) {
    const bool v4 = wire::is_ipv4_header(run.first);
    offload = {.segments = !run.is_tcp ? Offload::Segments::udp
                           : v4        ? Offload::Segments::tcp4
                                       : Offload::Segments::tcp6,
               .needs_checksum = true,
               .header_size = run.headers,
               .segment_size = run.segment_size,
               .checksum_start = run.transport,
               .checksum_offset = static_cast<std::uint16_t>(run.is_tcp ? tcp_checksum : udp_checksum)};
    wire::set_packet_size(run.first, run.headers + run.payload);
    const std::size_t size = run.headers - std::size_t{run.transport} + run.payload;
    std::uint8_t* transport = run.first + run.transport;
    if (!run.is_tcp) store_be16(transport + 4, static_cast<std::uint16_t>(size));
    // The kernel, or a network card, adds the rest of the sum.
    const ByteView addresses(run.first + (v4 ? 12 : 8), v4 ? 8 : 32);
    wire::ChecksumSum sum;
    sum.add(addresses);
    sum.add_u16(run.key.protocol());
    sum.add_u16(static_cast<std::uint16_t>(size));
    store_be16(transport + offload.checksum_offset, sum.folded());
  }
  deliver(run.sa, offload, std::span(run.pieces).first(run.count));
}

void Coalescer::flush() {
  while (open_ != 0) finish(open_ - 1);  // the oldest first
}

}  // namespace sallyport::datapath
