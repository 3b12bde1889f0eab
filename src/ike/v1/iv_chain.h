// IvChain: which IV the next encrypted message of an exchange starts from (RFC 2409 appendix B). IKEv1 sends no IVs:
// each message goes on from the last block of the one before it, whoever sent that, and both sides keep count. So a
// chain moves by follow() alone, and who calls that knows the message to be sent, or to be the peer's: what does not
// decrypt, whose HASH is wrong, or what is only repeated must leave it where it is.
#pragma once

#include "crypto/provider.h"

namespace sallyport::ike::v1 {

class IvChain {
 public:
  /// Phase 1's, from the bodies of both KE payloads.
  static IvChain of_phase_1(crypto::Provider& crypto, crypto::Hash hash, crypto::Encryption encryption,
                            ByteView public_i, ByteView public_r);
  /// That of a later exchange: a Quick Mode, Informational or Transaction. To be asked of phase 1's chain as it stands
  /// when phase 1 is complete, and remains. In an Aggressive Mode whose last message is not encrypted that is its
  /// beginning.
  IvChain of_exchange(crypto::Provider& crypto, std::uint32_t message_id) const;

  /// As long as the cipher's block; changes with the next follow().
  ByteView iv() const { return ByteView(octets_).first(size_); }
  /// Goes on behind `message`, a whole encrypted one of this exchange.
  void follow(ByteView message);

 private:
  IvChain(crypto::Hash hash, std::size_t size) : hash_(hash), size_(size) {}
  void start_from(crypto::Provider& crypto, ByteView first, ByteView second);

  crypto::Hash hash_;
  std::size_t size_;
  std::array<std::uint8_t, 16> octets_{};
};

}  // namespace sallyport::ike::v1
