// Proposals in IKEv1's numbers. An IKEv1 transform is a tuple, one algorithm of each kind, so a policy::Proposal with
// alternatives becomes many transforms; an offer is read back as one policy::Proposal for each of its transforms, so
// that policy::choose and policy::nearest_miss work on it. What IKEv1 has no number for is left out, never guessed.
#pragma once

#include <optional>
#include <vector>

#include "policy/connection.h"
#include "policy/proposal.h"
#include "wire/ikev1/phase1_transform.h"
#include "wire/ikev1/phase2_transform.h"

namespace sallyport::ike::v1 {

/// An offer taken apart: all of the same length, the pointers into the payload that was read. What cannot be chosen (an
/// algorithm that we do not have, an attribute that we do not know, part of a bundle) has an empty meaning, which
/// nothing meets.
struct Offer {
  std::vector<policy::Proposal> meanings;
  std::vector<const wire::ikev1::Proposal*> proposals;
  std::vector<const wire::ikev1::Transform*> transforms;
};

// ---- Phase 1 ----

/// `configured` as far as phase 1 can say it: ciphers in CBC mode, groups with a number, and one hash in the place of
/// integrity and PRF: the PRF's.
std::vector<policy::Proposal> phase1_proposals(const std::vector<policy::Proposal>& configured);
/// The method of the first proposal: the one that Aggressive Mode's first message has to settle on.
crypto::KeyExchangeMethod preferred_method(const std::vector<policy::Proposal>& proposals);
/// `proposals` are phase1_proposals(); with `only`, those of that method alone.
wire::ikev1::SaPayload offer_phase1(const std::vector<policy::Proposal>& proposals,
                                    wire::ikev1::AuthenticationMethod authentication,
                                    std::optional<std::uint64_t> life_seconds,
                                    std::optional<crypto::KeyExchangeMethod> only);
/// Only transforms that authenticate by this method have a meaning; without one, those of all that we know.
Offer read_phase1_offer(const wire::ikev1::SaPayload& sa,
                        std::optional<wire::ikev1::AuthenticationMethod> authentication = {});

// ---- Phase 2 ----

/// `configured` as far as phase 2 can say it.
std::vector<policy::Proposal> phase2_proposals(const std::vector<policy::Proposal>& configured);
/// The method for forward secrecy that a Quick Mode of ours uses, `none` for none: all its transforms share it.
crypto::KeyExchangeMethod forward_secrecy(const std::vector<policy::Proposal>& proposals);
wire::ikev1::SaPayload offer_phase2(const std::vector<policy::Proposal>& proposals, crypto::KeyExchangeMethod method,
                                    wire::ikev1::EncapsulationMode encapsulation, const wire::ikev1::Lifetimes& life,
                                    std::uint32_t spi);
Offer read_phase2_offer(const wire::ikev1::SaPayload& sa);
/// The same of one proposal of ESP or AH, be it part of a bundle.
Offer read_proposal(const wire::ikev1::Proposal& proposal);
/// An SPI below 256 is reserved (RFC 4303 §2.1).
bool has_usable_spi(const wire::ikev1::Proposal& proposal);

/// A transform that was chosen, and what it means.
struct ChosenTransform {
  const wire::ikev1::Proposal* proposal = nullptr;
  const wire::ikev1::Transform* transform = nullptr;
  policy::Suite suite;
};
/// The proposal that takes a transform just as it came (RFC 2408 §4.2).
wire::ikev1::Proposal accept(const ChosenTransform& chosen, ByteView spi);

/// The payload that takes one transform of an offer.
wire::ikev1::SaPayload accept(const Offer& offer, std::size_t index, ByteView spi);

struct Encapsulation {
  policy::Mode mode = policy::Mode::tunnel;
  bool udp = false;
};
std::optional<Encapsulation> read_encapsulation(const wire::ikev1::Transform& transform);
/// `draft`: with the numbers that the drafts of NAT traversal used.
wire::ikev1::EncapsulationMode write_encapsulation(Encapsulation encapsulation, bool draft);

/// The smaller of two lifetimes; nullopt is no limit.
std::optional<std::uint64_t> smaller(std::optional<std::uint64_t> a, std::optional<std::uint64_t> b);
std::optional<std::uint64_t> life_of(policy::Seconds time);

std::optional<crypto::KeyExchangeMethod> read_method(wire::ikev1::GroupDescription group);

}  // namespace sallyport::ike::v1
