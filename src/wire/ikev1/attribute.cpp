#include "wire/ikev1/attribute.h"

namespace sallyport::wire::ikev1 {
namespace {

constexpr std::uint16_t basic_format = 0x8000;
constexpr std::size_t basic_value_size = 2;

Result<Attribute> parse_attribute(Reader& reader) {
  const std::uint16_t head = TRY(reader.u16());
  Attribute attribute;
  attribute.type = static_cast<std::uint16_t>(head & ~basic_format);
  attribute.basic = (head & basic_format) != 0;
  const std::size_t size = attribute.basic ? basic_value_size : TRY(reader.u16());
  attribute.value = to_bytes(TRY(reader.bytes(size)));
  return attribute;
}

Result<void> serialize_attribute(Writer& writer, const Attribute& attribute) {
  const std::size_t size = attribute.value.size();
  const bool value_fits = attribute.basic ? size == basic_value_size : size <= 0xffff;
  if ((attribute.type & basic_format) != 0 || !value_fits) return fail(ErrorCode::out_of_range, writer.size());
  writer.u16(attribute.basic ? attribute.type | basic_format : attribute.type);
  if (!attribute.basic) writer.u16(static_cast<std::uint16_t>(size));
  writer.bytes(attribute.value);
  return {};
}

}  // namespace

std::optional<std::uint64_t> Attribute::integer() const {
  if (value.empty()) return std::nullopt;
  std::uint64_t sum = 0;
  for (const std::uint8_t octet : value) {
    if (sum >> 56 != 0) return std::nullopt;
    sum = sum << 8 | octet;
  }
  return sum;
}

Attribute integer_attribute(std::uint16_t type, std::uint64_t value) {
  Attribute attribute{type, value <= 0xffff, {}};
  Writer writer(attribute.value);
  if (attribute.basic)
    writer.u16(static_cast<std::uint16_t>(value));
  else if (value <= 0xffffffff)
    writer.u32(static_cast<std::uint32_t>(value));
  else
    writer.u64(value);
  return attribute;
}

Result<Attributes> parse_attributes(Reader& reader, std::size_t bound) {
  Attributes attributes;
  while (!reader.empty()) {
    if (attributes.size() == bound) return fail(ErrorCode::exhausted, reader.offset());
    attributes.push_back(TRY(parse_attribute(reader)));
  }
  return attributes;
}

Result<void> serialize_attributes(Writer& writer, const Attributes& attributes, std::size_t bound) {
  if (attributes.size() > bound) return fail(ErrorCode::out_of_range, writer.size());
  for (const Attribute& attribute : attributes) TRY(serialize_attribute(writer, attribute));
  return {};
}

}  // namespace sallyport::wire::ikev1
