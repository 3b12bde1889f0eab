// Policies from text, and what they say of packets. A line each:
//
//   protect|pass|drop PRIORITY LOCAL REMOTE     selectors as the configuration has them
//   packet SOURCE DESTINATION PROTOCOL SOURCE-PORT DESTINATION-PORT
//
// The selectors that are understood are written and read again; the policies are put in order; and of each packet, in
// both directions, the index decides what asking each policy in turn does.
#include <algorithm>
#include <charconv>
#include <string_view>

#include "base/check.h"
#include "datapath/spd_view.h"
#include "datapath/test_support.h"

namespace {

using namespace sallyport;
using namespace sallyport::datapath;

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  while (!line.empty()) {
    const std::size_t end = std::min(line.find(' '), line.size());
    if (end != 0) words.push_back(line.substr(0, end));
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return words;
}

template <class Number>
Number number_of(std::string_view word) {
  Number number{};
  std::from_chars(word.data(), word.data() + word.size(), number);
  return number;
}

std::optional<policy::TrafficSelectors> read_selector(std::string_view word) {
  const auto read = policy::SelectorTemplate::read(word);
  if (!read) {
    ASSERT(read.error().offset <= word.size());
    return std::nullopt;
  }
  const std::string text = to_string(*read);
  const auto again = policy::SelectorTemplate::read(text);
  ASSERT(again.has_value() && *again == *read);
  if (read->dynamic) return std::nullopt;
  return policy::TrafficSelectors{read->fixed};
}

void add_policy(const std::vector<std::string_view>& words, policy::SpdAction action, policy::Spd& spd) {
  const auto local = read_selector(words[2]), remote = read_selector(words[3]);
  if (!local || !remote) return;
  const auto id = static_cast<std::uint32_t>(spd.entries.size() + 1);
  spd.entries.push_back({.id = {id},
                         .action = action,
                         .connection = "c",
                         .child = "c",
                         .local_ts = *local,
                         .remote_ts = *remote,
                         .priority = number_of<std::uint32_t>(words[1])});
}

std::optional<FlowKey> read_packet(const std::vector<std::string_view>& words) {
  const auto source = policy::IpAddress::parse(words[1]), destination = policy::IpAddress::parse(words[2]);
  if (!source || !destination || source->family() != destination->family()) return std::nullopt;
  const Bytes packet = test::build({.source = words[1],
                                    .destination = words[2],
                                    .protocol = static_cast<wire::IpProtocol>(number_of<std::uint8_t>(words[3])),
                                    .source_port = number_of<std::uint16_t>(words[4]),
                                    .destination_port = number_of<std::uint16_t>(words[5])});
  const auto ip = wire::IpPacket::parse(packet);
  return ip ? std::optional(FlowKey::of(*ip)) : std::nullopt;
}

void check_order(const policy::Spd& before, const policy::Spd& after) {
  ASSERT(before.entries.size() == after.entries.size());
  for (const auto& entry : before.entries) ASSERT(std::ranges::count(after.entries, entry) == 1);
  const auto priority = [](const policy::SpdEntry& entry) { return std::uint64_t{entry.priority} - 1; };  // 0 last
  ASSERT(std::ranges::is_sorted(after.entries, {}, priority));
  auto again = after.entries;
  policy::put_in_order(again);
  ASSERT(again == after.entries);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), std::min<std::size_t>(size, 4096));
  policy::Spd spd;
  std::vector<FlowKey> packets;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const auto words = words_of(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (words.size() == 4 && words[0] == "protect") add_policy(words, policy::SpdAction::protect, spd);
    if (words.size() == 4 && words[0] == "pass") add_policy(words, policy::SpdAction::bypass, spd);
    if (words.size() == 4 && words[0] == "drop") add_policy(words, policy::SpdAction::discard, spd);
    if (words.size() == 6 && words[0] == "packet")
      if (const auto key = read_packet(words)) packets.push_back(*key);
  }
  const policy::Spd written = spd;
  policy::put_in_order(spd.entries);
  check_order(written, spd);
  SpdView view;
  view.set_policy(spd);
  std::vector<SelectorPair> naive;
  for (const auto& entry : spd.entries) naive.emplace_back(entry.local_ts, entry.remote_ts);
  for (const FlowKey& key : packets) {
    const auto out = std::ranges::find_if(naive, [&](const auto& pair) { return pair.matches_outbound(key); });
    const auto in = std::ranges::find_if(naive, [&](const auto& pair) { return pair.matches_inbound(key); });
    const auto entry_at = [&](auto place) { return spd.entries.begin() + (place - naive.begin()); };
    const Decision decision = view.decide(key);
    ASSERT((decision.rule == nullptr) == (out == naive.end()));
    ASSERT(decision.rule == nullptr || decision.rule->id == entry_at(out)->id);
    const auto action = in == naive.end() ? policy::SpdAction::protect : entry_at(in)->action;
    ASSERT(view.decide_inbound(key) == action);
  }
  return 0;
}
