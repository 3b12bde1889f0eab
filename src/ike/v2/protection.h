// Protection: the encrypted payload, made and opened (RFC 7296 §3.14, RFC 5282 for combined modes), whole or in
// fragments that are protected each by itself (RFC 7383 §2.5). All or nothing: what does not authenticate yields no
// payloads.
#pragma once

#include <vector>

#include "base/random.h"
#include "crypto/provider.h"
#include "ike/v2/key_schedule.h"
#include "policy/proposal.h"
#include "wire/ikev2/message.h"

namespace sallyport::ike::v2 {

/// The keys of one direction.
struct DirectionKeys {
  const Secret& encryption;
  const Secret& integrity;
};
inline DirectionKeys keys_of_initiator(const IkeKeys& keys) { return {keys.sk_ei, keys.sk_ai}; }
inline DirectionKeys keys_of_responder(const IkeKeys& keys) { return {keys.sk_er, keys.sk_ar}; }

/// A whole message of one SK payload around `payloads`. `iv_counter` never repeats for the same keys; ciphers that need
/// unpredictable IVs take them from `random` instead. ErrorCode::out_of_range when it would not fit a datagram.
Result<Bytes> seal_message(crypto::Provider& crypto, RandomSource& random, const policy::Suite& suite,
                           DirectionKeys keys, std::uint64_t iv_counter, const wire::IkeHeader& header,
                           const wire::ikev2::PayloadChain& payloads);

/// A message before it is sealed: what its encrypted payload is to hold, as octets.
struct Plaintext {
  wire::IkeHeader header;
  wire::ikev2::PayloadType first = wire::ikev2::PayloadType::none;
  Bytes inner;
  wire::ikev2::InFront in_front = {};  // of fragments, before the first one alone (RFC 7383 §2.5.3)
};
Result<Plaintext> write_plaintext(const wire::IkeHeader& header, const wire::ikev2::PayloadChain& payloads);
/// Octets of the message that seal_whole() makes of it.
std::size_t sealed_size(const policy::Suite& suite, const Plaintext& plain);
Result<Bytes> seal_whole(crypto::Provider& crypto, RandomSource& random, const policy::Suite& suite, DirectionKeys keys,
                         std::uint64_t iv_counter, const Plaintext& plain);
/// The same in fragments of at most `longest` octets. Each has an IV of its own: `iv_counter` is counted up before
/// each. ErrorCode::out_of_range when not even an octet fits, or there would be more fragments than their numbers can
/// count.
Result<std::vector<Bytes>> seal_in_fragments(crypto::Provider& crypto, RandomSource& random, const policy::Suite& suite,
                                             DirectionKeys keys, std::uint64_t& iv_counter, const Plaintext& plain,
                                             std::size_t longest);

/// Verifies and decrypts the SK payload of `message`, octet by octet the one that `sk` was parsed from.
/// ErrorCode::unauthentic when it is not the peer's; the inner chain's errors come after authentication.
struct Opened {
  wire::ikev2::PayloadChain payloads;
  Bytes inner;  // their octets
};
struct OpenError {
  bool authentic;  // false: drop it. true: the peer itself wrote this nonsense, INVALID_SYNTAX is due
  Error error;
};
std::expected<Opened, OpenError> open_message(crypto::Provider& crypto, const policy::Suite& suite, DirectionKeys keys,
                                              ByteView message, const wire::ikev2::SkPayload& sk);

/// The same for one fragment: its part of the inner payloads' octets.
std::expected<Bytes, OpenError> open_fragment(crypto::Provider& crypto, const policy::Suite& suite, DirectionKeys keys,
                                              ByteView message, const wire::ikev2::SkfPayload& skf);

}  // namespace sallyport::ike::v2
