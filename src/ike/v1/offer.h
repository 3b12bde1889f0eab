// Offer: an SA payload taken apart. An IKEv1 transform is a tuple, one algorithm of each kind, so a policy::Proposal
// with alternatives becomes many transforms; an offer is read back as one policy::Proposal for each of its transforms,
// so that policy::choose and policy::nearest_miss work on it.
#pragma once

#include <algorithm>
#include <vector>

#include "policy/proposal.h"
#include "wire/ikev1/sa_payload.h"

namespace sallyport::ike::v1 {

/// All of the same length, the pointers into the payload that was read. What cannot be chosen (an algorithm that we do
/// not have, an attribute that we do not know, part of a bundle) has an empty meaning, which nothing meets.
struct Offer {
  std::vector<policy::Proposal> meanings;
  std::vector<const wire::ikev1::Proposal*> proposals;
  std::vector<const wire::ikev1::Transform*> transforms;

  void add(const wire::ikev1::Proposal& proposal, const wire::ikev1::Transform& transform, policy::Proposal meaning) {
    meanings.push_back(std::move(meaning));
    proposals.push_back(&proposal);
    transforms.push_back(&transform);
  }
};

/// A transform that was chosen, and what it means.
struct ChosenTransform {
  const wire::ikev1::Proposal* proposal = nullptr;
  const wire::ikev1::Transform* transform = nullptr;
  policy::Suite suite;
};
/// The proposal that takes a transform just as it came (RFC 2408 §4.2).
inline wire::ikev1::Proposal accept(const ChosenTransform& chosen, ByteView spi) {
  return {.number = chosen.proposal->number,
          .protocol = chosen.proposal->protocol,
          .spi = to_bytes(spi),
          .transforms = {*chosen.transform}};
}

/// Additional key exchanges are IKEv2's (RFC 9370). Where they may be left out they are; false: `proposal` demands one,
/// and cannot be said in IKEv1.
inline bool leave_out_additional(policy::Proposal& proposal) {
  const bool demands_one = std::ranges::any_of(proposal.additional, [](const policy::AdditionalKeyExchange& each) {
    return std::ranges::find(each.methods, crypto::KeyExchangeMethod::none) == each.methods.end();
  });
  proposal.additional.clear();
  return !demands_one;
}

/// Room is for 255: their count has eight bits.
inline void add_transform(wire::ikev1::Proposal& proposal, wire::ikev1::Transform transform) {
  if (proposal.transforms.size() < wire::ikev1::max_transforms) proposal.transforms.push_back(std::move(transform));
}
inline std::uint8_t next_number(const wire::ikev1::Proposal& proposal) {
  return static_cast<std::uint8_t>(proposal.transforms.size() + 1);
}

}  // namespace sallyport::ike::v1
