// IKE_SA_INIT (RFC 7296 §1.2): agree on algorithms, exchange public values and nonces. From here on both have keys, and
// neither knows whom it speaks to.
//
//   initiator                                                     responder
//   HDR, [N(COOKIE), [PS,]] SAi1, KEi, Ni, N(NAT_DETECTION_*)  -->
//                                            <--  HDR, SAr1, KEr, Nr, N(NAT_DETECTION_*)
//                                            or:  HDR, N(COOKIE) [, N(PUZZLE)] | N(INVALID_KE_PAYLOAD) |
//                                            N(NO_PROPOSAL_CHOSEN)
#pragma once

#include <variant>

#include "ike/core/environment.h"
#include "ike/v2/step.h"

namespace sallyport::ike::v2 {

/// The method that an initiator's first KE payload is for.
crypto::KeyExchangeMethod preferred_method(const policy::Connection& connection);

/// The initiator's request, from `sa.setup`.
wire::ikev2::PayloadChain build_init_request(const IkeSa& sa, Environment& env);
Step process_init_response(const IkeSa& sa, const Inbound& in, Environment& env);

/// A responder's answer. It has state only from here on, and only for an initiator that is acceptable so far. One that
/// had to solve a puzzle, and reached so many `zero_bits`, has another to solve before IKE_AUTH costs us anything.
struct InitReply {
  wire::ikev2::PayloadChain payloads;  // an error: no state is kept
  std::optional<event::Failure> failure;
};
struct InitAccepted {
  IkeSa sa;  // in state `keyed`, but for the octets of the response
  wire::ikev2::PayloadChain payloads;
};
struct InitRejected {
  event::MessageRejected::Reason reason;
};
std::variant<InitReply, InitAccepted, InitRejected> answer_init(const Inbound& in, Environment& env,
                                                                std::uint8_t zero_bits);

/// Whether an initiator solves it.
bool is_worth_it(const Puzzle& puzzle, const Settings& settings);
/// The first keys of an IKE SA whose suite, SPIs and nonces are there.
void derive_setup_keys(IkeSa& sa, const Secret& shared_secret, Environment& env);

/// Whether a peer may ask for this group: INVALID_KE_PAYLOAD names one of the offered (RFC 7296 §1.2, §1.3).
bool offers_method(const std::vector<policy::Proposal>& proposals, crypto::KeyExchangeMethod method);

/// A random IKE SPI; zero means "none".
std::uint64_t random_ike_spi(RandomSource& random);
/// 32 octets: at least half the key size of every PRF (RFC 7296 §2.10).
Bytes random_nonce(RandomSource& random);

}  // namespace sallyport::ike::v2
