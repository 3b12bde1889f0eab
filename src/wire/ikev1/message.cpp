#include "wire/ikev1/message.h"

namespace sallyport::wire::ikev1 {
namespace {

template <class Body>
Result<Payload> parse_as(Reader& body) {
  return TRY(Body::parse_body(body));
}

Result<Payload> parse_body(PayloadType type, Reader& body) {
  switch (type) {
    case PayloadType::sa: return parse_as<SaPayload>(body);
    case PayloadType::ke: return parse_as<KePayload>(body);
    case PayloadType::id: return parse_as<IdPayload>(body);
    case PayloadType::cert: return parse_as<CertPayload>(body);
    case PayloadType::certreq: return parse_as<CertReqPayload>(body);
    case PayloadType::hash: return parse_as<HashPayload>(body);
    case PayloadType::signature: return parse_as<SignaturePayload>(body);
    case PayloadType::nonce: return parse_as<NoncePayload>(body);
    case PayloadType::notify: return parse_as<NotifyPayload>(body);
    case PayloadType::delete_: return parse_as<DeletePayload>(body);
    case PayloadType::vendor_id: return parse_as<VendorIdPayload>(body);
    case PayloadType::attributes: return parse_as<AttributesPayload>(body);
    case PayloadType::nat_d: return TRY(NatDPayload::parse_body(body, NatNumbering::rfc3947));
    case PayloadType::nat_d_draft_00: return TRY(NatDPayload::parse_body(body, NatNumbering::draft_00));
    case PayloadType::nat_d_draft_04: return TRY(NatDPayload::parse_body(body, NatNumbering::draft_04));
    case PayloadType::nat_oa: return TRY(NatOaPayload::parse_body(body, NatNumbering::rfc3947));
    case PayloadType::nat_oa_draft_00: return TRY(NatOaPayload::parse_body(body, NatNumbering::draft_00));
    case PayloadType::nat_oa_draft_04: return TRY(NatOaPayload::parse_body(body, NatNumbering::draft_04));
    case PayloadType::fragment: return parse_as<FragmentPayload>(body);
    default: return UnknownPayload{type, to_bytes(body.rest())};
  }
}

Result<void> append_payload(Writer& writer, const Payload& payload, PayloadType next) {
  const std::size_t start = writer.size();
  writer.u8(number(next));
  writer.u8(0);
  writer.u16(0);
  TRY(std::visit([&](const auto& body) { return body.serialize_body(writer); }, payload));
  return fill_length16(writer, start + 2, start);
}

}  // namespace

Result<Envelope> parse_envelope(ByteView message) {
  const IkeHeader header = TRY(parse_ike_header(message));
  if (header.major_version != major_version || header.minor_version > minor_version)
    return fail(ErrorCode::unsupported, version_offset);
  if (message.size() > max_message_size) return fail(ErrorCode::exhausted, max_message_size);
  return Envelope{header, message.subspan(ike_header_size)};
}

Result<PayloadChain> parse_payloads(const RawChain& chain) {
  PayloadChain payloads;
  for (const RawPayload& raw : chain.payloads) {
    Reader body(raw.body(), raw.offset + generic_header_size);
    payloads.add(TRY(parse_body(raw.type, body)));
    TRY(body.finish());
  }
  return payloads;
}

Result<Message> parse_message(ByteView message) {
  const Envelope envelope = TRY(parse_envelope(message));
  if (envelope.is_encrypted()) return fail(ErrorCode::malformed, flags_offset);
  const auto chain = TRY(split_payloads(envelope.first_type(), envelope.body, Protection::clear, ike_header_size));
  return Message{envelope.header, TRY(parse_payloads(chain))};
}

Result<PayloadChain> parse_decrypted(PayloadType first, ByteView text) {
  return parse_payloads(TRY(split_payloads(first, text, Protection::decrypted, ike_header_size)));
}

Result<Bytes> serialize_payloads(const PayloadChain& payloads, PayloadType next) {
  Bytes octets;
  Writer writer(octets);
  for (std::size_t i = 0; i < payloads.size(); ++i)
    TRY(append_payload(writer, payloads[i], i + 1 < payloads.size() ? type_of(payloads[i + 1]) : next));
  return octets;
}

Result<Bytes> assemble_message(IkeHeader header, PayloadType first, ByteView body) {
  const std::size_t size = ike_header_size + body.size();
  if (size > max_message_size) return fail(ErrorCode::out_of_range, max_message_size);
  header.next_payload = number(first);
  header.length = static_cast<std::uint32_t>(size);
  Bytes message;
  message.reserve(size);
  Writer writer(message);
  serialize_ike_header(writer, header);
  writer.bytes(body);
  return message;
}

Result<Bytes> serialize_message(const IkeHeader& header, const PayloadChain& payloads) {
  return assemble_message(header, payloads.first_type(), TRY(serialize_payloads(payloads)));
}

}  // namespace sallyport::wire::ikev1
