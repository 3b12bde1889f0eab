// Informational exchanges (RFC 2409 §5.7): one message each, protected by HASH(1). Deletes, errors about a Quick Mode,
// dead peer detection, INITIAL-CONTACT. What comes without protection is not for here: it changes nothing.
//
//   sender                                    receiver
//   HDR*, HASH(1), N | D                -->
//
// Nothing acknowledges a Delete. But whoever has a Child SA deleted deletes its own half and says so, and we take that
// for the answer: until it comes, or for a while, our Delete is repeated.
#pragma once

#include "ike/core/environment.h"
#include "ike/v1/step.h"

namespace sallyport::ike::v1 {

/// Deletes of our inbound SPIs, one payload for each protocol that occurs.
wire::ikev1::PayloadChain build_delete_children(const std::vector<const ChildSa*>& children);
wire::ikev1::PayloadChain build_deletes(const std::vector<ToldDelete>& deletes);
wire::ikev1::PayloadChain build_delete_isakmp_sa(const IsakmpSa& sa,
                                                 std::optional<wire::ikev1::NotifyType> why = std::nullopt);

ExchangeStep process_informational(const IsakmpSa& sa, const Inbound& in);

/// A whole Informational without protection, for who has no keys with us; the peer may believe it or not.
Bytes serialize_hint(std::uint64_t cookie_i, std::uint64_t cookie_r, wire::ikev1::NotifyType type,
                     RandomSource& random);

/// Which Quick Mode of ours an error is about: the one whose SPI it names, else the only one under way.
const Exchange* quick_mode_of(const IsakmpSa& sa, const wire::ikev1::NotifyPayload& error);

}  // namespace sallyport::ike::v1
