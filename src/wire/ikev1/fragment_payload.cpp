#include "wire/ikev1/fragment_payload.h"

namespace sallyport::wire::ikev1 {
namespace {

constexpr std::uint8_t last_fragment = 0x01;

}  // namespace

Result<FragmentPayload> FragmentPayload::parse_body(Reader& body) {
  FragmentPayload fragment;
  fragment.id = TRY(body.u16());
  const std::size_t number_at = body.offset();
  fragment.fragment_number = TRY(body.u8());
  if (fragment.fragment_number == 0) return fail(ErrorCode::out_of_range, number_at);
  fragment.is_last = (TRY(body.u8()) & last_fragment) != 0;
  fragment.data = to_bytes(body.rest());
  return fragment;
}

Result<void> FragmentPayload::serialize_body(Writer& writer) const {
  if (fragment_number == 0) return fail(ErrorCode::out_of_range, writer.size());
  writer.u16(id);
  writer.u8(fragment_number);
  writer.u8(is_last ? last_fragment : 0);
  writer.bytes(data);
  return {};
}

}  // namespace sallyport::wire::ikev1
