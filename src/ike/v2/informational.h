// INFORMATIONAL (RFC 7296 §1.4): deleting SAs, asking whether the peer is alive, and telling of errors. Either side may
// begin; an empty request is a question that any answer satisfies.
//
//   HDR, SK {[D,] [N]}  -->
//                       <--  HDR, SK {[D]}
#pragma once

#include "ike/core/environment.h"
#include "ike/v2/step.h"

namespace sallyport::ike::v2 {

wire::ikev2::PayloadChain build_delete_child(policy::Protocol protocol, std::uint32_t spi_in);
wire::ikev2::PayloadChain build_delete_ike_sa();

Step process_informational_request(const IkeSa& sa, const Inbound& in, Environment& env);
Step process_informational_response(const IkeSa& sa, const Inbound& in, Environment& env);

}  // namespace sallyport::ike::v2
