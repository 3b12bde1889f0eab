// Quick Mode's SA payloads: what protects a Child SA (RFC 2407 §4.5). Bundles of two protocols are bundle.h's.
#pragma once

#include <optional>
#include <vector>

#include "ike/v1/offer.h"
#include "policy/connection.h"
#include "wire/ikev1/phase2_transform.h"

namespace sallyport::ike::v1 {

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

Bytes spi_octets(std::uint32_t spi);
/// An SPI below 256 is reserved (RFC 4303 §2.1).
bool has_usable_spi(const wire::ikev1::Proposal& proposal);

struct Encapsulation {
  policy::Mode mode = policy::Mode::tunnel;
  bool udp = false;
};
std::optional<Encapsulation> read_encapsulation(const wire::ikev1::Transform& transform);
/// `draft`: with the numbers that the drafts of NAT traversal used.
wire::ikev1::EncapsulationMode write_encapsulation(Encapsulation encapsulation, bool draft);

}  // namespace sallyport::ike::v1
