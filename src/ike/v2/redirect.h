// Redirect (RFC 5685): a gateway sends a client to another one, before it has spent anything on it, after it has proved
// who it is, or while the IKE SA is up. A client goes only if it has said that it would.
//
//   IKE_SA_INIT     HDR, SAi1, KEi, Ni, N(REDIRECT_SUPPORTED)  -->
//                                              <--  HDR, N(REDIRECT, new gateway, Ni)
//   IKE_AUTH                                   <--  HDR, SK {IDr, AUTH, N(REDIRECT, new gateway)}
//   INFORMATIONAL                              <--  HDR, SK {N(REDIRECT, new gateway)}
//   to the new one  HDR, SAi1, KEi, Ni, N(REDIRECTED_FROM, old gateway)  -->
#pragma once

#include "ike/v2/step.h"
#include "policy/gateway.h"

namespace sallyport::ike::v2 {

/// A client's part of IKE_SA_INIT: where it may be sent elsewhere, and from where it was sent.
void add_redirect_supported(wire::ikev2::PayloadChain& payloads, const policy::Connection& connection,
                            const std::optional<policy::GatewayId>& redirected_from);
/// The same as a gateway reads it. REDIRECTED_FROM says both.
bool says_redirect_supported(const wire::ikev2::PayloadChain& payloads);
std::optional<policy::GatewayId> read_redirected_from(const wire::ikev2::PayloadChain& payloads);

/// `nonce`: the client's, in IKE_SA_INIT alone.
wire::ikev2::NotifyPayload make_redirect(const policy::GatewayId& gateway, ByteView nonce = {});
struct RedirectOrder {
  policy::GatewayId gateway;
  Bytes nonce;
};
/// nullopt: there is none, or none that can be read.
std::optional<RedirectOrder> read_redirect(const wire::ikev2::PayloadChain& payloads);

/// What there is to know of a client before it is sent anywhere.
struct Visitor {
  bool would_go = false;                  // N(REDIRECT_SUPPORTED) or N(REDIRECTED_FROM)
  std::optional<policy::GatewayId> from;  // that one has sent it here
  policy::IpAddress at;                   // the address of ours that it has come to
};
/// Where the connection sends it at this moment, if it does: neither back nor to where it is.
std::optional<policy::GatewayId> place_to_go(const policy::Connection& connection, policy::RedirectAt moment,
                                             const Visitor& visitor);

}  // namespace sallyport::ike::v2
