// Dead peer detection (RFC 3706): "are you there" and its answer, as notifies with a number. Message ids keep old ones
// from being played again, so the number tells only which question is answered.
#pragma once

#include <optional>

#include "ike/v1/isakmp_sa.h"
#include "wire/ikev1/payload.h"

namespace sallyport::ike::v1 {

wire::ikev1::NotifyPayload are_you_there(const IsakmpSa& sa, std::uint32_t sequence);
wire::ikev1::NotifyPayload i_am_here(const IsakmpSa& sa, std::uint32_t sequence);
/// The number in either; nullopt when it is not one of this ISAKMP SA, or not well formed.
std::optional<std::uint32_t> read_sequence(const IsakmpSa& sa, const wire::ikev1::NotifyPayload& notify);

}  // namespace sallyport::ike::v1
