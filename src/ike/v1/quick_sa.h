// What both ends of a Quick Mode do alike: the pair of SAs that comes of it, with its keys, and NAT-OA.
#pragma once

#include <optional>

#include "ike/core/environment.h"
#include "ike/v1/key_schedule.h"
#include "ike/v1/offer.h"
#include "ike/v1/quick_match.h"

namespace sallyport::ike::v1 {

/// Of one pair of SAs, inbound; `ah` of a bundle's AH.
struct OwnSpis {
  std::uint32_t spi = 0, ah = 0;
};
/// What was chosen: a transform, or one of each of a bundle's protocols.
struct Taken {
  ChosenTransform chosen;  // of a bundle, ESP's
  std::optional<ChosenTransform> ah;
};
/// Each direction has the keys of its receiver's SPI, and in a bundle each protocol its own.
policy::ChildSaSpec make_spec(const IsakmpSa& sa, const policy::Child& config, const SelectorPair& pair,
                              const OwnSpis& ours, const Taken& taken, const QuickModeInputs& inputs, Environment& env);

/// NAT-OA, where transport mode goes through a NAT.
void add_original(const IsakmpSa& sa, wire::ikev1::PayloadChain& payloads, policy::Mode mode, bool we_initiated);

}  // namespace sallyport::ike::v1
