#include "ike/v1/fragmentation.h"

#include <algorithm>
#include <utility>

namespace sallyport::ike::v1 {
namespace {

namespace w = wire::ikev1;

/// Octets of a fragment in front of its data: ISAKMP header, generic payload header, id, number and flags.
constexpr std::size_t kFragmentHead = wire::ike_header_size + w::generic_header_size + 4;
constexpr std::size_t kMostFragments = 255;
/// Behind the vendor id's hash: fragments are taken in phase 1. Others read the hash alone.
constexpr std::array<std::uint8_t, 4> kCapabilities = {0x80, 0, 0, 0};

/// The same for the same message; two messages under way at once most likely differ in it (FNV-1a, folded).
std::uint16_t fragment_id(ByteView message) {
  std::uint32_t hash = 0x811c9dc5;
  for (const std::uint8_t octet : message) hash = (hash ^ octet) * 0x01000193;
  const auto folded = static_cast<std::uint16_t>(hash ^ (hash >> 16));
  return folded != 0 ? folded : std::uint16_t{1};
}

const policy::Connection* connection_of(const IsakmpSa& sa) {
  if (sa.connection) return sa.connection.get();
  return sa.setup && !sa.setup->candidates.empty() ? &sa.setup->candidates.front().alike() : nullptr;
}

Result<w::FragmentPayload> read_fragment(const w::Message& message) {
  const auto* fragment = message.payloads.find<w::FragmentPayload>();
  if (!fragment || message.payloads.size() != 1 || fragment->data.empty()) return fail(ErrorCode::malformed);
  return *fragment;
}

/// A message that may stand in the fragments' place: of the same ISAKMP SA, and no fragment itself.
bool is_whole(ByteView message, const wire::IkeHeader& outer) {
  const auto envelope = w::parse_envelope(message);
  return envelope && envelope->header.initiator_spi == outer.initiator_spi &&
         envelope->header.responder_spi == outer.responder_spi && envelope->first_type() != w::PayloadType::fragment;
}

}  // namespace

// ---- Who speaks of it ----

void announce_fragmentation(w::PayloadChain& payloads, const policy::Connection& connection) {
  if (connection.fragmentation == policy::Fragmentation::no) return;
  Bytes data = to_bytes(w::vendor_id_octets(w::VendorId::fragmentation));
  append(data, kCapabilities);
  payloads.add(w::VendorIdPayload{std::move(data)});
}

bool says_fragmentation(const w::PayloadChain& payloads) {
  return std::ranges::any_of(payloads.all<w::VendorIdPayload>(), [](const w::VendorIdPayload* each) {
    return w::recognize_vendor_id(each->data) == w::VendorId::fragmentation;
  });
}

bool sends_fragments(const IsakmpSa& sa) {
  const policy::Connection* connection = connection_of(sa);
  if (!connection) return false;
  return connection->fragmentation == policy::Fragmentation::force ||
         (connection->fragmentation == policy::Fragmentation::yes && sa.peer_takes_fragments);
}

// ---- Cutting ----

std::vector<Bytes> cut_into_fragments(ByteView message, std::size_t longest) {
  if (message.size() <= longest || longest <= kFragmentHead) return {};
  auto header = wire::parse_ike_header(message);
  const std::size_t room = longest - kFragmentHead;
  if (!header || message.size() > kMostFragments * room) return {};
  header->flags &= static_cast<std::uint8_t>(~w::flag_encryption);
  w::FragmentPayload fragment{.id = fragment_id(message), .fragment_number = 1, .is_last = false, .data = {}};
  std::vector<Bytes> fragments;
  for (ByteView rest = message; !rest.empty(); ++fragment.fragment_number) {
    const std::size_t size = std::min(room, rest.size());
    fragment.data = to_bytes(rest.first(size));
    rest = rest.subspan(size);
    fragment.is_last = rest.empty();
    w::PayloadChain payloads;
    payloads.add(fragment);
    auto octets = w::serialize_message(*header, payloads);
    ASSERT(octets);
    fragments.push_back(std::move(*octets));
  }
  return fragments;
}

// ---- Putting together ----

/// A fragment contradicts older ones where it takes a number that is there, ends the message before them, or goes on
/// behind a last one. They are of an older message of the same id, then.
void Reassembly::Incomplete::put(const w::FragmentPayload& fragment) {
  const std::uint8_t number = fragment.fragment_number;
  if (last && (fragment.is_last ? *last != number : *last <= number)) {
    if (*last != number) pieces.drop(*last);
    last.reset();
  }
  if (fragment.is_last) {
    pieces.drop_behind(number);
    last = number;
  }
  pieces.put(number, fragment.data);
}

Reassembly::List::iterator Reassembly::find_or_begin(Instant now, const Limits& limits, const Key& key) {
  const auto found = std::ranges::find(incomplete_, key, &Incomplete::key);
  if (found != incomplete_.end()) return found;
  if (incomplete_.size() >= limits.messages) incomplete_.erase(incomplete_.begin());
  incomplete_.push_back({key, now, {}});
  return std::prev(incomplete_.end());
}

/// The oldest go first; the one at hand is within the limits by itself.
void Reassembly::make_room(const Limits& limits, const Key& for_this) {
  for (auto each = incomplete_.begin(); octets() > limits.octets && each != incomplete_.end();)
    each = each->key == for_this ? std::next(each) : incomplete_.erase(each);
}

Result<std::optional<Bytes>> Reassembly::take(Instant now, const Limits& limits, const policy::Endpoint& remote,
                                              ByteView datagram) {
  const auto message = TRY(w::parse_message(datagram));
  const auto fragment = TRY(read_fragment(message));
  expire(now, limits);
  const Key key{remote, message.header.initiator_spi, message.header.responder_spi, fragment.id};
  const auto whole = find_or_begin(now, limits, key);
  whole->put(fragment);
  if (whole->pieces.octets() > limits.message) {
    incomplete_.erase(whole);
    return fail(ErrorCode::exhausted);
  }
  if (!whole->is_complete()) {
    make_room(limits, key);
    return std::nullopt;
  }
  Bytes joined = whole->pieces.join();
  incomplete_.erase(whole);
  if (!is_whole(joined, message.header)) return fail(ErrorCode::malformed);
  return joined;
}

void Reassembly::expire(Instant now, const Limits& limits) {
  std::erase_if(incomplete_, [&](const Incomplete& each) { return each.began + limits.patience <= now; });
}

std::optional<Instant> Reassembly::next_expiry(const Limits& limits) const {
  if (incomplete_.empty()) return std::nullopt;
  return incomplete_.front().began + limits.patience;
}

std::size_t Reassembly::octets() const {
  std::size_t sum = 0;
  for (const Incomplete& each : incomplete_) sum += each.pieces.octets();
  return sum;
}

}  // namespace sallyport::ike::v1
