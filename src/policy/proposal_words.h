// The vocabulary of proposals: which word names which transform. Private to policy.
#pragma once

#include <span>
#include <string_view>
#include <variant>

#include "policy/proposal.h"

namespace sallyport::policy {

using Transform =
    std::variant<crypto::Encryption, crypto::Integrity, crypto::Prf, crypto::KeyExchangeMethod, SequenceNumbers>;

struct ProposalWord {
  std::string_view word;
  Transform transform;
};

/// All words that have a meaning here; several may name one transform.
std::span<const ProposalWord> proposal_words();

/// "ke1_x25519": an additional key exchange, and by what.
struct AdditionalWord {
  std::uint8_t place;
  std::string_view method;
};
std::optional<AdditionalWord> split_additional(std::string_view word);

/// The word of an additional key exchange: "ke1_x25519".
std::string additional_word(std::size_t place, crypto::KeyExchangeMethod method);

/// True for a word of swanctl's that names something which we do not have.
bool is_unsupported_word(std::string_view word);

/// True when the PRFs are those that parse_proposal() derives from the integrity algorithms.
bool prf_is_implied(const Proposal& proposal);

/// The PRF that goes with an integrity algorithm when none is named.
crypto::Prf prf_of(crypto::Integrity integrity);

}  // namespace sallyport::policy
