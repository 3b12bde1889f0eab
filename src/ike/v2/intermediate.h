// IKE_INTERMEDIATE (RFC 9242): exchanges between IKE_SA_INIT and IKE_AUTH, for what is too long for IKE_SA_INIT. They
// are protected by the keys of the moment, may be fragmented, and are proved to be the peer's by AUTH, which covers
// them. Here each of them carries an additional key exchange (RFC 9370 §2.2.2), after which all keys are other ones.
//
//   initiator                                                          responder
//   HDR, SA(.. ADDKE1 ..), KE, Ni, N(INTERMEDIATE_EXCHANGE_SUPPORTED)  -->
//                     <--  HDR, SA(.. ADDKE1 ..), KE, Nr, N(INTERMEDIATE_EXCHANGE_SUPPORTED)
//   HDR, SK {KEi(1)}  -->
//                     <--  HDR, SK {KEr(1)}                            for each place that was agreed on, in order
#pragma once

#include "ike/core/environment.h"
#include "ike/v2/protection.h"
#include "ike/v2/step.h"

namespace sallyport::ike::v2 {

/// An initiator may do as many as there are places, and one that is for something else; more would be a game.
inline constexpr std::uint32_t kMostIntermediate = policy::kMostAdditional + 1;
inline bool takes_another(const IntermediateExchanges& before) {
  return before.agreed && before.count < kMostIntermediate;
}

// ---- Who speaks of it (in IKE_SA_INIT alone) ----

/// Whether some proposal has additional key exchanges: we have no other use for it.
bool wants_intermediate(const policy::Connection& connection);
void announce_intermediate(wire::ikev2::PayloadChain& payloads);
bool says_intermediate(const wire::ikev2::PayloadChain& payloads);

// ---- What AUTH covers of it (RFC 9242 §3.3.2) ----

/// Of a message that is one encrypted payload: everything in front of its body, as if it were whole and without IV,
/// padding and ICV, and what was encrypted. It is the same whether the message went in fragments or not.
Bytes covered_by_int_auth(wire::IkeHeader header, wire::ikev2::PayloadType first, ByteView inner);
/// Of one that has come whole, whatever stands in front of its encrypted payload, whose body has `body_size` octets.
Bytes covered_by_int_auth(ByteView message, std::size_t body_size, ByteView inner);

/// IntAuth_i or IntAuth_r with one more message.
Bytes extend_int_auth(crypto::Provider& crypto, crypto::Prf prf, const Secret& sk_p, ByteView so_far, ByteView covered);
/// What is appended to the octets that AUTH is made over; empty where there was no such exchange.
Bytes int_auth_of(const Setup& setup);

// ---- The exchange ----

/// `sa.setup`'s key exchange.
wire::ikev2::PayloadChain build_intermediate_request(const IkeSa& sa);
Step process_intermediate_response(const IkeSa& sa, const Inbound& in, Environment& env);
Step process_intermediate_request(const IkeSa& sa, const Inbound& in, Environment& env);

}  // namespace sallyport::ike::v2
