// Admission: what a first message from anybody may cost. Below a threshold of half-open IKE SAs, an answer; above it, a
// stateless request for a cookie first; above the next one, for the solution of a puzzle beside it (RFC 8019); at the
// limit, nothing. Whoever is one of many half-open ones from the same source meets that earlier than others.
#pragma once

#include <variant>

#include "ike/core/environment.h"
#include "ike/engine/half_open.h"
#include "ike/v2/cookie.h"
#include "ike/v2/step.h"

namespace sallyport::ike {

class Admission {
 public:
  explicit Admission(RandomSource& random) : cookies_(random) {}

  struct Admitted {
    std::uint8_t zero_bits = 0;  // of the puzzle that it has solved; 0: none
  };
  using Verdict = std::variant<Admitted, wire::ikev2::PayloadChain, event::MessageRejected::Reason>;
  /// A payload chain is to be answered as it is, without keeping anything.
  Verdict judge(const v2::Inbound& in, Environment& env, const Unfinished& unfinished);

 private:
  wire::ikev2::PayloadChain challenge(const v2::Inbound& in, Environment& env, const wire::ikev2::NoncePayload& nonce,
                                      const std::optional<v2::Puzzle>& puzzle);

  v2::CookieJar cookies_;
};

}  // namespace sallyport::ike
