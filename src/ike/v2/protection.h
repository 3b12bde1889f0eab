// Protection: the encrypted payload, made and opened (RFC 7296 §3.14, RFC 5282 for combined modes). All or nothing:
// what does not authenticate yields no payloads.
#pragma once

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

/// Verifies and decrypts the SK payload of `message`, octet by octet the one that `sk` was parsed from.
/// ErrorCode::unauthentic when it is not the peer's; the inner chain's errors come after authentication.
struct Opened {
  wire::ikev2::PayloadChain payloads;
};
struct OpenError {
  bool authentic;  // false: drop it. true: the peer itself wrote this nonsense, INVALID_SYNTAX is due
  Error error;
};
std::expected<Opened, OpenError> open_message(crypto::Provider& crypto, const policy::Suite& suite, DirectionKeys keys,
                                              ByteView message, const wire::ikev2::SkPayload& sk);

}  // namespace sallyport::ike::v2
