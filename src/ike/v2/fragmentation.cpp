#include "ike/v2/fragmentation.h"

#include <algorithm>
#include <utility>

namespace sallyport::ike::v2 {

namespace w = wire::ikev2;

// ---- Who speaks of it ----

bool wants_fragmentation(const policy::Candidates& candidates) {
  return std::ranges::any_of(candidates,
                             [](const policy::Candidate& each) { return wants_fragmentation(each.alike()); });
}

void announce_fragmentation(w::PayloadChain& payloads) {
  payloads.add(w::NotifyPayload{.type = w::NotifyType::ikev2_fragmentation_supported});
}

bool says_fragmentation(const w::PayloadChain& payloads) {
  return payloads.find_notify(w::NotifyType::ikev2_fragmentation_supported) != nullptr;
}

// ---- Putting together ----

/// A sender that cuts the message once more makes more pieces of it: fewer are of before (RFC 7383 §2.5.2, §2.6).
Reassembly::Verdict Reassembly::judge(const wire::IkeHeader& header, const w::SkfPayload& fragment) const {
  if (fragment.total_fragments > kMostFragments) return Verdict::refused;
  if (!is_of(header)) return Verdict::wanted;
  if (header.exchange_type != exchange_type_ || fragment.total_fragments < total_) return Verdict::refused;
  if (fragment.total_fragments > total_) return Verdict::wanted;
  return pieces_.has(fragment.fragment_number) ? Verdict::repeated : Verdict::wanted;
}

Result<bool> Reassembly::take(Instant now, std::size_t limit, const wire::IkeHeader& header,
                              const w::SkfPayload& fragment, ByteView inner) {
  if (!is_of(header)) {
    clear();
    began_ = now;
  }
  if (fragment.total_fragments > total_) {
    pieces_ = {};
    size_ = 0;
  }
  message_id_ = header.message_id;
  exchange_type_ = header.exchange_type;
  total_ = fragment.total_fragments;
  if (fragment.fragment_number == 1) first_ = fragment.first_inner;
  size_ += header.length;
  pieces_.put(fragment.fragment_number, inner);
  if (pieces_.octets() > limit) {
    clear();
    return fail(ErrorCode::exhausted);
  }
  return pieces_.are_all(total_);
}

Reassembly::Whole Reassembly::release() {
  Whole whole{first_, pieces_.join(), size_, total_};
  clear();
  return whole;
}

std::optional<std::size_t> smaller_packets(std::size_t than, const policy::IpAddress& local) {
  constexpr std::size_t smallest_of_ipv6 = 1280, smallest_of_ipv4 = 576;
  if (than > smallest_of_ipv6) return smallest_of_ipv6;
  if (than > smallest_of_ipv4 && !local.is_v6()) return smallest_of_ipv4;
  return std::nullopt;
}

}  // namespace sallyport::ike::v2
