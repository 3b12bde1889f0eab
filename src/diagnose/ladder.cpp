#include "diagnose/ladder.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "diagnose/explanation.h"

namespace sallyport::diagnose {
namespace {

using event::Direction;

/// What a notify means to somebody who has not read the RFC.
std::string_view gloss(std::string_view notify) {
  static constexpr auto kGlosses = std::to_array<std::pair<std::string_view, std::string_view>>({
      {"N(NAT_DETECTION_SOURCE_IP)", "the address I send from, hashed"},
      {"N(NAT_DETECTION_DESTINATION_IP)", "the address I send to, hashed"},
      {"N(COOKIE)", "return this cookie first: I am busy"},
      {"N(INVALID_KE_PAYLOAD)", "use another key exchange group"},
      {"N(NO_PROPOSAL_CHOSEN)", "none of your proposals is acceptable"},
      {"N(TS_UNACCEPTABLE)", "none of your traffic selectors is acceptable"},
      {"N(AUTHENTICATION_FAILED)", "your proof of identity is not accepted"},
      {"N(USE_TRANSPORT_MODE)", "transport mode"},
      {"N(INITIAL_CONTACT)", "forget what you have of me from before"},
      {"N(ESP_TFC_PADDING_NOT_SUPPORTED)", "no traffic-flow padding, please"},
      {"N(NON_FIRST_FRAGMENTS_ALSO)", "fragments through the same SA"},
      {"N(MOBIKE_SUPPORTED)", "my address may change"},
      {"N(IKEV2_FRAGMENTATION_SUPPORTED)", "large messages may come in pieces"},
      {"N(SIGNATURE_HASH_ALGORITHMS)", "signatures with these hashes"},
      {"N(REDIRECT_SUPPORTED)", "I can be sent elsewhere"},
      {"N(REKEY_SA)", "in the place of an older one"},
      {"N(TEMPORARY_FAILURE)", "not now, try again"},
      {"N(NO_ADDITIONAL_SAS)", "no more of these"},
      {"N(INVALID_SYNTAX)", "I cannot read that"},
      {"N(CHILD_SA_NOT_FOUND)", "I do not have that one"},
      {"N(NO-PROPOSAL-CHOSEN)", "none of your proposals is acceptable"},
      {"N(INVALID-ID-INFORMATION)", "not for this identity, or not for this traffic"},
      {"N(AUTHENTICATION-FAILED)", "your proof of identity is not accepted"},
      {"N(PAYLOAD-MALFORMED)", "I cannot read that"},
      {"N(INITIAL-CONTACT)", "forget what you have of me from before"},
      {"N(R-U-THERE)", "are you there?"},
      {"N(R-U-THERE-ACK)", "I am here"},
      {"N(RESPONDER-LIFETIME)", "I keep it for a shorter time"},
      {"NAT-D", "an address of this conversation, hashed"},
      {"NAT-OA", "an address before a NAT changes it"},
      {"HASH(1)", "proves that this message is mine"},
      {"HASH(2)", "proves that this message is mine"},
      {"HASH(3)", "proves that I am here now"},
  });
  const auto found = std::ranges::find(kGlosses, notify, [](const auto& entry) { return entry.first; });
  return found == kGlosses.end() ? std::string_view() : found->second;
}

/// Columns that a UTF-8 text takes, each code point being one.
std::size_t columns(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; }));
}

std::string repeat(std::string_view piece, std::size_t times) {
  std::string text;
  for (std::size_t i = 0; i < times; ++i) text += piece;
  return text;
}

/// The longest beginning of `word` of at most `width` columns; behind a hyphen where there is one.
std::size_t break_point(std::string_view word, std::size_t width) {
  std::size_t at = 0;
  for (std::size_t seen = 0; at < word.size(); ++at)
    if ((word[at] & 0xc0) != 0x80 && ++seen > width) break;
  if (at == word.size()) return at;
  const std::size_t hyphen = word.substr(0, at).rfind('-');
  return hyphen == std::string_view::npos || hyphen == 0 ? at : hyphen + 1;
}

/// `text` in lines of at most `width` columns, broken between words, and within those that are longer than a line.
std::vector<std::string> wrap(std::string_view text, std::size_t width) {
  std::vector<std::string> lines = {""};
  while (!text.empty()) {
    const std::size_t space = std::min(text.find(' '), text.size());
    std::string_view word = text.substr(0, space);
    text.remove_prefix(std::min(space + 1, text.size()));
    while (!word.empty()) {
      const std::size_t used = lines.back().empty() ? 0 : columns(lines.back()) + 1;
      const bool fits = used + columns(word) <= width;
      if (!fits && used != 0) {
        lines.emplace_back();
        continue;
      }
      const std::size_t size = fits ? word.size() : break_point(word, width);
      if (used != 0) lines.back() += ' ';
      lines.back() += word.substr(0, size);
      word.remove_prefix(size);
    }
  }
  return lines;
}

/// IKEv1's exchanges have messages in a row; IKEv2's are a request and a response.
std::string headline(const event::MessageSummary& message) {
  if (message.version == 1) return fmt::format("{}, message {}", message.exchange, message.number);
  return fmt::format("{} {} {}", message.exchange, message.request ? "request" : "response", message.message_id);
}

class Ladder {
 public:
  explicit Ladder(std::size_t width) : inside_(std::max<std::size_t>(width, 60) - 2 * kMargin - 2) {}

  void add(const event::MessageLogged& logged) {
    const auto& message = logged.message;
    begin(message);
    line(headline(message) + (message.encrypted ? ", encrypted" : ", in clear"), 1);
    for (const auto& payload : message.payloads) line(retell(payload, message), 3);
    rung(logged.direction);
  }
  void add(const event::Retransmitted& again) {
    line(fmt::format("no answer yet: request {} sent once more ({})", again.message_id, again.attempt), 1);
    rung(Direction::sent);
  }
  void add(const event::NatDetected& nat) {
    note(fmt::format("there is a NAT in front of {}: on to UDP 4500, and ESP inside UDP", nat.local && nat.remote
                                                                                              ? "both"
                                                                                          : nat.local ? "us"
                                                                                                      : "the peer"));
  }
  void add(const event::IkeSaEstablished& up) {
    note(fmt::format("{} SA established with {} by {}", up.version == 1 ? "ISAKMP" : "IKE",
                     policy::to_string(up.remote_id), policy::to_string(up.suite)));
  }
  void add(const event::ChildSaInstalled& child) {
    note(fmt::format("Child SA {} installed, {} mode, {}: {} <-> {}", child.child, policy::to_string(child.mode),
                     policy::to_string(child.suite), policy::to_string(child.local_ts),
                     policy::to_string(child.remote_ts)));
  }
  void add(const event::ChildSaRemoved& child) { note(fmt::format("Child SA {} removed", child.child)); }
  void add(const event::IkeSaClosed&) { note("IKE SA closed"); }
  void add(const event::NegotiationFailed& failed) { note("failed: " + explain(failed.failure, nullptr).sentence); }
  template <class Other>
  void add(const Other&) {}

  std::string take() {
    if (begun_) line("", 0);
    return std::move(text_);
  }

 private:
  static constexpr std::size_t kMargin = 4;

  /// The names of the uprights, once.
  void begin(const event::MessageSummary& message) {
    if (std::exchange(begun_, true)) return;
    const std::string left = policy::to_string(message.local);
    const std::string right = policy::to_string(message.remote);
    const std::size_t total = inside_ + 2 + 2 * kMargin;
    text_ += left + std::string(total > left.size() + right.size() ? total - left.size() - right.size() : 1, ' ') +
             right + '\n';
  }
  void line(std::string_view words, std::size_t indent) {
    for (const std::string& each : wrap(words, inside_ - indent - 1)) {
      text_ += std::string(kMargin, ' ') + "│" + std::string(indent, ' ') + each;
      const std::size_t used = indent + columns(each);
      text_ += std::string(inside_ > used ? inside_ - used : 0, ' ') + "│\n";
    }
  }
  void rung(Direction direction) {
    text_ += std::string(kMargin, ' ');
    text_ += direction == Direction::sent ? "├" + repeat("─", inside_ - 1) + "▶│\n"
                                          : "│◀" + repeat("─", inside_ - 1) + "┤\n";
  }
  void note(std::string_view words) {
    for (const std::string& each : wrap(words, inside_ - 6)) line("·· " + each, 1);
  }

  std::size_t inside_;  // columns between the uprights
  bool begun_ = false;
  std::string text_;
};

}  // namespace

std::string retell(const event::PayloadSummary& payload, const event::MessageSummary& message) {
  if (payload.name == "SA")
    return fmt::format("SA: {} {}", message.request ? "offers" : "chose", policy::to_string(payload.proposals));
  if (payload.name == "KE" && message.version == 1) return "KE: my half of the key exchange";
  if (payload.name == "KE")
    return fmt::format("KE: my half of a key exchange by {}",
                       payload.group ? crypto::to_string(*payload.group) : "a group unknown to us");
  if (payload.name == "Nonce") return "Nonce: fresh randomness";
  if (payload.identity)
    return fmt::format(
        "{}: {} {}", payload.name,
        message.version == 1 || payload.name == (message.from_initiator ? "IDi" : "IDr") ? "I am" : "you should be",
        policy::to_string(*payload.identity));
  if (payload.name == "AUTH") return "AUTH: proof of it by " + payload.detail;
  if (payload.name == "TSi") return "TSi: traffic of the initiator's " + policy::to_string(payload.selectors);
  if (payload.name == "TSr") return "TSr: with the responder's " + policy::to_string(payload.selectors);
  if (payload.name == "HASH_I" || payload.name == "HASH_R") return payload.name + ": proof of it by " + payload.detail;
  if (payload.name == "IDci") return "IDci: traffic of the initiator's " + policy::to_string(payload.selectors);
  if (payload.name == "IDcr") return "IDcr: with the responder's " + policy::to_string(payload.selectors);
  if (payload.name == "V")
    return payload.detail.empty() ? "V: an extension unknown to us" : "V: I know " + payload.detail;
  if (payload.name == "D") return "D: delete " + payload.detail;
  std::string text = payload.name;
  if (const auto words = gloss(payload.name); !words.empty()) text += fmt::format(": {}", words);
  if (payload.group) text += fmt::format(" ({})", crypto::to_string(*payload.group));
  return text;
}

std::string draw_ladder(const std::vector<event::Event>& events, std::size_t width) {
  Ladder ladder(width);
  for (const auto& event : events) std::visit([&](const auto& each) { ladder.add(each); }, event);
  return ladder.take();
}

}  // namespace sallyport::diagnose
