// IKEv2 messages: the header and a chain of payloads, each of which names the next one's type (RFC 7296 §3.1, §3.2).
// An encrypted payload is kept as it is; what is in it, once decrypted, is a chain of its own.
#pragma once

#include "wire/ike_header.h"
#include "wire/ikev2/payload.h"

namespace sallyport::wire::ikev2 {

/// Bound on the payloads of one chain; real messages stay below 40, chains of many certificates included.
inline constexpr std::size_t max_payloads = 128;

struct Message {
  IkeHeader header;
  PayloadChain payloads;

  ExchangeType exchange() const { return static_cast<ExchangeType>(header.exchange_type); }
  bool is_response() const { return (header.flags & flag_response) != 0; }
  /// Sent by the original initiator of the IKE SA, whoever began this exchange.
  bool is_from_initiator() const { return (header.flags & flag_initiator) != 0; }
  friend bool operator==(const Message&, const Message&) = default;
};

/// Reads the payloads of a message's clear part, of which the first has type `first`; `base_offset` is where `bytes`
/// begins in the message, for the offsets in errors. The chain and nothing but the chain must fill `bytes`.
/// Errors are those of the payloads, ErrorCode::exhausted beyond max_payloads, and ErrorCode::malformed for an SKF or
/// SK payload that is not the last, or a payload length below 4.
Result<PayloadChain> parse_payloads(PayloadType first, ByteView bytes, std::size_t base_offset = 0);
/// The same for what was encrypted: an SK or SKF payload inside another is ErrorCode::malformed.
Result<PayloadChain> parse_inner_payloads(PayloadType first, ByteView bytes, std::size_t base_offset = 0);
/// A whole message without the non-ESP marker. ErrorCode::unsupported for a major version other than 2, and what
/// parse_ike_header() and parse_payloads() give.
Result<Message> parse_message(ByteView message);

/// The chain's octets; ErrorCode::out_of_range for what does not fit its field, ErrorCode::malformed for an SK or SKF
/// payload that is not the last.
Result<Bytes> serialize_payloads(const PayloadChain& payloads);
/// Header and chain. Of `header`, next payload and length are filled in.
Result<Bytes> serialize_message(IkeHeader header, const PayloadChain& payloads);
inline Result<Bytes> serialize_message(const Message& message) {
  return serialize_message(message.header, message.payloads);
}

}  // namespace sallyport::wire::ikev2
