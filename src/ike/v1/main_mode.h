// Main Mode (RFC 2409 §5.4), phase 1 with the identities protected. With a pre-shared key the responder has to find the
// key by addresses, for the identity comes encrypted with it.
//
//   initiator                                            responder
//   1  HDR, SA, V…                        -->
//                                         <--   2  HDR, SA, V…
//   3  HDR, KE, Ni, NAT-D, NAT-D          -->
//                                         <--   4  HDR, KE, Nr, NAT-D, NAT-D
//   5  HDR*, IDii, HASH_I [, N(I-C)]      -->
//                                         <--   6  HDR*, IDir, HASH_R           * encrypted
//
// Message 1 makes a responder remember a little and compute nothing: the Diffie-Hellman work comes with message 3,
// whose cookie shows that the initiator is where it says.
#pragma once

#include <expected>

#include "ike/core/environment.h"
#include "ike/v1/step.h"

namespace sallyport::ike::v1 {

wire::ikev1::PayloadChain build_main_1(const IsakmpSa& sa);

/// A responder's answer to message 1: state for it, and message 2.
struct Answered {
  IsakmpSa sa;
  wire::ikev1::PayloadChain payloads;
};
struct Refused {
  std::optional<event::Failure> failure;
  std::optional<wire::ikev1::NotifyType> hint;
  std::optional<event::MessageRejected::Reason> rejected;
};
std::expected<Answered, Refused> answer_main_1(const Inbound& in, Environment& env);

Step process_main_2(const IsakmpSa& sa, const Inbound& in, Environment& env);
Step process_main_3(const IsakmpSa& sa, const Inbound& in, Environment& env);
Step process_main_4(const IsakmpSa& sa, const Inbound& in, Environment& env);
Step process_main_5(const IsakmpSa& sa, const Inbound& in, Environment& env);
Step process_main_6(const IsakmpSa& sa, const Inbound& in, Environment& env);

}  // namespace sallyport::ike::v1
