#include "wire/ikev2/sk_payload.h"

namespace sallyport::wire::ikev2 {
namespace {

constexpr std::size_t fragment_header_size = 4;  // fragment number, total fragments

/// Header and generic header of a message whose last payload is `type`, of `payload_size` octets.
Result<Bytes> begin_message(IkeHeader header, PayloadType type, PayloadType first_inner, std::size_t payload_size,
                            const InFront& in_front) {
  const std::size_t size = ike_header_size + in_front.size() + payload_size;
  if (size > max_message_size) return fail(ErrorCode::out_of_range);
  header.next_payload = number(in_front.size() != 0 ? in_front.type : type);
  header.length = static_cast<std::uint32_t>(size);
  Bytes message;
  message.reserve(size);
  Writer writer(message);
  serialize_ike_header(writer, header);
  if (in_front.size() != 0) {
    writer.u8(number(type));
    writer.u8(0);
    writer.u16(static_cast<std::uint16_t>(in_front.size()));
    writer.bytes(in_front.body);
  }
  writer.u8(number(first_inner));
  writer.u8(0);
  writer.u16(static_cast<std::uint16_t>(payload_size));
  return message;
}

std::size_t body_size(const SkSizes& sizes) { return sizes.iv + sizes.text + sizes.icv; }

SkLayout append_body(Bytes message, const SkSizes& sizes) {
  const std::size_t iv_offset = message.size();
  message.resize(iv_offset + body_size(sizes));
  return {std::move(message), iv_offset, iv_offset + sizes.iv, iv_offset + sizes.iv + sizes.text};
}

}  // namespace

Result<void> SkPayload::serialize_body(Writer& writer) const {
  writer.bytes(body);
  return {};
}

Result<SkfPayload> SkfPayload::parse_body(Reader& reader) {
  const std::size_t at = reader.offset();
  SkfPayload fragment;
  fragment.fragment_number = TRY(reader.u16());
  fragment.total_fragments = TRY(reader.u16());
  if (fragment.fragment_number == 0 || fragment.fragment_number > fragment.total_fragments)
    return fail(ErrorCode::out_of_range, at);
  fragment.body = to_bytes(reader.rest());
  return fragment;
}

Result<void> SkfPayload::serialize_body(Writer& writer) const {
  if (fragment_number == 0 || fragment_number > total_fragments) return fail(ErrorCode::out_of_range, writer.size());
  writer.u16(fragment_number);
  writer.u16(total_fragments);
  writer.bytes(body);
  return {};
}

Result<SkLayout> lay_out_sk(const IkeHeader& header, PayloadType first_inner, const SkSizes& sizes,
                            const InFront& in_front) {
  Bytes message =
      TRY(begin_message(header, PayloadType::sk, first_inner, generic_header_size + body_size(sizes), in_front));
  return append_body(std::move(message), sizes);
}

Result<SkLayout> lay_out_skf(const IkeHeader& header, const SkfPayload& fragment, const SkSizes& sizes,
                             const InFront& in_front) {
  const std::size_t payload_size = generic_header_size + fragment_header_size + body_size(sizes);
  Bytes message = TRY(begin_message(header, PayloadType::skf, fragment.first_inner, payload_size, in_front));
  Writer writer(message);
  writer.u16(fragment.fragment_number);
  writer.u16(fragment.total_fragments);
  return append_body(std::move(message), sizes);
}

std::size_t padded_text_size(std::size_t inner, std::size_t block) {
  ASSERT(block > 0);
  return (inner + 1 + block - 1) / block * block;
}

void write_padding(ByteSpan text, std::size_t inner) {
  ASSERT(text.size() > inner && text.size() - inner <= 256);
  const ByteSpan padding = text.subspan(inner);
  std::ranges::fill(padding, std::uint8_t{0});
  padding.back() = static_cast<std::uint8_t>(padding.size() - 1);
}

Result<ByteView> strip_padding(ByteView text) {
  if (text.empty()) return fail(ErrorCode::malformed);
  const std::size_t padding = std::size_t{text.back()} + 1;
  if (padding > text.size()) return fail(ErrorCode::malformed, text.size() - 1);
  return text.first(text.size() - padding);
}

}  // namespace sallyport::wire::ikev2
