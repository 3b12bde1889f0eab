// Ikev1Voice: says what one end of an ISAKMP SA could say, and its program never would. It may, for it has that end's
// key log. So a story has a peer that is authentic and does what is rare, or wrong.
//
//     Ikev1Voice alices(world, mallory, alice, provider);
//     const auto id = alices.say(V1::quick_mode, message_1);
//     const auto answer = alices.answer(id);
#pragma once

#include <map>

#include "ike/v1/iv_chain.h"
#include "tests/scenarios/ikev1.h"
#include "wire/ikev1/message.h"

namespace sallyport::scenarios {

class Ikev1Voice {
 public:
  using PayloadChain = wire::ikev1::PayloadChain;

  /// `speaker` is the end that `tap` is next to; its configuration has ike.log_keys, and the world keeps its packets.
  Ikev1Voice(sim::World& world, OnPathAttacker& tap, const Host& speaker, crypto::Provider& crypto)
      : world_(world), tap_(tap), speaker_(speaker), crypto_(crypto) {}

  /// Behind HASH(1), as the first message of an exchange; its message id.
  std::uint32_t say(V1 exchange, const PayloadChain& payloads);
  /// The peer's answer to a Quick Mode, once it has gone by; nullopt: there is none.
  std::optional<PayloadChain> answer(std::uint32_t id);
  /// HASH(3), behind such an answer.
  void confirm(std::uint32_t id);

 private:
  struct Exchange {
    ike::v1::IvChain chain;
    Bytes nonce_i, nonce_r;
  };
  const ike::LogKeys& keys() const;
  std::optional<Bytes> last_message_where(const std::function<bool(const sim::Sniffed&, ByteView)>& wanted) const;
  ike::v1::IvChain chain_of(std::uint32_t id) const;
  void send(V1 exchange, std::uint32_t id, ike::v1::IvChain& chain, const Secret& hash, const PayloadChain& payloads);

  sim::World& world_;
  OnPathAttacker& tap_;
  const Host& speaker_;
  crypto::Provider& crypto_;
  std::map<std::uint32_t, Exchange> exchanges_;
};

}  // namespace sallyport::scenarios
