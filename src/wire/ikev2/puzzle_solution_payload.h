// The Puzzle Solution (RFC 8019 §8.2): four keys of the same size, one after the other.
#pragma once

#include "wire/ikev2/payload_format.h"

namespace sallyport::wire::ikev2 {

struct PuzzleSolutionPayload {
  static constexpr PayloadType payload_type = PayloadType::ps;
  static constexpr std::size_t keys = 4;
  Bytes data;

  /// ErrorCode::malformed unless it can be four keys of at least an octet.
  static Result<PuzzleSolutionPayload> parse_body(Reader& body);
  Result<void> serialize_body(Writer& writer) const;
  friend bool operator==(const PuzzleSolutionPayload&, const PuzzleSolutionPayload&) = default;
};

}  // namespace sallyport::wire::ikev2
