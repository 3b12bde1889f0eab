#include "sim/trace.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <cstring>
#include <utility>

#include "base/check.h"

namespace sallyport::sim {

std::string to_string(Fate fate) {
  static constexpr std::array<std::pair<Fate, std::string_view>, 9> words = {{
      {Fate::lost, "lost"},
      {Fate::cut, "link down"},
      {Fate::too_big, "too big for the link"},
      {Fate::queue_full, "queue full"},
      {Fate::taken, "taken by an attacker"},
      {Fate::duplicated, "duplicated"},
      {Fate::corrupted, "corrupted"},
      {Fate::held_back, "held back"},
      {Fate::forged, "forged"},
  }};
  std::vector<std::string_view> said;
  for (const auto& [one, word] : words)
    if (has(fate, one)) said.push_back(word);
  return fmt::format("{}", fmt::join(said, ", "));
}

LinkId Trace::add_link(std::string a, std::string b) {
  links_.push_back({std::move(a), std::move(b)});
  return LinkId{static_cast<std::uint32_t>(links_.size() - 1)};
}

void Trace::packet(Instant at, LinkId link, Direction direction, Fate fate, ByteView bytes) {
  ASSERT(link.value < links_.size());
  count(static_cast<std::uint64_t>(at.time_since_epoch().count()));
  count(static_cast<std::uint64_t>(link.value) << 32 | static_cast<std::uint64_t>(direction) << 16 |
        static_cast<std::uint64_t>(fate));
  count(bytes);
  ++packets_seen_;
  bytes_seen_ += bytes.size();
  if (!is_keeping()) return;
  if (packets_.size() == capacity_) packets_.pop_front();
  packets_.push_back({at, order_++, link, direction, fate, to_bytes(bytes)});
}

void Trace::note(Instant at, std::string_view who, std::string_view what) {
  count(static_cast<std::uint64_t>(at.time_since_epoch().count()));
  count(as_bytes(who));
  count(as_bytes(what));
  if (is_keeping()) remark(at, who, std::string(what));
}

void Trace::remark(Instant at, std::string_view who, std::string what) {
  if (!is_keeping()) return;
  if (notes_.size() == capacity_) notes_.pop_front();
  notes_.push_back({at, order_++, std::string(who), std::move(what)});
}

void Trace::count(std::uint64_t word) {
  digest_ = (digest_ ^ word) * 0xff51afd7ed558ccd;
  digest_ ^= digest_ >> 32;
}

void Trace::count(ByteView bytes) {
  count(static_cast<std::uint64_t>(bytes.size()));
  for (; bytes.size() >= 8; bytes = bytes.subspan(8)) count(load_be64(bytes.data()));
  std::uint64_t rest = 0;
  for (const std::uint8_t byte : bytes) rest = rest << 8 | byte;
  count(rest);
}

}  // namespace sallyport::sim
