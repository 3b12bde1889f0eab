// Proposals: which algorithms may protect an SA, what two sides have in common, and, when it is nothing, what is
// nearest. Words are swanctl's: "aes256gcm16-prfsha384-ecp384", "aes128-sha256-modp2048", "chacha20poly1305-noesn",
// "aes256gcm16-prfsha384-x25519-ke1_mlkem768".
#pragma once

#include <array>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/algorithms.h"

namespace sallyport::policy {

/// What an SA, and so a proposal, is for.
enum class Protocol : std::uint8_t {
  ike,
  esp,
  ah
};

enum class SequenceNumbers : std::uint8_t {
  bits32,
  bits64
};

/// Key exchanges beside the one that each SA begins with (RFC 9370): at most so many.
inline constexpr std::size_t kMostAdditional = 7;
/// The alternatives of one of them; `none` among them makes it optional.
struct AdditionalKeyExchange {
  std::uint8_t place = 1;  // 1 to kMostAdditional, the order in which they are carried out
  std::vector<crypto::KeyExchangeMethod> methods;

  friend bool operator==(const AdditionalKeyExchange&, const AdditionalKeyExchange&) = default;
};

/// Alternatives of each kind; a suite takes one of each. An empty list means that the kind does not occur.
struct Proposal {
  Protocol protocol = Protocol::ike;
  std::vector<crypto::Encryption> encryption;
  std::vector<crypto::Integrity> integrity;
  std::vector<crypto::Prf> prf;                         // IKE alone
  std::vector<crypto::KeyExchangeMethod> key_exchange;  // IKE: at least one; ESP and AH: for forward secrecy
  std::vector<SequenceNumbers> sequence_numbers;        // ESP and AH alone
  std::vector<AdditionalKeyExchange> additional;        // by place; those that occur
  bool other_key_exchange = false;  // a peer's: with key exchanges that we do not have; with no other, none will do

  /// nullptr where it does not occur.
  const std::vector<crypto::KeyExchangeMethod>* additional_at(std::size_t place) const;
  friend bool operator==(const Proposal&, const Proposal&) = default;
};

/// One algorithm of each kind: what an SA uses.
struct Suite {
  Protocol protocol = Protocol::ike;
  crypto::Encryption encryption{};
  crypto::Integrity integrity = crypto::Integrity::none;
  crypto::Prf prf = crypto::Prf::hmac_sha2_256;
  crypto::KeyExchangeMethod key_exchange = crypto::KeyExchangeMethod::none;
  SequenceNumbers sequence_numbers = SequenceNumbers::bits32;
  std::array<crypto::KeyExchangeMethod, kMostAdditional> additional{};  // by place; none: is not carried out

  /// The first place from `place` on (the first is 1) with a key exchange to carry out; 0: there is none.
  std::size_t next_additional(std::size_t place = 1) const {
    for (; place <= additional.size(); ++place)
      if (additional[place - 1] != crypto::KeyExchangeMethod::none) return place;
    return 0;
  }
  bool extended_sequence_numbers() const { return sequence_numbers == SequenceNumbers::bits64; }
  friend bool operator==(const Suite&, const Suite&) = default;
};

/// Why a proposal's text cannot be taken: the word (empty: something is missing), a sentence about it, and a suggestion
/// where one is near.
struct ProposalError {
  std::string word;
  std::string message;
  std::size_t offset = 0;       // of the word, octets into the text
  std::string suggestion = {};  // "did you mean "aes128"?"; may be empty
};
/// `text` is one proposal. Words of one kind are alternatives. Without a prf word, IKE's PRFs follow from the integrity
/// words, and with a combined-mode cipher that is all they say: one of the two is needed. Otherwise a combined-mode
/// cipher takes no integrity. GMAC's words are ciphers of ESP, and integrity algorithms of AH. ESP and AH without esn
/// or noesn offer both, extended first. Ciphers of both modes in one proposal are refused (RFC 7296 §3.3). "none" among
/// the key exchanges of ESP or AH makes forward secrecy optional. "ke1_" to "ke7_" in front of a key exchange makes it
/// an additional one, with "ke1_none" an optional one; no method serves twice in one SA, so there have to be enough.
std::expected<Proposal, ProposalError> parse_proposal(Protocol protocol, std::string_view text);

/// What is offered and accepted when nothing is configured: modern algorithms alone, strongest habit first.
const std::vector<Proposal>& default_proposals(Protocol protocol);

/// A responder's choice among `offered`, or an initiator's check of an answer.
struct Choice {
  std::size_t offered_index;  // which of `offered`
  Suite suite;
};
/// The first of `configured` that some of `offered` meets; within it, our order of algorithms decides. With
/// `ignore_key_exchange` (a Child SA of IKE_AUTH), key exchange methods are passed over (RFC 7296 §1.2). No method is
/// chosen for two key exchanges (RFC 9370 §2.2.1), and without a first one there are no additional ones.
std::optional<Choice> choose(const std::vector<Proposal>& configured, const std::vector<Proposal>& offered,
                             bool ignore_key_exchange = false);

/// One kind of transform in which two proposals have nothing in common.
struct Difference {
  enum class Kind : std::uint8_t {
    encryption,
    integrity,
    prf,
    key_exchange,
    additional_key_exchange,
    sequence_numbers
  } kind;
  std::string ours;  // words of ours, separated by spaces; empty: none
  std::string theirs;
};
/// When choose() found nothing: the pair with the fewest differences.
struct NearestMiss {
  std::size_t configured_index;
  std::size_t offered_index;
  std::vector<Difference> differences;
};
std::optional<NearestMiss> nearest_miss(const std::vector<Proposal>& configured, const std::vector<Proposal>& offered,
                                        bool ignore_key_exchange = false);

/// All weak algorithms named in the proposal, each with its reason: "modp1024: …".
std::vector<std::string> weaknesses(const Proposal& proposal);

/// The words again; parse_proposal(to_string(p)) == p for what that made.
std::string to_string(const Proposal& proposal);
/// Without esn or noesn, which are facts of their own wherever a suite is shown.
std::string to_string(const Suite& suite);
std::string to_string(const std::vector<Proposal>& proposals);  // separated by ", "
std::string_view to_string(Difference::Kind kind);
std::string_view to_string(SequenceNumbers numbers);  // "esn", "noesn"
std::string_view to_string(Protocol protocol);        // "IKE", "ESP", "AH"

}  // namespace sallyport::policy
