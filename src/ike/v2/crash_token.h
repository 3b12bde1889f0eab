// Quick crash detection (RFC 6290): each end gives the other a token while an IKE SA is up, which nobody else could
// make. Who has lost the IKE SA, and is asked something on it, answers in clear with that token, made anew from a
// secret that outlives a restart: so the other knows within a round trip, and need not wait until liveness checks have
// come to nothing. We are maker and taker both.
//
//   IKE_AUTH           N(QUICK_CRASH_DETECTION) in the last message of either end
//   CREATE_CHILD_SA    of the IKE SA: in the response; whoever asked tells its own by INFORMATIONAL on the new IKE SA
//   after a restart    any request  -->
//                                   <--  HDR, N(INVALID_IKE_SPI), N(QUICK_CRASH_DETECTION)       in clear
#pragma once

#include "ike/core/environment.h"
#include "ike/v2/step.h"

namespace sallyport::ike::v2 {

/// What an IKE SA with these SPIs goes by (§5.1). Who has the secret makes it from what any message of the SA shows: so
/// it must never be said in clear of an IKE SA that is there (§9.2).
Bytes make_crash_token(crypto::Provider& crypto, const Secret& secret, std::uint64_t spi_i, std::uint64_t spi_r);

/// Ours for an IKE SA with these SPIs; nothing where we have no secret.
void add_crash_token(wire::ikev2::PayloadChain& payloads, std::uint64_t spi_i, std::uint64_t spi_r, Environment& env);
/// The peer's, in what it has proved to have sent; empty: none, or none that is of a size (§4.1).
Bytes read_crash_token(const wire::ikev2::PayloadChain& payloads);

/// An answer in clear: does it prove that the peer has lost the IKE SA that it gave this token for?
bool proves_crash(const wire::ikev2::PayloadChain& payloads, ByteView token);

/// What a maker answers who has lost the IKE SA.
wire::ikev2::PayloadChain build_crash_proof(std::uint64_t spi_i, std::uint64_t spi_r, Environment& env);

}  // namespace sallyport::ike::v2
