// Protection: an IKEv1 message's payloads encrypted and decrypted (RFC 2409 appendix B). Secrecy alone: what
// authenticates is the HASH payload inside, and until that is verified a decrypted message is nobody's.
//
//   header, flag E set | CBC(payloads | zeros up to a whole block)
#pragma once

#include "base/secret.h"
#include "crypto/provider.h"
#include "ike/v1/iv_chain.h"
#include "wire/ike_header.h"

namespace sallyport::ike::v1 {

/// What can encrypt IKEv1's messages: ciphers in CBC mode. Combined modes and CTR were never defined for it.
bool encrypts_messages(crypto::Encryption encryption);

/// The whole message; `payloads` is the chain that begins with `header.next_payload`, not empty. Sets flag E and the
/// length. Leaves the chain to whoever sends it. ErrorCode::out_of_range when it would not fit a datagram.
Result<Bytes> seal_message(crypto::Provider& crypto, crypto::Encryption encryption, const Secret& key,
                           const IvChain& chain, wire::IkeHeader header, ByteView payloads);

struct OpenedMessage {
  /// The chain that begins with the header's next payload, without the padding behind it. Headers are known to lie
  /// within; nothing else is known. Secret, because XAUTH sends passwords here.
  Secret payloads;

  /// All behind the first payload: what the HASH that it holds covers.
  ByteView after_first() const { return payloads.view().subspan(load_be16(payloads.view().data() + 2)); }
};
/// `header` is `message`'s. Padding may have any content and any length: peers add a whole block to what needs none, or
/// count its octets in the last one. Leaves the chain to whoever verifies the HASH.
///   ErrorCode::missing    flag E is not set
///   ErrorCode::malformed  no blocks or broken ones; no first payload; one behind the first that does not lie within
///   ErrorCode::mismatch   the first payload's header makes no sense: another key (in phase 1, another pre-shared key)
///   or
///                         another IV (a repeated message)
Result<OpenedMessage> open_message(crypto::Provider& crypto, crypto::Encryption encryption, const Secret& key,
                                   const IvChain& chain, const wire::IkeHeader& header, ByteView message);

}  // namespace sallyport::ike::v1
