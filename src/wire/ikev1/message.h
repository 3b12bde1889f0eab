// IKEv1 messages: the header and a chain of payloads (RFC 2408 §3.1, §3.2). Encryption covers the whole chain, and is
// for whoever holds the keys:
//
//   in:   parse_envelope → (decrypt the body) → split_payloads → parse_payloads
//   out:  serialize_payloads → (pad, encrypt) → assemble_message
//
// A message in the clear goes through parse_message() and serialize_message() at one step.
#pragma once

#include "wire/ike_header.h"
#include "wire/ikev1/chain.h"
#include "wire/ikev1/payload.h"

namespace sallyport::wire::ikev1 {

/// A message of which only the header has been read.
struct Envelope {
  IkeHeader header;
  ByteView body;  // payloads, or what they were encrypted to

  ExchangeType exchange() const { return static_cast<ExchangeType>(header.exchange_type); }
  PayloadType first_type() const { return static_cast<PayloadType>(header.next_payload); }
  /// Fragments are never encrypted themselves, whatever the flag says.
  bool is_encrypted() const { return (header.flags & flag_encryption) != 0 && first_type() != PayloadType::fragment; }
  bool asks_to_commit() const { return (header.flags & flag_commit) != 0; }
};

struct Message {
  IkeHeader header;
  PayloadChain payloads;

  ExchangeType exchange() const { return static_cast<ExchangeType>(header.exchange_type); }
  friend bool operator==(const Message&, const Message&) = default;
};

/// Reads the header of a whole message without the non-ESP marker. ErrorCode::unsupported for another version than 1.0
/// (RFC 2408 §3.1: neither number may be larger), ErrorCode::exhausted beyond max_message_size, and what
/// parse_ike_header() gives.
Result<Envelope> parse_envelope(ByteView message);
/// Reads what is in the payloads; errors are theirs, ErrorCode::trailing for a payload with octets left over.
Result<PayloadChain> parse_payloads(const RawChain& chain);
/// A message in the clear; ErrorCode::malformed at flags_offset for one that says it is encrypted.
Result<Message> parse_message(ByteView message);
/// The payloads of a decrypted body, which begin at the octet behind the header.
Result<PayloadChain> parse_decrypted(PayloadType first, ByteView text);

/// The chain's octets, without padding; ErrorCode::out_of_range for what does not fit its field. `next` is what the
/// last payload announces, so that a chain can be made in two pieces.
Result<Bytes> serialize_payloads(const PayloadChain& payloads, PayloadType next = PayloadType::none);
/// Header and a body that is ready to go. Of `header`, next payload and length are filled in.
Result<Bytes> assemble_message(IkeHeader header, PayloadType first, ByteView body);
/// A message in the clear. Of `header`, next payload and length are filled in.
Result<Bytes> serialize_message(const IkeHeader& header, const PayloadChain& payloads);
inline Result<Bytes> serialize_message(const Message& message) {
  return serialize_message(message.header, message.payloads);
}

}  // namespace sallyport::wire::ikev1
