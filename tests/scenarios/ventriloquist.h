// Ventriloquist: rewrites protected IKEv2 messages on the wire as if their sender had written them so. It may, for it
// has the key log of one of the ends. So a story has a peer that is authentic and misbehaves.
//
//     Ventriloquist alices_voice(mallory, alice);
//     alices_voice.rewrite(OnPathAttacker::ike(ExchangeType::ike_auth, request), add_unknown_critical);
#pragma once

#include <functional>

#include "sim/host.h"
#include "sim/on_path_attacker.h"
#include "wire/ikev2/message.h"

namespace sallyport::scenarios {

class Ventriloquist {
 public:
  using Change = std::function<void(wire::ikev2::PayloadChain&)>;

  /// `logger` is the end whose keys are known: its configuration has ike.log_keys.
  Ventriloquist(sim::OnPathAttacker& tap, const sim::Host& logger, crypto::Provider& crypto)
      : tap_(tap), logger_(logger), crypto_(crypto) {}

  /// A message that is repeated is rewritten to the same octets. One without encrypted payload changes as it is.
  void rewrite(sim::OnPathAttacker::Choice choice, Change change, std::size_t count = sim::OnPathAttacker::all);
  /// Encrypted messages, under another message id: so much later, or earlier.
  void renumber(sim::OnPathAttacker::Choice choice, std::int32_t by, std::size_t count = sim::OnPathAttacker::all);

 private:
  Bytes rewritten(ByteView message, const Change& change, std::int32_t by = 0) const;

  sim::OnPathAttacker& tap_;
  const sim::Host& logger_;
  crypto::Provider& crypto_;
};

}  // namespace sallyport::scenarios
