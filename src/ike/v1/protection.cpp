#include "ike/v1/protection.h"

#include "base/check.h"
#include "wire/ikev1/numbers.h"

namespace sallyport::ike::v1 {
namespace {

constexpr std::size_t kPayloadHeader = 4;  // next payload, reserved, length of the whole payload (RFC 2408 §3.2)

std::size_t block_size(crypto::Encryption encryption) { return crypto::shape(encryption.cipher).block; }

/// A wrong key or IV spoils at least the first block: then this holds once in some ten thousand times.
bool begins_with_payload(ByteView text) {
  const std::size_t length = load_be16(text.data() + 2);
  return text[1] == 0 && length >= kPayloadHeader && length <= text.size();
}

/// Octets of the chain at the front of `text`, whose first payload lies within.
Result<std::size_t> chain_size(ByteView text) {
  std::size_t at = 0;
  for (bool more = true; more;) {
    const ByteView rest = text.subspan(at);
    if (rest.size() < kPayloadHeader) return fail(ErrorCode::malformed, at);
    const std::size_t length = load_be16(rest.data() + 2);
    if (length < kPayloadHeader || length > rest.size()) return fail(ErrorCode::malformed, at);
    more = rest[0] != 0;
    at += length;
  }
  return at;
}

}  // namespace

bool encrypts_messages(crypto::Encryption encryption) {
  using enum crypto::Cipher;
  return encryption.cipher == triple_des_cbc || encryption.cipher == aes_cbc;
}

Result<Bytes> seal_message(crypto::Provider& crypto, crypto::Encryption encryption, const Secret& key,
                           const IvChain& chain, wire::IkeHeader header, ByteView payloads) {
  ASSERT(encrypts_messages(encryption) && !payloads.empty());
  const std::size_t block = block_size(encryption);
  if (payloads.size() > wire::max_message_size) return fail(ErrorCode::out_of_range);
  const std::size_t size = wire::ike_header_size + (payloads.size() + block - 1) / block * block;
  if (size > wire::max_message_size) return fail(ErrorCode::out_of_range);

  header.flags |= wire::ikev1::flag_encryption;
  header.length = static_cast<std::uint32_t>(size);
  Bytes message;
  message.reserve(size);
  Writer writer(message);
  wire::serialize_ike_header(writer, header);
  writer.bytes(payloads);
  writer.zeros(size - message.size());
  crypto.encrypt(encryption, key.view(), chain.iv(), ByteSpan(message).subspan(wire::ike_header_size));
  return message;
}

Result<OpenedMessage> open_message(crypto::Provider& crypto, crypto::Encryption encryption, const Secret& key,
                                   const IvChain& chain, const wire::IkeHeader& header, ByteView message) {
  ASSERT(encrypts_messages(encryption) && message.size() == header.length);
  if ((header.flags & wire::ikev1::flag_encryption) == 0) return fail(ErrorCode::missing);
  if (header.next_payload == 0) return fail(ErrorCode::malformed, wire::next_payload_offset);
  const ByteView sealed = message.subspan(wire::ike_header_size);
  if (sealed.empty() || sealed.size() % block_size(encryption) != 0)
    return fail(ErrorCode::malformed, wire::ike_header_size);

  Secret text = Secret::copy_of(sealed);
  crypto.decrypt(encryption, key.view(), chain.iv(), text.span());
  if (!begins_with_payload(text.view())) return fail(ErrorCode::mismatch, wire::ike_header_size);
  const auto size = chain_size(text.view());
  if (!size) return fail(size.error().code, wire::ike_header_size + size.error().where);
  return OpenedMessage{Secret::copy_of(text.view().first(*size))};
}

}  // namespace sallyport::ike::v1
