// Proposals, suites and their parts in words.
#include <algorithm>

#include "policy/proposal.h"
#include "policy/proposal_words.h"

namespace sallyport::policy {
namespace {

void add_word(std::string& text, std::string_view word) {
  if (!text.empty()) text += '-';
  text += word;
}

template <class T>
void add_words(std::string& text, const std::vector<T>& alternatives) {
  for (const T& each : alternatives) add_word(text, to_string(each));
}

}  // namespace

std::string additional_word(std::size_t place, crypto::KeyExchangeMethod method) {
  return "ke" + std::to_string(place) + "_" + std::string(crypto::to_string(method));
}

std::string to_string(const Proposal& proposal) {
  using enum SequenceNumbers;
  std::string text;
  add_words(text, proposal.encryption);
  add_words(text, proposal.integrity);
  if (!prf_is_implied(proposal)) add_words(text, proposal.prf);
  add_words(text, proposal.key_exchange);
  for (const AdditionalKeyExchange& each : proposal.additional)
    for (const auto method : each.methods) add_word(text, additional_word(each.place, method));
  if (proposal.protocol == Protocol::ike) return text;
  // A peer that names no transform for sequence numbers means the short ones (RFC 7296 §3.3.3).
  if (proposal.sequence_numbers.empty()) add_word(text, "noesn");
  if (proposal.sequence_numbers != std::vector{bits64, bits32}) add_words(text, proposal.sequence_numbers);
  return text;
}

std::string to_string(const Suite& suite) {
  std::string text;
  if (suite.protocol != Protocol::ah) add_word(text, to_string(suite.encryption));
  if (suite.integrity != crypto::Integrity::none) add_word(text, crypto::to_string(suite.integrity));
  const bool implied = suite.integrity != crypto::Integrity::none && prf_of(suite.integrity) == suite.prf;
  if (suite.protocol == Protocol::ike && !implied) add_word(text, crypto::to_string(suite.prf));
  if (suite.key_exchange != crypto::KeyExchangeMethod::none) add_word(text, crypto::to_string(suite.key_exchange));
  for (std::size_t place = suite.next_additional(); place != 0; place = suite.next_additional(place + 1))
    add_word(text, additional_word(place, suite.additional[place - 1]));
  return text;
}

std::string to_string(const std::vector<Proposal>& proposals) {
  std::string text;
  for (const Proposal& each : proposals) {
    if (!text.empty()) text += ", ";
    text += to_string(each);
  }
  return text;
}

std::string_view to_string(Difference::Kind kind) {
  switch (kind) {
    case Difference::Kind::encryption: return "encryption";
    case Difference::Kind::integrity: return "integrity";
    case Difference::Kind::prf: return "PRF";
    case Difference::Kind::key_exchange: return "key exchange";
    case Difference::Kind::additional_key_exchange: return "additional key exchange";
    case Difference::Kind::sequence_numbers: return "sequence numbers";
  }
  return "?";
}

std::string_view to_string(SequenceNumbers numbers) { return numbers == SequenceNumbers::bits64 ? "esn" : "noesn"; }

std::string_view to_string(Protocol protocol) {
  switch (protocol) {
    case Protocol::ike: return "IKE";
    case Protocol::esp: return "ESP";
    case Protocol::ah: return "AH";
  }
  return "?";
}

}  // namespace sallyport::policy
