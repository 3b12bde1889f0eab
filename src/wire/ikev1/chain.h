// RawChain: where each payload of a message stands, before any is looked into. What IKEv1 hashes are octets as they
// were sent (SAi_b and IDii_b of RFC 2409 §5; all that follows HASH in §5.5), and this is where they are found.
//
//   [ next | 0 | length | body … ][ next | 0 | length | body … ] … [ padding ]
#pragma once

#include "wire/ikev1/payload_format.h"

namespace sallyport::wire::ikev1 {

/// Bound on the payloads of one chain; real messages stay below 40, chains of many certificates included.
inline constexpr std::size_t max_payloads = 128;
/// Octets that may stand behind the last payload. In the clear: zeros, with which some peers fill a message up to a
/// multiple of four. Decrypted: anything, for padding has no length field that could be relied on (RFC 2409 §5 and
/// appendix B differ), and peers pad at random.
inline constexpr std::size_t max_clear_padding = 3;
inline constexpr std::size_t max_decrypted_padding = 255;

enum class Protection : std::uint8_t {
  clear,
  decrypted
};

struct RawPayload {
  PayloadType type{};
  ByteView octets;         // with its generic header
  std::size_t offset = 0;  // in the message

  ByteView body() const { return octets.subspan(generic_header_size); }
};

/// Views of the octets that were split.
struct RawChain {
  std::vector<RawPayload> payloads;
  ByteView octets;  // of all payloads, without padding

  /// The first payload of the type, or nullptr.
  const RawPayload* find(PayloadType type) const;
  /// All that follows the payload at `index`, to the end of the last payload: what HASH(1) covers when HASH is first.
  ByteView behind(std::size_t index) const;
};

/// Walks the payloads of which the first has type `first`; `base_offset` is where `bytes` begins in the message, for
/// the offsets in errors. ErrorCode::malformed for a length below 4, a reserved octet other than zero (RFC 2408 §5.3:
/// it also tells a wrong key), or a proposal or transform outside of an SA payload; ErrorCode::truncated for a payload
/// that ends behind `bytes`; ErrorCode::exhausted beyond max_payloads; ErrorCode::trailing for more than padding at the
/// end.
Result<RawChain> split_payloads(PayloadType first, ByteView bytes, Protection protection, std::size_t base_offset);

}  // namespace sallyport::wire::ikev1
