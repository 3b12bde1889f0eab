#include "wire/ikev2/ts_payload.h"

namespace sallyport::wire::ikev2 {
namespace {

constexpr std::size_t selector_header_size = 4;  // type, protocol, length
constexpr std::size_t max_selectors = 255;       // the count field's own limit

bool is_address_range(TsType type) { return type == TsType::ipv4_addr_range || type == TsType::ipv6_addr_range; }

Result<TrafficSelector> parse_range(TsType type, std::uint8_t ip_protocol, Reader& content) {
  TrafficSelector range{.type = type, .ip_protocol = ip_protocol};
  range.start_port = TRY(content.u16());
  range.end_port = TRY(content.u16());
  std::ranges::copy(TRY(content.bytes(range.address_size())), range.start.begin());
  std::ranges::copy(TRY(content.bytes(range.address_size())), range.end.begin());
  TRY(content.finish());
  return range;
}

Result<void> parse_selector(Reader& body, TrafficSelectors& selectors) {
  const std::size_t at = body.offset();
  const TsType type{TRY(body.u8())};
  const std::uint8_t second_octet = TRY(body.u8());
  const std::uint16_t length = TRY(body.u16());
  if (length < selector_header_size) return fail(ErrorCode::malformed, at + 2);
  Reader content = TRY(body.sub(length - selector_header_size));
  if (is_address_range(type))
    selectors.ranges.push_back(TRY(parse_range(type, second_octet, content)));
  else
    selectors.opaque.push_back({type, second_octet, to_bytes(content.rest())});
  return {};
}

Result<TrafficSelectors> parse_selectors(Reader& body) {
  const std::uint8_t count = TRY(body.u8());
  TRY(body.skip(3));
  TrafficSelectors selectors;
  for (std::uint8_t i = 0; i < count; ++i) TRY(parse_selector(body, selectors));
  return selectors;
}

Result<void> serialize_range(Writer& writer, const TrafficSelector& range) {
  if (!is_address_range(range.type)) return fail(ErrorCode::out_of_range, writer.size());
  const std::size_t start = writer.size();
  writer.u8(number(range.type));
  writer.u8(range.ip_protocol);
  writer.u16(0);
  writer.u16(range.start_port);
  writer.u16(range.end_port);
  writer.bytes(range.start_address());
  writer.bytes(range.end_address());
  return fill_length16(writer, start + 2, start);
}

Result<void> serialize_opaque(Writer& writer, const OpaqueTrafficSelector& selector) {
  if (is_address_range(selector.type)) return fail(ErrorCode::out_of_range, writer.size());
  const std::size_t start = writer.size();
  writer.u8(number(selector.type));
  writer.u8(selector.second_octet);
  writer.u16(0);
  writer.bytes(selector.data);
  return fill_length16(writer, start + 2, start);
}

Result<void> serialize_selectors(Writer& writer, const TrafficSelectors& selectors) {
  const std::size_t count = selectors.ranges.size() + selectors.opaque.size();
  if (count > max_selectors) return fail(ErrorCode::out_of_range, writer.size());
  writer.u8(static_cast<std::uint8_t>(count));
  writer.zeros(3);
  for (const auto& range : selectors.ranges) TRY(serialize_range(writer, range));
  for (const auto& selector : selectors.opaque) TRY(serialize_opaque(writer, selector));
  return {};
}

}  // namespace

Result<TsiPayload> TsiPayload::parse_body(Reader& body) { return TsiPayload{TRY(parse_selectors(body))}; }
Result<TsrPayload> TsrPayload::parse_body(Reader& body) { return TsrPayload{TRY(parse_selectors(body))}; }
Result<void> TsiPayload::serialize_body(Writer& writer) const { return serialize_selectors(writer, selectors); }
Result<void> TsrPayload::serialize_body(Writer& writer) const { return serialize_selectors(writer, selectors); }

}  // namespace sallyport::wire::ikev2
