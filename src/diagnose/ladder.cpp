#include "diagnose/ladder.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "diagnose/event_text.h"
#include "diagnose/explanation.h"
#include "diagnose/short_proposals.h"

namespace sallyport::diagnose {
namespace {

using event::Direction;

/// What a notify means to somebody who has not read the RFC.
std::string_view gloss(std::string_view notify) {
  static constexpr auto kGlosses = std::to_array<std::pair<std::string_view, std::string_view>>({
      {"N(NAT_DETECTION_SOURCE_IP)", "the address I send from, hashed"},
      {"N(NAT_DETECTION_DESTINATION_IP)", "the address I send to, hashed"},
      {"N(COOKIE)", "return this cookie first: I am busy"},
      {"N(PUZZLE)", "solve this puzzle first: there are too many like you"},
      {"N(INVALID_KE_PAYLOAD)", "use another key exchange group"},
      {"N(NO_PROPOSAL_CHOSEN)", "none of your proposals is acceptable"},
      {"N(TS_UNACCEPTABLE)", "none of your traffic selectors is acceptable"},
      {"N(AUTHENTICATION_FAILED)", "your proof of identity is not accepted"},
      {"N(USE_TRANSPORT_MODE)", "transport mode"},
      {"N(IPCOMP_SUPPORTED)", "packets may be compressed"},
      {"N(INITIAL_CONTACT)", "forget what you have of me from before"},
      {"N(ESP_TFC_PADDING_NOT_SUPPORTED)", "no traffic-flow padding, please"},
      {"N(NON_FIRST_FRAGMENTS_ALSO)", "fragments through the same SA"},
      {"N(SET_WINDOW_SIZE)", "so many requests may be on their way at once"},
      {"N(MOBIKE_SUPPORTED)", "my address may change"},
      {"N(ADDITIONAL_IP4_ADDRESS)", "I can be reached elsewhere, too"},
      {"N(ADDITIONAL_IP6_ADDRESS)", "I can be reached elsewhere, too"},
      {"N(NO_ADDITIONAL_ADDRESSES)", "I can be reached here alone"},
      {"N(UPDATE_SA_ADDRESSES)", "from now on between these addresses"},
      {"N(COOKIE2)", "say this again, so that I know you hear me there"},
      {"N(NO_NATS_ALLOWED)", "nothing on the way may change our addresses"},
      {"N(UNACCEPTABLE_ADDRESSES)", "not between these addresses"},
      {"N(UNEXPECTED_NAT_DETECTED)", "something on the way has changed our addresses"},
      {"N(IKEV2_FRAGMENTATION_SUPPORTED)", "large messages may come in pieces"},
      {"N(CHILDLESS_IKEV2_SUPPORTED)", "an IKE SA may begin without a Child SA"},
      {"N(USE_PPK)", "I have a postquantum preshared key"},
      {"N(PPK_IDENTITY)", "which one it is, or that it is used"},
      {"N(NO_PPK_AUTH)", "my proof for one who does not have it"},
      {"N(INTERMEDIATE_EXCHANGE_SUPPORTED)", "there may be exchanges in between, before we prove who we are"},
      {"N(ADDITIONAL_KEY_EXCHANGE)", "more key exchanges belong to this one"},
      {"N(STATE_NOT_FOUND)", "I have waited too long for this: begin anew"},
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

/// What a message of IKEv1 is for: its exchanges have a fixed number of them, in a row.
struct Purpose {
  std::string_view exchange;
  std::uint8_t number, of;
  std::string_view words;
};
constexpr auto kPurposes = std::to_array<Purpose>({
    {"Main Mode", 1, 6, "a policy is offered"},
    {"Main Mode", 2, 6, "one is chosen"},
    {"Main Mode", 3, 6, "key exchange, the initiator's half"},
    {"Main Mode", 4, 6, "key exchange, the responder's half"},
    {"Main Mode", 5, 6, "the initiator proves who it is"},
    {"Main Mode", 6, 6, "the responder proves who it is"},
    {"Aggressive Mode", 1, 3, "policy, key exchange and name at once"},
    {"Aggressive Mode", 2, 3, "the answer, with the responder's proof"},
    {"Aggressive Mode", 3, 3, "the initiator proves who it is"},
    {"Quick Mode", 1, 3, "an SA for traffic is offered"},
    {"Quick Mode", 2, 3, "it is accepted"},
    {"Quick Mode", 3, 3, "the initiator has heard it: both sides use it"},
});

/// "Main Mode, message 1 of 6, in clear: a policy is offered", "IKE_AUTH request 1, encrypted".
std::string headline(const event::MessageSummary& message) {
  const std::string_view how = message.encrypted ? "encrypted" : "in clear";
  if (message.version != 1)
    return fmt::format("{} {} {}, {}", message.exchange, message.request ? "request" : "response", message.message_id,
                       how);
  const auto purpose = std::ranges::find_if(kPurposes, [&](const Purpose& each) {
    return each.exchange == message.exchange && each.number == message.number;
  });
  if (purpose != kPurposes.end())
    return fmt::format("{}, message {} of {}, {}: {}", message.exchange, message.number, purpose->of, how,
                       purpose->words);
  return fmt::format("{}, message {}, {}", message.exchange, message.number, how);
}

/// The one group of a list of proposals; nullopt where there is a choice.
std::optional<crypto::KeyExchangeMethod> sole_group(const std::vector<policy::Proposal>& proposals) {
  if (proposals.empty() || proposals.front().key_exchange.size() != 1) return std::nullopt;
  const bool same = std::ranges::all_of(
      proposals, [&](const auto& each) { return each.key_exchange == proposals.front().key_exchange; });
  return same ? std::optional(proposals.front().key_exchange.front()) : std::nullopt;
}

/// What a vendor ID's name means; of NAT traversal there are many drafts.
std::string meaning_of_vendor(const std::string& name) {
  if (name == "RFC 3947" || name.starts_with("draft-ietf-ipsec-nat-t-ike")) return "NAT traversal";
  if (name == "DPD") return "dead peer detection";
  if (name == "FRAGMENTATION") return "fragments";
  return name;
}

/// Vendor IDs in one line: there are many of them, and they say little.
std::string vendors(const std::vector<event::PayloadSummary>& payloads) {
  std::string known, last;
  std::size_t unknown = 0;
  for (const auto& payload : payloads) {
    if (payload.name != "V") continue;
    if (payload.detail.empty()) {
      ++unknown;
    } else if (std::string meaning = meaning_of_vendor(payload.detail); meaning != last) {
      known += (known.empty() ? "" : ", ") + meaning;
      last = std::move(meaning);
    }
  }
  if (known.empty() && unknown == 0) return {};
  const std::string others = unknown == 0 ? "" : fmt::format("{} unknown to us", unknown);
  if (known.empty()) return fmt::format("V: extensions, {}", others);
  return fmt::format("V: I know {}{}", known, others.empty() ? "" : fmt::format("; and {}", others));
}

class Ladder {
 public:
  explicit Ladder(std::size_t width) : inside_(std::max<std::size_t>(width, 60) - 2 * kMargin - 2) {}

  void add(const event::MessageLogged& logged) {
    const auto& message = logged.message;
    begin(message);
    if (message.encrypted && in_clear_) note("both sides have the keys now: from here on all is encrypted");
    in_clear_ = !message.encrypted;
    version_ = message.version;
    line(headline(message), 1);
    bool vendors_told = false;
    for (const auto& payload : message.payloads) {
      if (payload.name == "V" && std::exchange(vendors_told, true)) continue;
      line(payload.name == "V" ? vendors(message.payloads) : retell(with_group(payload, message), message), 3);
    }
    rung(logged.direction);
  }
  void add(const event::Retransmitted& again) {
    line(version_ == 1 ? fmt::format("no answer yet: the same once more ({})", again.attempt)
                       : fmt::format("no answer yet: request {} sent once more ({})", again.message_id, again.attempt),
         1);
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
  void add(const event::ChildSaRekeyed& child) {
    note(fmt::format("renews Child SA {}: traffic goes on with fresh keys", child.child));
  }
  void add(const event::IkeSaRekeyed& sa) {
    note(fmt::format("renews the {} SA: its Child SAs go on under this one", sa.version == 1 ? "ISAKMP" : "IKE"));
  }
  void add(const event::IkeSaReauthenticated&) {
    note("takes the place of an older IKE SA, whose proof of who the peers are has aged");
  }
  void add(const event::Redirected& e) {
    note(
        fmt::format("{} sent to {}", e.side == event::Side::local ? "we are" : "the peer is", policy::to_string(e.to)));
  }
  void add(const event::Resumption& e) {
    using Outcome = event::Resumption::Outcome;
    note(e.outcome == Outcome::resumed   ? "resumed by a ticket: its keys come from an older IKE SA"
         : e.outcome == Outcome::refused ? "the ticket is not taken: it begins anew"
                                         : "the ticket is not answered: it begins anew");
  }
  void add(const event::IkeSaClosed&) { note(version_ == 1 ? "ISAKMP SA closed" : "IKE SA closed"); }
  void add(const event::UserAuthenticated& e) {
    note(fmt::format("{} the user {}", e.side == event::Side::local ? "we are" : "the peer is", printable(e.user)));
  }
  void add(const event::NetworkConfigured& e) { note(to_text(e.config)); }
  void add(const event::NegotiationFailed& failed) { note("failed: " + explain(failed.failure, nullptr).sentence); }
  template <class Other>
  void add(const Other&) {}

  std::string take() {
    if (begun_) line("", 0);
    return std::move(text_);
  }

 private:
  static constexpr std::size_t kMargin = 4;

  /// IKEv1 does not say again in KE by which group: that is in the SA payload, of the same message or before.
  event::PayloadSummary with_group(event::PayloadSummary payload, const event::MessageSummary& message) {
    if (message.version != 1) return payload;
    if (payload.name == "SA") group_ = sole_group(payload.proposals);
    if (payload.name == "KE") payload.group = group_;
    return payload;
  }

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
  bool in_clear_ = false;  // the message before
  std::uint8_t version_ = 2;
  std::optional<crypto::KeyExchangeMethod> group_;  // IKEv1's, of the last SA payload
  std::string text_;
};

}  // namespace

std::string retell(const event::PayloadSummary& payload, const event::MessageSummary& message) {
  if (payload.name == "SA")
    return fmt::format("SA: {} {}{}{}", message.request ? "offers" : "chose",
                       policy::to_string(in_short(payload.proposals)), payload.detail.empty() ? "" : ", ",
                       payload.detail);
  if (payload.name == "KE" && message.version == 1) {
    const auto by = payload.group ? fmt::format(" by {}", crypto::to_string(*payload.group)) : std::string();
    return message.exchange == "Quick Mode"
               ? fmt::format("KE: my half of a further key exchange{}, for forward secrecy", by)
               : fmt::format("KE: my half of the key exchange{}", by);
  }
  if (payload.name == "KE")
    return fmt::format(
        "KE: my half of {} key exchange by {}",
        message.exchange == "IKE_INTERMEDIATE" || message.exchange == "IKE_FOLLOWUP_KE" ? "an additional" : "a",
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
  if (payload.name == "ATTR" || payload.name == "CP" || payload.name == "SKF")
    return payload.name + ": " + payload.detail;
  if (payload.name == "D") return "D: delete " + payload.detail;
  std::string text = payload.name;
  if (payload.name == "NAT-D" && !payload.detail.empty()) return text + ": " + payload.detail;
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
