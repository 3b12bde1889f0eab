#include "datapath/reassembly.h"

#include <algorithm>

#include "wire/ip_header.h"

namespace sallyport::datapath {
namespace {

constexpr std::size_t fragment_header = 8;  // octets, IPv6
constexpr std::size_t largest_datagram = 65535;
/// What it takes to keep a fragment, or a datagram, beside its octets.
constexpr std::size_t bookkeeping = 128;

/// Octets in front of what was fragmented: IPv4's header, or what IPv6 has in front of its fragment header.
std::size_t headers_of(const wire::IpPacket& fragment) {
  return fragment.is_v4() ? fragment.header_size() : fragment.fragment_header_offset();
}

ByteView content_of(const wire::IpPacket& fragment) {
  return fragment.octets().subspan(headers_of(fragment) + (fragment.is_v6() ? fragment_header : 0));
}

/// Which octet of these headers says that a fragment header follows them.
std::size_t naming_octet(ByteView headers) {
  std::size_t field = 6;
  for (std::size_t at = wire::ipv6_header_size; at < headers.size(); at += (headers[at + 1] + std::size_t{1}) * 8)
    field = at;
  return field;
}

/// The headers of the whole; `kept` is what its first fragment had, in IPv6 with the fragment header.
Bytes headers_of_whole(ByteView kept, bool v6, std::size_t content) {
  if (!v6) {
    Bytes headers = to_bytes(kept);
    store_be16(&headers[2], static_cast<std::uint16_t>(headers.size() + content));
    store_be16(&headers[6], 0);
    store_be16(&headers[10], 0);
    store_be16(&headers[10], wire::internet_checksum(headers));
    return headers;
  }
  Bytes headers = to_bytes(kept.first(kept.size() - fragment_header));
  headers[naming_octet(headers)] = kept[headers.size()];
  store_be16(&headers[4], static_cast<std::uint16_t>(headers.size() - wire::ipv6_header_size + content));
  return headers;
}

}  // namespace

Reassembler::Key Reassembler::key_of(const wire::IpPacket& fragment) {
  const bool v6 = fragment.is_v6();
  return {.source = AddressNumber::of(fragment.source().data(), v6),
          .destination = AddressNumber::of(fragment.destination().data(), v6),
          .id = fragment.fragment_id(),
          .protocol = v6 ? std::uint8_t{0} : static_cast<std::uint8_t>(fragment.protocol()),
          .v6 = v6};
}

Reassembler::Taken Reassembler::add(Instant now, const wire::IpPacket& fragment) {
  Taken taken;
  const Key key = key_of(fragment);
  const ByteView content = content_of(fragment);
  const std::size_t offset = fragment.fragment_offset();
  const bool is_first = offset == 0;
  const std::size_t headers = is_first ? fragment.octets().size() - content.size() : 0;
  const std::size_t cost = content.size() + headers + bookkeeping;

  auto place = table_.find(key);
  if (place != table_.end() && place->second.spoiled) return {.whole = {}, .lost = 1};
  if (place == table_.end()) {
    taken.lost += make_room(cost + bookkeeping, key);
    if (cost + bookkeeping > limits_.bytes_total) return {.whole = {}, .lost = taken.lost + 1};
    place = table_.try_emplace(key, Incomplete{.since = now, .cost = bookkeeping}).first;
    cost_ += bookkeeping;
  } else {
    const auto same = place->second.pieces.find(static_cast<std::uint16_t>(offset));
    if (same != place->second.pieces.end() && std::ranges::equal(same->second, content))
      return {.whole = {}, .lost = 1};
    taken.lost += make_room(cost, key);
  }

  Incomplete& datagram = place->second;
  if (cost_ + cost > limits_.bytes_total || datagram.pieces.size() >= limits_.fragments ||
      !fits_in(datagram, offset, content, !fragment.more_fragments())) {
    taken.lost += spoil(datagram) + 1;
    return taken;
  }
  if (is_first) datagram.headers = to_bytes(fragment.octets().first(headers));
  if (!fragment.more_fragments()) datagram.end = offset + content.size();
  datagram.pieces.emplace(static_cast<std::uint16_t>(offset), to_bytes(content));
  datagram.octets += content.size();
  datagram.cost += cost;
  cost_ += cost;
  if (!datagram.end || datagram.octets != *datagram.end) return taken;

  // Pieces do not overlap and none lies beyond the end, so that none is missing.
  Bytes whole = headers_of_whole(datagram.headers, key.v6, datagram.octets);
  if (whole.size() + datagram.octets - (key.v6 ? wire::ipv6_header_size : 0) > largest_datagram) {
    taken.lost += spoil(datagram);
    return taken;
  }
  whole.reserve(whole.size() + datagram.octets);
  for (const auto& [at, piece] : datagram.pieces) append(whole, piece);
  taken.whole = std::move(whole);
  forget(place);
  return taken;
}

bool Reassembler::fits_in(const Incomplete& datagram, std::size_t offset, ByteView piece, bool is_last) const {
  const std::size_t end = offset + piece.size();
  if (piece.empty() || end > largest_datagram || (!is_last && piece.size() % 8 != 0)) return false;
  if (datagram.end && (is_last || end > *datagram.end)) return false;
  const auto next = datagram.pieces.lower_bound(static_cast<std::uint16_t>(offset));
  if (next != datagram.pieces.end() && (is_last || next->first < end)) return false;
  if (next == datagram.pieces.begin()) return true;
  const auto& [before, octets] = *std::prev(next);
  return before + octets.size() <= offset;
}

/// The oldest make room for what comes, but for the datagram that it is of.
std::size_t Reassembler::make_room(std::size_t wanted, const Key& keep) {
  std::size_t lost = 0;
  const bool is_new = !table_.contains(keep);
  while (cost_ + wanted > limits_.bytes_total || (is_new && table_.size() >= limits_.datagrams)) {
    auto oldest = table_.end();
    for (auto each = table_.begin(); each != table_.end(); ++each)
      if (each->first != keep && (oldest == table_.end() || each->second.since < oldest->second.since)) oldest = each;
    if (oldest == table_.end()) break;
    lost += forget(oldest);
  }
  return lost;
}

/// It is kept, without content, so that later fragments of it are known for what they are.
std::size_t Reassembler::spoil(Incomplete& datagram) {
  const std::size_t lost = datagram.pieces.size();
  datagram.spoiled = true;
  datagram.pieces.clear();
  datagram.headers = {};
  cost_ -= datagram.cost - bookkeeping;
  datagram.cost = bookkeeping;
  return lost;
}

std::size_t Reassembler::forget(Table::iterator place) {
  const std::size_t lost = place->second.pieces.size();
  cost_ -= place->second.cost;
  table_.erase(place);
  return lost;
}

std::size_t Reassembler::expire(Instant latest) {
  std::size_t lost = 0;
  for (auto each = table_.begin(); each != table_.end();) {
    const auto place = each++;
    if (place->second.since <= latest) lost += forget(place);
  }
  return lost;
}

std::optional<Instant> Reassembler::since() const {
  std::optional<Instant> oldest;
  for (const auto& [key, datagram] : table_)
    if (!oldest || datagram.since < *oldest) oldest = datagram.since;
  return oldest;
}

}  // namespace sallyport::datapath
