// Proposals out of words. Printing is in proposal_text.cpp, choosing in proposal_choice.cpp.
#include "policy/proposal.h"

#include <algorithm>

#include "policy/proposal_words.h"
#include "policy/spelling.h"
#include "policy/text_error.h"

namespace sallyport::policy {
namespace {

using crypto::Encryption;
using crypto::Integrity;
using crypto::KeyExchangeMethod;
using crypto::Prf;

using Checked = std::expected<void, ProposalError>;

template <class T>
void add_once(std::vector<T>& alternatives, T value) {
  if (std::ranges::find(alternatives, value) == alternatives.end()) alternatives.push_back(value);
}

std::string lower_case(std::string_view text) {
  std::string lowered(text);
  for (char& c : lowered)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lowered;
}

/// A word that means nothing here: perhaps it does elsewhere, perhaps it is misspelt.
ProposalError about_unknown(const std::string& word, std::size_t offset) {
  if (word.empty()) return {"-", "a word is missing beside the dash", offset};
  if (word == "default") return {word, "\"default\" stands alone, in place of a whole proposal", offset};
  if (is_unsupported_word(word)) return {word, quoted(word) + " is not supported yet", offset};
  std::vector<std::string_view> words;
  words.reserve(proposal_words().size());
  for (const ProposalWord& each : proposal_words()) words.push_back(each.word);
  return {word, quoted(word) + " is no algorithm", offset, did_you_mean(word, words)};
}

Integrity gmac_of(std::uint16_t key_bits) {
  return key_bits == 128   ? Integrity::aes_128_gmac
         : key_bits == 192 ? Integrity::aes_192_gmac
                           : Integrity::aes_256_gmac;
}

/// Puts one word's transform into its place, unless the protocol has no such place.
struct Placement {
  Proposal& proposal;

  bool is_ike() const { return proposal.protocol == Protocol::ike; }

  const char* operator()(Encryption encryption) {
    if (proposal.protocol == Protocol::ah) {
      if (encryption.cipher == crypto::Cipher::aes_gmac) return (*this)(gmac_of(encryption.key_bits));
      return "AH does not encrypt: it takes integrity algorithms alone";
    }
    if (is_ike() && !is_confidential(encryption.cipher)) return "IKE's own messages are always encrypted";
    if (is_ike() && has_implicit_iv(encryption.cipher)) return "IKE's own messages carry their IVs";
    add_once(proposal.encryption, encryption);
    return nullptr;
  }
  const char* operator()(Integrity integrity) {
    add_once(proposal.integrity, integrity);
    return nullptr;
  }
  const char* operator()(Prf prf) {
    if (!is_ike()) return "only IKE proposals have a PRF";
    add_once(proposal.prf, prf);
    return nullptr;
  }
  const char* operator()(KeyExchangeMethod method) {
    if (is_ike() && method == KeyExchangeMethod::none) return "IKE cannot do without a key exchange";
    add_once(proposal.key_exchange, method);
    return nullptr;
  }
  const char* additional(std::size_t place, KeyExchangeMethod method) {
    auto& all = proposal.additional;
    auto at = std::ranges::find_if(all, [&](const AdditionalKeyExchange& each) { return each.place >= place; });
    if (at == all.end() || at->place != place) at = all.insert(at, {static_cast<std::uint8_t>(place), {}});
    add_once(at->methods, method);
    return nullptr;
  }
  const char* operator()(SequenceNumbers numbers) {
    if (is_ike()) return "only ESP and AH proposals have sequence numbers";
    add_once(proposal.sequence_numbers, numbers);
    return nullptr;
  }
};

Checked place_additional(Proposal& proposal, const std::string& word, const AdditionalWord& split, std::size_t offset) {
  const auto known = std::ranges::find(proposal_words(), split.method, &ProposalWord::word);
  const auto* method = known == proposal_words().end() ? nullptr : std::get_if<KeyExchangeMethod>(&known->transform);
  if (method) {
    Placement{proposal}.additional(split.place, *method);
    return {};
  }
  if (is_unsupported_word(split.method)) return std::unexpected(about_unknown(std::string(split.method), offset));
  std::vector<std::string_view> methods;
  for (const ProposalWord& each : proposal_words())
    if (std::holds_alternative<KeyExchangeMethod>(each.transform)) methods.push_back(each.word);
  return std::unexpected(
      ProposalError{word, quoted(split.method) + " is no key exchange", offset, did_you_mean(split.method, methods)});
}

Checked place_word(Proposal& proposal, std::string_view written, std::size_t offset) {
  const std::string word = lower_case(written);
  if (const auto split = split_additional(word)) return place_additional(proposal, word, *split, offset);
  const auto known = std::ranges::find(proposal_words(), word, &ProposalWord::word);
  if (known == proposal_words().end()) return std::unexpected(about_unknown(word, offset));
  if (const char* refusal = std::visit(Placement{proposal}, known->transform))
    return std::unexpected(ProposalError{word, quoted(word) + " does not belong here: " + refusal, offset});
  return {};
}

std::unexpected<ProposalError> incomplete(std::string message) {
  return std::unexpected(ProposalError{"", std::move(message), 0});
}

/// Ciphers and integrity must go together (RFC 7296 §3.3).
Checked check_protection(Proposal& proposal) {
  if (proposal.encryption.empty()) return incomplete("an encryption algorithm is missing, such as aes256gcm16");
  const auto combined =
      std::ranges::count_if(proposal.encryption, [](const Encryption& e) { return is_combined(e.cipher); });
  if (combined != 0 && static_cast<std::size_t>(combined) != proposal.encryption.size())
    return incomplete(
        "combined-mode ciphers (GCM, CCM, GMAC, ChaCha20-Poly1305) and others need proposals of their own");
  if (combined == 0 && proposal.integrity.empty())
    return incomplete("an integrity algorithm is missing, such as sha256: " + to_string(proposal.encryption.front()) +
                      " only encrypts");
  if (combined != 0 && !proposal.integrity.empty()) {
    if (proposal.protocol != Protocol::ike || !proposal.prf.empty())
      return incomplete(to_string(proposal.encryption.front()) + " brings its own integrity: leave out " +
                        std::string(to_string(proposal.integrity.front())));
    // As in swanctl: what is named as integrity can only be meant for the PRF.
    for (const Integrity integrity : proposal.integrity) add_once(proposal.prf, prf_of(integrity));
    proposal.integrity.clear();
  }
  return {};
}

/// A key exchange of its own for each place, or none at all where that may be (RFC 9370 §2.2.1).
Checked check_additional(const Proposal& proposal) {
  if (proposal.additional.empty()) return {};
  if (std::ranges::all_of(proposal.key_exchange, [](auto each) { return each == KeyExchangeMethod::none; }))
    return incomplete("an additional key exchange (ke1_) needs a first one, such as x25519");
  if (!choose({proposal}, {proposal}))
    return incomplete("no method may serve for two of the key exchanges: name one more, or keN_none");
  return {};
}

Checked complete_ike(Proposal& proposal) {
  if (proposal.prf.empty())
    for (const Integrity integrity : proposal.integrity) add_once(proposal.prf, prf_of(integrity));
  if (proposal.prf.empty())
    return incomplete("a PRF is missing, such as prfsha256: " + to_string(proposal.encryption.front()) +
                      " does not imply one");
  if (proposal.key_exchange.empty()) return incomplete("a key exchange is missing, such as x25519");
  return {};
}

std::vector<Proposal> make_default(Protocol protocol) {
  using enum crypto::Cipher;
  Proposal combined{.protocol = protocol,
                    .encryption = {{aes_gcm_16, 256}, {aes_gcm_16, 128}, {chacha20_poly1305, 256}}};
  Proposal separate{
      .protocol = protocol,
      .encryption = {{aes_cbc, 256}, {aes_cbc, 128}},
      .integrity = {Integrity::hmac_sha2_256_128, Integrity::hmac_sha2_384_192, Integrity::hmac_sha2_512_256}};
  for (Proposal* each : {&combined, &separate}) {
    if (protocol == Protocol::ike) {
      using enum KeyExchangeMethod;
      each->prf = {Prf::hmac_sha2_256, Prf::hmac_sha2_384, Prf::hmac_sha2_512};
      each->key_exchange = {x25519, ecp384, ecp256, modp3072, modp2048};
    } else {
      each->sequence_numbers = {SequenceNumbers::bits64, SequenceNumbers::bits32};
    }
  }
  if (protocol != Protocol::ah) return {combined, separate};
  separate.encryption.clear();
  return {separate};
}

}  // namespace

std::expected<Proposal, ProposalError> parse_proposal(Protocol protocol, std::string_view text) {
  Proposal proposal{.protocol = protocol};
  for (std::size_t start = 0, end = 0; end != std::string_view::npos; start = end + 1) {
    end = text.find('-', start);
    const std::string_view word = text.substr(start, end == std::string_view::npos ? end : end - start);
    if (auto placed = place_word(proposal, word, start); !placed) return std::unexpected(placed.error());
  }
  if (protocol == Protocol::ah) {
    if (proposal.integrity.empty()) return incomplete("an integrity algorithm is missing, such as sha256");
  } else if (auto checked = check_protection(proposal); !checked) {
    return std::unexpected(checked.error());
  }
  if (protocol == Protocol::ike) {
    if (auto completed = complete_ike(proposal); !completed) return std::unexpected(completed.error());
  } else if (proposal.sequence_numbers.empty()) {
    proposal.sequence_numbers = {SequenceNumbers::bits64, SequenceNumbers::bits32};
  }
  if (auto checked = check_additional(proposal); !checked) return std::unexpected(checked.error());
  return proposal;
}

const std::vector<KeyExchangeMethod>* Proposal::additional_at(std::size_t place) const {
  const auto found = std::ranges::find(additional, place, &AdditionalKeyExchange::place);
  return found == additional.end() ? nullptr : &found->methods;
}

const std::vector<Proposal>& default_proposals(Protocol protocol) {
  static const std::vector<Proposal> ike = make_default(Protocol::ike);
  static const std::vector<Proposal> esp = make_default(Protocol::esp);
  static const std::vector<Proposal> ah = make_default(Protocol::ah);
  return protocol == Protocol::ike ? ike : protocol == Protocol::esp ? esp : ah;
}

std::vector<std::string> weaknesses(const Proposal& proposal) {
  std::vector<std::string> found;
  const auto look = [&](const auto& alternatives) {
    for (const auto& each : alternatives)
      if (const auto why = crypto::weakness(each))
        found.push_back(std::string(to_string(each)) + ": " + std::string(*why));
  };
  look(proposal.encryption);
  look(proposal.integrity);
  if (!prf_is_implied(proposal)) look(proposal.prf);
  look(proposal.key_exchange);
  for (const AdditionalKeyExchange& each : proposal.additional) look(each.methods);
  return found;
}

}  // namespace sallyport::policy
