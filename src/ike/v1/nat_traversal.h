// NAT traversal in IKEv1 (RFC 3947; drafts -02 and -03 of it, which peers still speak): vendor ids that say who knows
// it, NAT-D payloads that find the NAT, NAT-OA payloads that tell the addresses behind it.
#pragma once

#include "crypto/provider.h"
#include "ike/v1/isakmp_sa.h"
#include "ike/v1/step.h"
#include "wire/ikev1/payload.h"

namespace sallyport::ike::v1 {

/// Ours: the variants of NAT traversal, best first, and dead peer detection. A responder repeats the best one that it
/// shares with the initiator.
void add_vendor_ids(wire::ikev1::PayloadChain& payloads);
void add_vendor_ids(wire::ikev1::PayloadChain& payloads, const NatTraversal& shared);

NatTraversal best_nat_traversal(const wire::ikev1::PayloadChain& payloads);
bool says_dpd(const wire::ikev1::PayloadChain& payloads);
/// The drafts have other numbers, for payloads and encapsulation modes.
bool is_draft(const NatTraversal& variant);
wire::ikev1::NatNumbering numbering(const NatTraversal& variant);

/// What NAT-D hashes are made of beside the endpoints.
struct NatContext {
  crypto::Hash hash{};
  std::uint64_t cookie_i = 0, cookie_r = 0;
  policy::Endpoint local, remote;
};
/// Destination first, then source (RFC 3947 §3.2). `pretend` makes ours wrong on purpose, so that the peer encapsulates
/// as if we were behind a NAT.
void add_nat_detection(wire::ikev1::PayloadChain& payloads, crypto::Provider& crypto, const NatTraversal& variant,
                       const NatContext& context, bool pretend);
/// Whether a message that belongs to both sides' NAT detection says as much of it as the vendor ids promised: hashes
/// where both know of NAT traversal, else none. Nothing protects the vendor ids, so one of them may have been changed
/// on the way, and an ISAKMP SA that knows nothing of a NAT would come of it.
bool keeps_promise(const NatTraversal& variant, const wire::ikev1::PayloadChain& payloads);
NatFindings detect_nat(const wire::ikev1::PayloadChain& payloads, crypto::Provider& crypto, const NatContext& context);

/// Away from port 500, where NATs meddle (RFC 3947 §4). Ports that were configured on purpose are kept.
void float_ports(policy::Endpoint& local, policy::Endpoint& remote);

/// The original addresses, for transport mode (RFC 3947 §5.2): the initiator's, then the responder's, as we know them.
void add_original_addresses(wire::ikev1::PayloadChain& payloads, const NatTraversal& variant,
                            const policy::IpAddress& initiator, const policy::IpAddress& responder);

}  // namespace sallyport::ike::v1
