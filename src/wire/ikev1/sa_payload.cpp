#include "wire/ikev1/sa_payload.h"

namespace sallyport::wire::ikev1 {
namespace {

constexpr std::size_t ipsec_spi_size = 4;
constexpr std::size_t cpi_size = 2;

/// Takes the generic header of a proposal or transform, and gives the reader of what follows it. `kind` is what its
/// next payload field says when another of the kind follows; that and the lengths must tell the same story.
Result<Reader> open_inner_payload(Reader& reader, PayloadType kind) {
  const std::size_t at = reader.offset();
  const PayloadType next{TRY(reader.u8())};
  TRY(reader.skip(1));
  const std::uint16_t length = TRY(reader.u16());
  if (length < generic_header_size) return fail(ErrorCode::malformed, at + 2);
  const Reader content = TRY(reader.sub(length - generic_header_size));
  if (next != (reader.empty() ? PayloadType::none : kind)) return fail(ErrorCode::malformed, at);
  return content;
}

/// Appends generic header and content of a proposal or transform.
template <class Content>
Result<void> write_inner_payload(Writer& writer, PayloadType next, Content&& content) {
  const std::size_t start = writer.size();
  writer.u8(number(next));
  writer.u8(0);
  writer.u16(0);
  TRY(content());
  return fill_length16(writer, start + 2, start);
}

Result<Transform> parse_transform(Reader& reader) {
  Transform transform;
  transform.number = TRY(reader.u8());
  transform.id = TRY(reader.u8());
  TRY(reader.skip(2));
  transform.attributes = TRY(parse_attributes(reader, max_transform_attributes));
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
  while (!reader.empty()) {
    if (proposal.transforms.size() == transform_count) return fail(ErrorCode::malformed, count_at);
    Reader content = TRY(open_inner_payload(reader, PayloadType::transform));
    proposal.transforms.push_back(TRY(parse_transform(content)));
  }
  if (proposal.transforms.size() != transform_count) return fail(ErrorCode::malformed, count_at);
  return proposal;
}

Result<void> serialize_transform(Writer& writer, const Transform& transform) {
  writer.u8(transform.number);
  writer.u8(transform.id);
  writer.u16(0);
  return serialize_attributes(writer, transform.attributes, max_transform_attributes);
}

Result<void> serialize_proposal(Writer& writer, const Proposal& proposal) {
  if (proposal.spi.size() > 0xff || proposal.transforms.size() > max_transforms)
    return fail(ErrorCode::out_of_range, writer.size());
  writer.u8(proposal.number);
  writer.u8(number(proposal.protocol));
  writer.u8(static_cast<std::uint8_t>(proposal.spi.size()));
  writer.u8(static_cast<std::uint8_t>(proposal.transforms.size()));
  writer.bytes(proposal.spi);
  for (const Transform& transform : proposal.transforms) {
    const bool is_last = &transform == &proposal.transforms.back();
    TRY(write_inner_payload(writer, is_last ? PayloadType::none : PayloadType::transform,
                            [&] { return serialize_transform(writer, transform); }));
  }
  return {};
}

}  // namespace

std::optional<std::uint32_t> Proposal::child_spi() const {
  switch (protocol) {
    case ProtocolId::ah:
    case ProtocolId::esp: break;
    case ProtocolId::ipcomp:
      if (spi.size() == cpi_size) return load_be16(spi.data());
      // A CPI in four octets stands in the low two (RFC 3173 §4.1).
      if (spi.size() == ipsec_spi_size && load_be16(spi.data()) != 0) return std::nullopt;
      break;
    default: return std::nullopt;
  }
  if (spi.size() != ipsec_spi_size) return std::nullopt;
  return load_be32(spi.data());
}

std::vector<std::vector<const Proposal*>> SaPayload::alternatives() const {
  std::vector<std::vector<const Proposal*>> found;
  for (const Proposal& proposal : proposals) {
    const auto same =
        std::ranges::find_if(found, [&](const auto& together) { return together.front()->number == proposal.number; });
    if (same == found.end())
      found.push_back({&proposal});
    else
      same->push_back(&proposal);
  }
  return found;
}

Result<SaPayload> SaPayload::parse_body(Reader& body) {
  const std::size_t at = body.offset();
  const Doi doi{TRY(body.u32())};
  if (doi != Doi::ipsec) return fail(ErrorCode::unsupported, at);
  const std::uint32_t situation = TRY(body.u32());
  if (situation != situation_identity_only) return fail(ErrorCode::unsupported, at + 4);
  if (body.empty()) return fail(ErrorCode::truncated, body.offset());
  SaPayload sa;
  while (!body.empty()) {
    if (sa.proposals.size() == max_proposals) return fail(ErrorCode::exhausted, body.offset());
    Reader content = TRY(open_inner_payload(body, PayloadType::proposal));
    sa.proposals.push_back(TRY(parse_proposal(content)));
  }
  return sa;
}

Result<void> SaPayload::serialize_body(Writer& writer) const {
  if (proposals.empty() || proposals.size() > max_proposals) return fail(ErrorCode::out_of_range, writer.size());
  writer.u32(number(Doi::ipsec));
  writer.u32(situation_identity_only);
  for (const Proposal& proposal : proposals) {
    const bool is_last = &proposal == &proposals.back();
    TRY(write_inner_payload(writer, is_last ? PayloadType::none : PayloadType::proposal,
                            [&] { return serialize_proposal(writer, proposal); }));
  }
  return {};
}

}  // namespace sallyport::wire::ikev1
