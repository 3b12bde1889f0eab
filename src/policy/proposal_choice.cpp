// What two sides' proposals have in common, and when that is nothing, where they are nearest.
#include <algorithm>

#include "policy/proposal.h"
#include "policy/proposal_words.h"

namespace sallyport::policy {
namespace {

/// The alternatives of a kind; a kind that does not occur is the same as its absent value (RFC 7296 §3.3.2, §3.3.3).
template <class T>
std::vector<T> alternatives(const std::vector<T>& listed, T absent) {
  return listed.empty() ? std::vector<T>{absent} : listed;
}

template <class T>
std::optional<T> first_common(const std::vector<T>& ours, const std::vector<T>& theirs) {
  const auto found = std::ranges::find_first_of(ours, theirs);
  if (found == ours.end()) return std::nullopt;
  return *found;
}

std::vector<crypto::Integrity> integrity_of(const Proposal& p) {
  return alternatives(p.integrity, crypto::Integrity::none);
}
std::vector<crypto::KeyExchangeMethod> key_exchange_of(const Proposal& p) {
  if (p.other_key_exchange) return p.key_exchange;
  return alternatives(p.key_exchange, crypto::KeyExchangeMethod::none);
}
std::vector<SequenceNumbers> sequence_numbers_of(const Proposal& p) {
  return alternatives(p.sequence_numbers, SequenceNumbers::bits32);
}

// ---- Key exchanges: the first and the additional ones, no method for two of them (RFC 9370 §2.2.1) ----

using Methods = std::vector<crypto::KeyExchangeMethod>;
constexpr std::size_t kPlaces = 1 + kMostAdditional;  // the first one is place 0

/// What both sides would take at each place, in our order.
using Open = std::array<Methods, kPlaces>;

Methods additional_of(const Proposal& p, std::size_t place) {
  const Methods* listed = p.additional_at(place);
  // One that occurs, and of which we know nothing that was offered, is not one that may be left out.
  return listed ? *listed : Methods{crypto::KeyExchangeMethod::none};
}

Open open_places(const Proposal& ours, const Proposal& theirs) {
  Open open;
  for (std::size_t place = 0; place < kPlaces; ++place) {
    const Methods a = place == 0 ? key_exchange_of(ours) : additional_of(ours, place);
    const Methods b = place == 0 ? key_exchange_of(theirs) : additional_of(theirs, place);
    for (const auto method : a)
      if (std::ranges::find(b, method) != b.end()) open[place].push_back(method);
  }
  return open;
}

/// Whether each place from `first` on can have a method that is not among `taken` and no other's: a matching of places
/// with methods. Tried place by place, moving others out of the way, so that no proposal of a peer's costs much.
class Matching {
 public:
  Matching(const Open& open, const Methods& taken) : open_(open), taken_(taken) {}
  bool exists_from(std::size_t first) {
    for (std::size_t place = first; place < kPlaces; ++place) {
      if (std::ranges::find(open_[place], crypto::KeyExchangeMethod::none) != open_[place].end()) continue;
      Methods seen;
      if (!settle(place, seen)) return false;
    }
    return true;
  }

 private:
  // NOLINTNEXTLINE(misc-no-recursion): no deeper than there are places
  bool settle(std::size_t place, Methods& seen) {
    for (const auto method : open_[place]) {
      if (std::ranges::find(taken_, method) != taken_.end() || std::ranges::find(seen, method) != seen.end()) continue;
      seen.push_back(method);
      const auto holder = std::ranges::find(held_, method);
      if (holder != held_.end() && !settle(static_cast<std::size_t>(holder - held_.begin()), seen)) continue;
      held_[place] = method;
      return true;
    }
    return false;
  }

  const Open& open_;
  const Methods& taken_;
  std::array<crypto::KeyExchangeMethod, kPlaces> held_{};
};

/// Place by place the first of ours that leaves something for the places after it.
bool choose_key_exchanges(const Proposal& ours, const Proposal& theirs, Suite& suite) {
  if (ours.additional.empty() && theirs.additional.empty()) {
    const auto method = first_common(key_exchange_of(ours), key_exchange_of(theirs));
    // IKE has no SA without a key exchange, whatever both lists leave out.
    if (!method || (ours.protocol == Protocol::ike && *method == crypto::KeyExchangeMethod::none)) return false;
    suite.key_exchange = *method;
    return true;
  }
  const Open open = open_places(ours, theirs);
  Methods taken;
  for (std::size_t place = 0; place < kPlaces; ++place) {
    const auto fits = [&](crypto::KeyExchangeMethod method) {
      const bool none = method == crypto::KeyExchangeMethod::none;
      if (!none && std::ranges::find(taken, method) != taken.end()) return false;
      if (none && place == 0 && ours.protocol == Protocol::ike) return false;
      Methods with = taken;
      if (!none) with.push_back(method);
      Open rest = open;
      if (none && place == 0)
        for (std::size_t i = 1; i < kPlaces; ++i)
          std::erase_if(rest[i], [](auto each) { return each != crypto::KeyExchangeMethod::none; });
      return std::ranges::none_of(rest, &Methods::empty) && Matching(rest, with).exists_from(place + 1);
    };
    const auto found = std::ranges::find_if(open[place], fits);
    if (found == open[place].end()) return false;
    const auto method = *found;
    if (method != crypto::KeyExchangeMethod::none) taken.push_back(method);
    if (place == 0 && method == crypto::KeyExchangeMethod::none) {
      suite.key_exchange = method;
      suite.additional = {};
      return true;
    }
    (place == 0 ? suite.key_exchange : suite.additional[place - 1]) = method;
  }
  return true;
}

/// A cipher with the integrity that goes with it: none for a combined mode, some for the others.
bool choose_protection(const Proposal& ours, const Proposal& theirs, Suite& suite) {
  auto our_integrity = integrity_of(ours), without_none = our_integrity;
  std::erase(without_none, crypto::Integrity::none);
  const auto real = first_common(without_none, theirs.integrity);
  const auto their_integrity = integrity_of(theirs);
  const bool none = std::ranges::find(our_integrity, crypto::Integrity::none) != our_integrity.end() &&
                    std::ranges::find(their_integrity, crypto::Integrity::none) != their_integrity.end();
  if (ours.protocol == Protocol::ah) {
    suite.integrity = real.value_or(crypto::Integrity::none);
    return real.has_value();
  }
  for (const crypto::Encryption& encryption : ours.encryption) {
    const bool combined = is_combined(encryption.cipher);
    if (std::ranges::find(theirs.encryption, encryption) == theirs.encryption.end()) continue;
    if (combined ? !none : !real) continue;
    suite.encryption = encryption;
    suite.integrity = combined ? crypto::Integrity::none : *real;
    return true;
  }
  return false;
}

std::optional<Suite> common_suite(const Proposal& ours, const Proposal& theirs, bool ignore_key_exchange) {
  if (ours.protocol != theirs.protocol) return std::nullopt;
  Suite suite{.protocol = ours.protocol};
  if (!choose_protection(ours, theirs, suite)) return std::nullopt;
  if (ours.protocol == Protocol::ike) {
    const auto prf = first_common(ours.prf, theirs.prf);
    if (!prf) return std::nullopt;
    suite.prf = *prf;
  } else {
    const auto numbers = first_common(sequence_numbers_of(ours), sequence_numbers_of(theirs));
    if (!numbers) return std::nullopt;
    suite.sequence_numbers = *numbers;
  }
  if (ignore_key_exchange) return suite;
  if (!choose_key_exchanges(ours, theirs, suite)) return std::nullopt;
  return suite;
}

template <class T>
std::string words(const std::vector<T>& listed) {
  std::string text;
  for (const T& each : listed) {
    if (!text.empty()) text += ' ';
    text += to_string(each);
  }
  return text;
}

template <class T>
Difference difference(Difference::Kind kind, const std::vector<T>& ours, const std::vector<T>& theirs) {
  return {kind, words(ours), words(theirs)};
}

std::string additional_words(const Proposal& p, std::size_t place) {
  const Methods* listed = p.additional_at(place);
  std::string text;
  if (!listed) return text;
  for (const auto method : *listed) text += (text.empty() ? "" : " ") + additional_word(place, method);
  return text;
}

void compare_additional(const Proposal& ours, const Proposal& theirs, std::vector<Difference>& found) {
  const Open open = open_places(ours, theirs);
  Difference all{Difference::Kind::additional_key_exchange, {}, {}};
  for (std::size_t place = 1; place < kPlaces; ++place) {
    const Difference here{all.kind, additional_words(ours, place), additional_words(theirs, place)};
    if (open[place].empty()) found.push_back(here);
    for (auto [text, word] : {std::pair{&all.ours, &here.ours}, {&all.theirs, &here.theirs}})
      if (!word->empty()) *text += (text->empty() ? "" : " ") + *word;
  }
  // Each place has something in common, but not enough for all of them.
  Suite suite;
  if (found.empty() && !(all.ours.empty() && all.theirs.empty()) && !choose_key_exchanges(ours, theirs, suite))
    found.push_back(std::move(all));
}

std::vector<Difference> differences_between(const Proposal& ours, const Proposal& theirs, bool ignore_key_exchange) {
  using Which = Difference::Kind;
  std::vector<Difference> found;
  const auto compare = [&](Which which, const auto& a, const auto& b, const auto& listed_a, const auto& listed_b) {
    if (!first_common(a, b)) found.push_back(difference(which, listed_a, listed_b));
  };
  if (ours.protocol != Protocol::ah)
    compare(Which::encryption, ours.encryption, theirs.encryption, ours.encryption, theirs.encryption);
  compare(Which::integrity, integrity_of(ours), integrity_of(theirs), ours.integrity, theirs.integrity);
  if (ours.protocol == Protocol::ike) compare(Which::prf, ours.prf, theirs.prf, ours.prf, theirs.prf);
  if (!ignore_key_exchange)
    compare(Which::key_exchange, key_exchange_of(ours), key_exchange_of(theirs), ours.key_exchange,
            theirs.key_exchange);
  if (!ignore_key_exchange) compare_additional(ours, theirs, found);
  if (ours.protocol != Protocol::ike) {
    const auto our_numbers = sequence_numbers_of(ours), their_numbers = sequence_numbers_of(theirs);
    compare(Which::sequence_numbers, our_numbers, their_numbers, our_numbers, their_numbers);
  }
  // Each kind has something in common, but no cipher has the integrity that goes with it.
  if (found.empty()) found.push_back(difference(Which::integrity, ours.integrity, theirs.integrity));
  return found;
}

}  // namespace

std::optional<Choice> choose(const std::vector<Proposal>& configured, const std::vector<Proposal>& offered,
                             bool ignore_key_exchange) {
  for (const Proposal& ours : configured)
    for (std::size_t i = 0; i < offered.size(); ++i)
      if (auto suite = common_suite(ours, offered[i], ignore_key_exchange)) return Choice{i, *suite};
  return std::nullopt;
}

std::optional<NearestMiss> nearest_miss(const std::vector<Proposal>& configured, const std::vector<Proposal>& offered,
                                        bool ignore_key_exchange) {
  std::optional<NearestMiss> nearest;
  for (std::size_t i = 0; i < configured.size(); ++i) {
    for (std::size_t j = 0; j < offered.size(); ++j) {
      if (configured[i].protocol != offered[j].protocol) continue;
      auto differences = differences_between(configured[i], offered[j], ignore_key_exchange);
      if (nearest && nearest->differences.size() <= differences.size()) continue;
      nearest = NearestMiss{i, j, std::move(differences)};
    }
  }
  return nearest;
}

}  // namespace sallyport::policy
