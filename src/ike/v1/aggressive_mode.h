// Aggressive Mode (RFC 2409 §5.4), phase 1 in three messages. Identities are in clear, and with a pre-shared key
// whoever asks gets HASH_R, against which guesses can be tried at leisure: so it is done only where it is configured.
//
//   initiator                                                 responder
//   1  HDR, SA, KE, Ni, IDii, V…               -->
//                                              <--   2  HDR, SA, KE, Nr, IDir, HASH_R, V…, NAT-D, NAT-D
//   3  HDR*, HASH_I, NAT-D, NAT-D [, N(I-C)]   -->                                      * encrypted; peers may not
//
// The responder has done its Diffie-Hellman work before the initiator's address has answered: how often, engine/
// bounds. Nobody confirms message 3. When it gets lost, the initiator goes on to phase 2, the responder repeats message
// 2 to what it cannot read yet, and the initiator repeats message 3.
#pragma once

#include "ike/v1/main_mode.h"

namespace sallyport::ike::v1 {

wire::ikev1::PayloadChain build_aggressive_1(const IsakmpSa& sa);
std::expected<Answered, Refused> answer_aggressive_1(const Inbound& in, Environment& env);
Step process_aggressive_2(const IsakmpSa& sa, const Inbound& in, Environment& env);
Step process_aggressive_3(const IsakmpSa& sa, const Inbound& in, Environment& env);

}  // namespace sallyport::ike::v1
