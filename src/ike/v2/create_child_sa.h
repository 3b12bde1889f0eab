// CREATE_CHILD_SA (RFC 7296 §1.3): a further Child SA, or one in the place of another (§1.3.3), with or without forward
// secrecy. Either side may begin. The same exchange without selectors renews the IKE SA: rekey_ike_sa.h.
//
//   HDR, SK {[N(REKEY_SA),] [N(USE_TRANSPORT_MODE),] SA, Ni, [KEi,] TSi, TSr}  -->
//                                               <--  HDR, SK {[N(USE_TRANSPORT_MODE),] SA, Nr, [KEr,] TSi, TSr}
//                                               or:  HDR, SK {N(error)}
//
// What cannot be while something else is under way is answered TEMPORARY_FAILURE, and tried again when we are told so
// (§2.25).
#pragma once

#include "ike/core/environment.h"
#include "ike/v2/step.h"

namespace sallyport::ike::v2 {

/// The group for forward secrecy that an initiator begins with; `none` without.
crypto::KeyExchangeMethod preferred_method(const policy::Child& child);

/// `sa.pending_child`'s.
wire::ikev2::PayloadChain build_create_child_request(const IkeSa& sa, const policy::Child& config,
                                                     const PendingChild& pending);
Step process_create_child_response(const IkeSa& sa, const Inbound& in, Environment& env);
Step process_create_child_request(const IkeSa& sa, const Inbound& in, Environment& env);

// ---- For the key exchanges that follow it (followup_ke.h) ----

/// What an error means for `sa.pending_child`.
Step read_create_child_error(const IkeSa& sa, const wire::ikev2::NotifyPayload& error);
/// The peer's answer is none. `exists_at_peer`: it has made its half.
Step break_off_child(const IkeSa& sa, bool exists_at_peer);
/// The peer has made it, and closed it before its answer came.
std::optional<Step> overtaken_by_delete(const IkeSa& sa, std::uint32_t spi_out);

/// After several minutes of TEMPORARY_FAILURE the two ends have other ideas of this IKE SA (RFC 7296 §2.25).
inline constexpr std::uint32_t kMostTries = 12;
/// How long a task waits that has been put off so often.
Duration wait_after_temporary_failure(std::uint32_t tries, RandomSource& random);

}  // namespace sallyport::ike::v2
