// Client puzzles (RFC 8019): a responder under attack lets initiators work before it does. To find are four keys for
// which prf(key, S) ends with so many zero bits; S is the cookie in IKE_SA_INIT, and Nr | SPIr in IKE_AUTH.
#pragma once

#include <optional>

#include "crypto/provider.h"
#include "wire/ikev2/message.h"

namespace sallyport::ike::v2 {

/// What PUZZLE asks for (RFC 8019 §8.1).
struct Puzzle {
  crypto::Prf prf = crypto::Prf::hmac_sha2_256;
  std::uint8_t difficulty = 0;  // zero bits; 0, in IKE_SA_INIT alone: as many as the initiator likes

  friend bool operator==(const Puzzle&, const Puzzle&) = default;
};
wire::ikev2::NotifyPayload write_puzzle(const Puzzle& puzzle);
/// nullopt: none, or not one that we can solve.
std::optional<Puzzle> read_puzzle(const crypto::Provider& crypto, const wire::ikev2::PayloadChain& payloads);
/// The first PRF that an initiator offers and we have (RFC 8019 §7.1.1.2); nullopt: it offers none.
std::optional<crypto::Prf> puzzle_prf(const crypto::Provider& crypto, const wire::ikev2::SaPayload& offered);

/// S of IKE_AUTH (RFC 8019 §7.2.2).
Bytes puzzle_string(ByteView nonce_r, std::uint64_t spi_r);

/// The zero bits that each of the four keys reaches; nullopt: it is not four keys that differ.
std::optional<unsigned> zero_bits_reached(crypto::Provider& crypto, crypto::Prf prf, ByteView string,
                                          const wire::ikev2::PuzzleSolutionPayload& solution);

/// An initiator's search, which can be laid aside.
class PuzzleSearch {
 public:
  /// `difficulty` is at least 1 here, and at most 32.
  PuzzleSearch(const Puzzle& puzzle, Bytes string) : puzzle_(puzzle), string_(std::move(string)) {}

  /// Tries so many keys.
  enum class State : std::uint8_t {
    open,
    solved,
    hopeless  // so many were tried that there should have been several solutions
  };
  State go_on(crypto::Provider& crypto, std::uint32_t tries);
  Bytes take_solution() { return std::move(found_); }

 private:
  Puzzle puzzle_;
  Bytes string_;
  std::uint64_t next_ = 0;
  Bytes found_;
};

/// So many keys are tried before something else gets its turn: a few milliseconds.
inline constexpr std::uint32_t kTriesAtOnce = 1024;

}  // namespace sallyport::ike::v2
