// What two sides' proposals have in common, and when that is nothing, where they are nearest.
#include <algorithm>

#include "policy/proposal.h"

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
  return alternatives(p.key_exchange, crypto::KeyExchangeMethod::none);
}
std::vector<SequenceNumbers> sequence_numbers_of(const Proposal& p) {
  return alternatives(p.sequence_numbers, SequenceNumbers::bits32);
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
  const auto method = first_common(key_exchange_of(ours), key_exchange_of(theirs));
  // IKE has no SA without a key exchange, whatever both lists leave out.
  if (!method || (ours.protocol == Protocol::ike && *method == crypto::KeyExchangeMethod::none)) return std::nullopt;
  suite.key_exchange = *method;
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
