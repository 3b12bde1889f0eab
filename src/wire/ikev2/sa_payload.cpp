#include "wire/ikev2/sa_payload.h"

namespace sallyport::wire::ikev2 {
namespace {

constexpr std::uint8_t last_substructure = 0;
constexpr std::uint8_t more_proposals = 2;
constexpr std::uint8_t more_transforms = 3;
constexpr std::size_t substructure_header_size = 4;  // last or more, reserved, length
constexpr std::uint16_t attribute_format_fixed = 0x8000;
constexpr std::uint16_t attribute_key_length = 14;

/// Takes the header that proposals and transforms have in common, and gives the reader of what follows it. `more` is
/// the marker that another of the kind follows; markers and lengths must tell the same story.
Result<Reader> open_substructure(Reader& reader, std::uint8_t more) {
  const std::size_t at = reader.offset();
  const std::uint8_t marker = TRY(reader.u8());
  TRY(reader.skip(1));
  const std::uint16_t length = TRY(reader.u16());
  if (length < substructure_header_size) return fail(ErrorCode::malformed, at + 2);
  const Reader content = TRY(reader.sub(length - substructure_header_size));
  if (marker != (reader.empty() ? last_substructure : more)) return fail(ErrorCode::malformed, at);
  return content;
}

/// Appends header and content of a proposal or transform.
template <class Content>
Result<void> write_substructure(Writer& writer, bool is_last, std::uint8_t more, Content&& content) {
  const std::size_t start = writer.size();
  writer.u8(is_last ? last_substructure : more);
  writer.u8(0);
  writer.u16(0);
  TRY(content());
  return fill_length16(writer, start + 2, start);
}

Result<void> parse_attribute(Reader& reader, Transform& transform) {
  const std::uint16_t head = TRY(reader.u16());
  TransformAttribute attribute;
  attribute.type = head & ~attribute_format_fixed & 0xffff;
  attribute.fixed_length = (head & attribute_format_fixed) != 0;
  const std::uint16_t length = attribute.fixed_length ? std::uint16_t{2} : TRY(reader.u16());
  const ByteView value = TRY(reader.bytes(length));
  // A key length in the variable form or a second one is not something to understand (RFC 7296 §3.3.5).
  if (attribute.type == attribute_key_length && attribute.fixed_length && !transform.key_length) {
    transform.key_length = load_be16(value.data());
    return {};
  }
  attribute.value = to_bytes(value);
  transform.unrecognized.push_back(std::move(attribute));
  return {};
}

Result<Transform> parse_transform(Reader& reader) {
  Transform transform;
  transform.type = TransformType{TRY(reader.u8())};
  TRY(reader.skip(1));
  transform.id = TRY(reader.u16());
  while (!reader.empty()) {
    if (transform.unrecognized.size() == max_attributes) return fail(ErrorCode::exhausted, reader.offset());
    TRY(parse_attribute(reader, transform));
  }
  return transform;
}

Result<Proposal> parse_proposal(Reader& reader) {
  Proposal proposal;
  proposal.number = TRY(reader.u8());
  proposal.protocol = ProtocolId{TRY(reader.u8())};
  const std::uint8_t spi_size = TRY(reader.u8());
  const std::size_t count_at = reader.offset();
  const std::uint8_t transform_count = TRY(reader.u8());
  proposal.spi = to_bytes(TRY(reader.bytes(spi_size)));
  proposal.transforms.reserve(transform_count);
  while (!reader.empty()) {
    if (proposal.transforms.size() == transform_count) return fail(ErrorCode::malformed, count_at);
    Reader content = TRY(open_substructure(reader, more_transforms));
    proposal.transforms.push_back(TRY(parse_transform(content)));
  }
  if (proposal.transforms.size() != transform_count) return fail(ErrorCode::malformed, count_at);
  return proposal;
}

Result<void> serialize_attribute(Writer& writer, const TransformAttribute& attribute) {
  if (attribute.type & attribute_format_fixed) return fail(ErrorCode::out_of_range, writer.size());
  if (attribute.fixed_length) {
    if (attribute.value.size() != 2) return fail(ErrorCode::out_of_range, writer.size());
    writer.u16(attribute.type | attribute_format_fixed);
  } else {
    if (attribute.value.size() > 0xffff) return fail(ErrorCode::out_of_range, writer.size());
    writer.u16(attribute.type);
    writer.u16(static_cast<std::uint16_t>(attribute.value.size()));
  }
  writer.bytes(attribute.value);
  return {};
}

Result<void> serialize_transform(Writer& writer, const Transform& transform) {
  writer.u8(number(transform.type));
  writer.u8(0);
  writer.u16(transform.id);
  if (transform.key_length) {
    writer.u16(attribute_key_length | attribute_format_fixed);
    writer.u16(*transform.key_length);
  }
  for (const auto& attribute : transform.unrecognized) TRY(serialize_attribute(writer, attribute));
  return {};
}

Result<void> serialize_proposal(Writer& writer, const Proposal& proposal) {
  if (proposal.spi.size() > 0xff || proposal.transforms.size() > max_transforms)
    return fail(ErrorCode::out_of_range, writer.size());
  writer.u8(proposal.number);
  writer.u8(number(proposal.protocol));
  writer.u8(static_cast<std::uint8_t>(proposal.spi.size()));
  writer.u8(static_cast<std::uint8_t>(proposal.transforms.size()));
  writer.bytes(proposal.spi);
  for (const Transform& transform : proposal.transforms)
    TRY(write_substructure(writer, &transform == &proposal.transforms.back(), more_transforms,
                           [&] { return serialize_transform(writer, transform); }));
  return {};
}

template <class Id>
std::string id_name(const Transform& transform, std::string_view kind) {
  const auto name = name_of(static_cast<Id>(transform.id));
  return name ? std::string(*name) : std::string(kind) + "_" + std::to_string(transform.id);
}

}  // namespace

std::string to_string(const Transform& transform) {
  const std::string type = to_string(transform.type);
  std::string text;
  switch (transform.type) {
    case TransformType::encryption: text = id_name<EncryptionId>(transform, type); break;
    case TransformType::prf: text = id_name<PrfId>(transform, type); break;
    case TransformType::integrity: text = id_name<IntegrityId>(transform, type); break;
    case TransformType::extended_sequence_numbers: text = id_name<EsnId>(transform, type); break;
    default:
      text =
          name_of(transform.type) ? id_name<KeyExchangeId>(transform, type) : type + "/" + std::to_string(transform.id);
  }
  if (transform.key_length) text += "_" + std::to_string(*transform.key_length);
  return text;
}

Result<SaPayload> SaPayload::parse_body(Reader& body) {
  if (body.empty()) return fail(ErrorCode::truncated, body.offset());
  SaPayload sa;
  while (!body.empty()) {
    if (sa.proposals.size() == max_proposals) return fail(ErrorCode::exhausted, body.offset());
    Reader content = TRY(open_substructure(body, more_proposals));
    sa.proposals.push_back(TRY(parse_proposal(content)));
  }
  return sa;
}

Result<void> SaPayload::serialize_body(Writer& writer) const {
  if (proposals.empty() || proposals.size() > max_proposals) return fail(ErrorCode::out_of_range, writer.size());
  for (const Proposal& proposal : proposals)
    TRY(write_substructure(writer, &proposal == &proposals.back(), more_proposals,
                           [&] { return serialize_proposal(writer, proposal); }));
  return {};
}

}  // namespace sallyport::wire::ikev2
