// SK and SKF: the encrypted payload (RFC 7296 §3.14) and the encrypted fragment (RFC 7383 §2.5), still encrypted. The
// body is opaque here; below is where its parts stand, so that whoever holds the keys can open and seal in place.
//
//   [ IKE header ][ other payloads ][ generic header ][ SKF: fragment numbers ][ IV ][ text ][ ICV ]
//   [ associated data (RFC 5282 §5.1) ...................................... ][ body ............. ]
//   text = payloads, padding, pad length
//
// It is always the message's last payload, so its body is always the message's end.
#pragma once

#include "wire/ike_header.h"
#include "wire/ikev2/payload_format.h"

namespace sallyport::wire::ikev2 {

struct SkPayload {
  static constexpr PayloadType payload_type = PayloadType::sk;
  PayloadType first_inner = PayloadType::none;  // stands in the generic header's next payload field
  Bytes body;                                   // IV, ciphertext, ICV

  Result<void> serialize_body(Writer& writer) const;
  friend bool operator==(const SkPayload&, const SkPayload&) = default;
};

struct SkfPayload {
  static constexpr PayloadType payload_type = PayloadType::skf;
  PayloadType first_inner = PayloadType::none;  // in fragment 1 only; `none` in the others
  std::uint16_t fragment_number = 1;            // from 1 to total_fragments
  std::uint16_t total_fragments = 1;
  Bytes body;  // IV, ciphertext, ICV

  /// ErrorCode::out_of_range for a fragment number of zero or beyond the total.
  static Result<SkfPayload> parse_body(Reader& body);
  Result<void> serialize_body(Writer& writer) const;
  friend bool operator==(const SkfPayload&, const SkfPayload&) = default;
};

/// What the ICV covers beside the ciphertext: all of the message before the encrypted payload's body.
/// `message` is the one that the payload was parsed from.
inline ByteView associated_data(ByteView message, std::size_t body_size) {
  return message.first(message.size() - body_size);
}

/// Octets of the parts of a body to be made; `text` with padding and pad length.
struct SkSizes {
  std::size_t iv;
  std::size_t text;
  std::size_t icv;
};

/// A message that wants sealing: all headers in place, IV, text and ICV zero. Offsets in octets from its start.
struct SkLayout {
  Bytes message;
  std::size_t iv_offset;  // also the size of the associated data
  std::size_t text_offset;
  std::size_t icv_offset;

  ByteView associated_data() const { return ByteView(message).first(iv_offset); }
  ByteSpan iv() { return ByteSpan(message).subspan(iv_offset, text_offset - iv_offset); }
  ByteSpan text() { return ByteSpan(message).subspan(text_offset, icv_offset - text_offset); }
  ByteSpan icv() { return ByteSpan(message).subspan(icv_offset); }
};

/// A payload in clear before the encrypted one: its type, and what follows its generic header.
struct InFront {
  PayloadType type = PayloadType::none;  // none: there is none
  Bytes body;

  std::size_t size() const { return type == PayloadType::none ? 0 : generic_header_size + body.size(); }
};

/// Lays out a message of one SK payload, and perhaps another before it. Of `header`, next payload and length are filled
/// in. ErrorCode::out_of_range when it would exceed max_message_size.
Result<SkLayout> lay_out_sk(const IkeHeader& header, PayloadType first_inner, const SkSizes& sizes,
                            const InFront& in_front = {});
/// The same for one fragment; `fragment.body` is not used.
Result<SkLayout> lay_out_skf(const IkeHeader& header, const SkfPayload& fragment, const SkSizes& sizes,
                             const InFront& in_front = {});

/// Octets of text for `inner` octets of payloads: with the shortest padding, and the pad length, a multiple of `block`.
std::size_t padded_text_size(std::size_t inner, std::size_t block);
/// Writes padding and pad length behind the first `inner` octets of `text`; at most 256 octets are left for them.
void write_padding(ByteSpan text, std::size_t inner);
/// The payloads in a decrypted text, of any padding (RFC 7296 §3.14); ErrorCode::malformed when the pad length exceeds
/// it.
Result<ByteView> strip_padding(ByteView text);

}  // namespace sallyport::wire::ikev2
