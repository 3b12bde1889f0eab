#include "wire/ikev2/message.h"

namespace sallyport::wire::ikev2 {
namespace {

constexpr std::uint8_t critical_bit = 0x80;
constexpr std::size_t usual_size = 512;  // of a message without certificates, in octets

enum class Place {
  outside,  // in the message itself: may end with an encrypted payload
  inside,   // in an encrypted payload
};

bool is_encrypted(PayloadType type) { return type == PayloadType::sk || type == PayloadType::skf; }

template <class Body>
Result<PayloadBody> parse_as(Reader& body) {
  PayloadBody parsed = TRY(Body::parse_body(body));
  TRY(body.finish());
  return parsed;
}

Result<PayloadBody> parse_body(PayloadType type, Reader& body) {
  switch (type) {
    case PayloadType::sa: return parse_as<SaPayload>(body);
    case PayloadType::ke: return parse_as<KePayload>(body);
    case PayloadType::idi: return parse_as<IdiPayload>(body);
    case PayloadType::idr: return parse_as<IdrPayload>(body);
    case PayloadType::cert: return parse_as<CertPayload>(body);
    case PayloadType::certreq: return parse_as<CertReqPayload>(body);
    case PayloadType::auth: return parse_as<AuthPayload>(body);
    case PayloadType::nonce: return parse_as<NoncePayload>(body);
    case PayloadType::notify: return parse_as<NotifyPayload>(body);
    case PayloadType::delete_: return parse_as<DeletePayload>(body);
    case PayloadType::vendor_id: return parse_as<VendorIdPayload>(body);
    case PayloadType::tsi: return parse_as<TsiPayload>(body);
    case PayloadType::tsr: return parse_as<TsrPayload>(body);
    case PayloadType::cp: return parse_as<CpPayload>(body);
    case PayloadType::eap: return parse_as<EapPayload>(body);
    case PayloadType::ps: return parse_as<PuzzleSolutionPayload>(body);
    default: return UnknownPayload{type, to_bytes(body.rest())};
  }
}

/// An encrypted payload's next payload field does not name what follows it, but what is first inside it.
Result<PayloadBody> parse_encrypted(PayloadType type, PayloadType first_inner, Reader& body) {
  if (type == PayloadType::sk) return SkPayload{first_inner, to_bytes(body.rest())};
  SkfPayload fragment = TRY(SkfPayload::parse_body(body));
  fragment.first_inner = first_inner;
  return fragment;
}

Result<PayloadChain> parse_chain(PayloadType type, Reader reader, Place place) {
  PayloadChain chain;
  while (type != PayloadType::none) {
    const std::size_t at = reader.offset();
    if (chain.size() == max_payloads) return fail(ErrorCode::exhausted, at);
    const PayloadType next{TRY(reader.u8())};
    const bool critical = (TRY(reader.u8()) & critical_bit) != 0;
    const std::uint16_t length = TRY(reader.u16());
    if (length < generic_header_size) return fail(ErrorCode::malformed, at + 2);
    Reader body = TRY(reader.sub(length - generic_header_size));
    if (is_encrypted(type)) {
      if (place == Place::inside || !reader.empty()) return fail(ErrorCode::malformed, at);
      chain.add(Payload{TRY(parse_encrypted(type, next, body)), critical});
      return chain;
    }
    chain.add(Payload{TRY(parse_body(type, body)), critical});
    type = next;
  }
  TRY(reader.finish());
  return chain;
}

/// What goes into the next payload field of the payload at `index`.
PayloadType next_type(const PayloadChain& chain, std::size_t index) {
  if (const auto* sk = std::get_if<SkPayload>(&chain[index].body)) return sk->first_inner;
  if (const auto* skf = std::get_if<SkfPayload>(&chain[index].body)) return skf->first_inner;
  return index + 1 < chain.size() ? chain[index + 1].type() : PayloadType::none;
}

Result<void> append_chain(Writer& writer, const PayloadChain& chain) {
  for (std::size_t i = 0; i < chain.size(); ++i) {
    const std::size_t start = writer.size();
    if (is_encrypted(chain[i].type()) && i + 1 < chain.size()) return fail(ErrorCode::malformed, start);
    writer.u8(number(next_type(chain, i)));
    writer.u8(chain[i].critical ? critical_bit : 0);
    writer.u16(0);
    TRY(std::visit([&](const auto& body) { return body.serialize_body(writer); }, chain[i].body));
    TRY(fill_length16(writer, start + 2, start));
  }
  return {};
}

}  // namespace

Result<PayloadChain> parse_payloads(PayloadType first, ByteView bytes, std::size_t base_offset) {
  return parse_chain(first, Reader(bytes, base_offset), Place::outside);
}

Result<PayloadChain> parse_inner_payloads(PayloadType first, ByteView bytes, std::size_t base_offset) {
  return parse_chain(first, Reader(bytes, base_offset), Place::inside);
}

Result<Message> parse_message(ByteView message) {
  const IkeHeader header = TRY(parse_ike_header(message));
  if (header.major_version != major_version) return fail(ErrorCode::unsupported, version_offset);
  if (message.size() > max_message_size) return fail(ErrorCode::exhausted, max_message_size);
  const PayloadType first{header.next_payload};
  return Message{header, TRY(parse_payloads(first, message.subspan(ike_header_size), ike_header_size))};
}

Result<Bytes> serialize_payloads(const PayloadChain& payloads) {
  Bytes octets;
  octets.reserve(usual_size);
  Writer writer(octets);
  TRY(append_chain(writer, payloads));
  return octets;
}

Result<Bytes> serialize_message(IkeHeader header, const PayloadChain& payloads) {
  header.next_payload = number(payloads.first_type());
  Bytes message;
  message.reserve(usual_size);
  Writer writer(message);
  serialize_ike_header(writer, header);
  TRY(append_chain(writer, payloads));
  if (message.size() > max_message_size) return fail(ErrorCode::out_of_range, max_message_size);
  writer.patch_u32(length_offset, static_cast<std::uint32_t>(message.size()));
  return message;
}

}  // namespace sallyport::wire::ikev2
