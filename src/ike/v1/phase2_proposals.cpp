#include "ike/v1/phase2_proposals.h"

#include <algorithm>

#include "ike/v1/numbers_map.h"

namespace sallyport::ike::v1 {
namespace {

namespace w = wire::ikev1;
using crypto::Encryption;
using crypto::Integrity;
using crypto::KeyExchangeMethod;
using policy::Proposal;
using policy::Protocol;
using policy::SequenceNumbers;

// ---- Reading

/// The algorithms of ESP or AH; false when one of them is none of ours.
bool read_algorithms(w::ProtocolId protocol, const w::Phase2Transform& content, Proposal& meaning) {
  const IntegrityRow* row = content.authentication ? integrity_row(*content.authentication) : nullptr;
  if (content.authentication && !row) return false;
  if (row) meaning.integrity = {row->integrity};
  if (protocol == w::ProtocolId::ah) return row && content.id == w::number(row->ah);
  const auto cipher = read_esp(static_cast<w::EspTransformId>(content.id));
  const auto encryption = cipher ? with_length(*cipher, content.key_length) : std::nullopt;
  if (!encryption) return false;
  meaning.encryption = {*encryption};
  return true;
}

Proposal phase2_meaning(w::ProtocolId protocol, const w::Transform& transform) {
  Proposal nothing{.protocol = protocol == w::ProtocolId::ah ? Protocol::ah : Protocol::esp};
  if (protocol != w::ProtocolId::ah && protocol != w::ProtocolId::esp) return nothing;
  const w::Phase2Transform content = w::read_phase2(transform);
  Proposal meaning = nothing;
  if (!content.unrecognized.empty() || !read_algorithms(protocol, content, meaning)) return nothing;
  if (content.group) {
    const auto method = read_method(*content.group);
    if (!method) return nothing;
    meaning.key_exchange = {*method};
  }
  meaning.sequence_numbers = {content.extended_sequence_numbers ? SequenceNumbers::bits64 : SequenceNumbers::bits32};
  return meaning;
}

// ---- Offering

bool allows(const Proposal& proposal, KeyExchangeMethod method) {
  if (proposal.key_exchange.empty()) return method == KeyExchangeMethod::none;
  return std::ranges::find(proposal.key_exchange, method) != proposal.key_exchange.end();
}

/// Who does not know the attribute for extended sequence numbers aborts (RFC 2407 §4.5), and many do not. So they are
/// offered where nothing else will do; when the peer offers them, we take them.
bool wants_only_extended(const Proposal& proposal) {
  return std::ranges::find(proposal.sequence_numbers, SequenceNumbers::bits32) == proposal.sequence_numbers.end();
}

/// The transforms of one proposal of ESP or AH, for one method of forward secrecy.
void add_transforms(w::Proposal& out, const Proposal& proposal, const w::Phase2Transform& common) {
  const bool ah = proposal.protocol == Protocol::ah;
  const std::vector<Encryption> ciphers = ah ? std::vector<Encryption>{{}} : proposal.encryption;
  std::vector<Integrity> hashes = proposal.integrity;
  if (hashes.empty()) hashes = {Integrity::none};
  for (const Encryption& cipher : ciphers)
    for (const Integrity integrity : hashes) {
      const IntegrityRow* row = integrity_row(integrity);
      w::Phase2Transform content = common;
      content.id = ah ? w::number(row->ah) : w::number(*write_esp(cipher.cipher));
      if (!ah) content.key_length = written_length(cipher);
      if (row) content.authentication = row->authentication;
      content.extended_sequence_numbers = wants_only_extended(proposal);
      add_transform(out, w::write_phase2(next_number(out), content));
    }
}

w::ProtocolId protocol_id(Protocol protocol) {
  return protocol == Protocol::ah ? w::ProtocolId::ah : w::ProtocolId::esp;
}

}  // namespace

// ---- What we have to say

std::vector<Proposal> phase2_proposals(const std::vector<Proposal>& configured) {
  std::vector<Proposal> out;
  for (Proposal proposal : configured) {
    if (!leave_out_additional(proposal)) continue;
    const bool optional_secrecy = proposal.key_exchange.empty();
    const bool protects_itself = proposal.integrity.empty();
    std::erase_if(proposal.encryption, [](const Encryption& each) { return !write_esp(each.cipher); });
    std::erase_if(proposal.integrity, [](Integrity each) { return each != Integrity::none && !integrity_row(each); });
    std::erase_if(proposal.key_exchange,
                  [](KeyExchangeMethod method) { return method != KeyExchangeMethod::none && !write_group(method); });
    if (proposal.sequence_numbers.empty()) proposal.sequence_numbers = {SequenceNumbers::bits32};
    const bool complete = (proposal.protocol == Protocol::ah || !proposal.encryption.empty()) &&
                          ((proposal.protocol == Protocol::esp && protects_itself) || !proposal.integrity.empty());
    if (complete && (optional_secrecy || !proposal.key_exchange.empty())) out.push_back(std::move(proposal));
  }
  return out;
}

KeyExchangeMethod forward_secrecy(const std::vector<Proposal>& proposals) {
  if (proposals.empty() || proposals.front().key_exchange.empty()) return KeyExchangeMethod::none;
  return proposals.front().key_exchange.front();
}

w::SaPayload offer_phase2(const std::vector<Proposal>& proposals, KeyExchangeMethod method,
                          w::EncapsulationMode encapsulation, const w::Lifetimes& life, std::uint32_t spi) {
  w::SaPayload sa;
  w::Phase2Transform common;
  common.encapsulation = encapsulation;
  common.group = write_group(method);
  common.lifetimes = life;
  for (const Proposal& proposal : proposals) {
    if (!allows(proposal, method)) continue;
    const w::ProtocolId protocol = protocol_id(proposal.protocol);
    if (sa.proposals.empty() || sa.proposals.back().protocol != protocol)
      sa.proposals.push_back({.number = static_cast<std::uint8_t>(sa.proposals.size() + 1),
                              .protocol = protocol,
                              .spi = spi_octets(spi),
                              .transforms = {}});
    add_transforms(sa.proposals.back(), proposal, common);
  }
  return sa;
}

// ---- What a peer says

Offer read_phase2_offer(const w::SaPayload& sa) {
  Offer offer;
  for (const auto& together : sa.alternatives())
    for (const w::Proposal* proposal : together) {
      const bool usable = together.size() == 1 && has_usable_spi(*proposal);  // bundles: bundle.h
      for (const w::Transform& transform : proposal->transforms)
        offer.add(*proposal, transform,
                  usable ? phase2_meaning(proposal->protocol, transform) : Proposal{.protocol = Protocol::esp});
    }
  return offer;
}

Offer read_proposal(const w::Proposal& proposal) {
  Offer offer;
  for (const w::Transform& transform : proposal.transforms)
    offer.add(proposal, transform, phase2_meaning(proposal.protocol, transform));
  return offer;
}

// ---- SPIs and modes

Bytes spi_octets(std::uint32_t spi) {
  Bytes octets(4);
  store_be32(octets.data(), spi);
  return octets;
}

bool has_usable_spi(const w::Proposal& proposal) {
  const auto spi = proposal.child_spi();
  return spi && *spi >= 256;
}

std::optional<Encapsulation> read_encapsulation(const w::Transform& transform) {
  using enum w::EncapsulationMode;
  switch (w::read_phase2(transform).encapsulation.value_or(tunnel)) {
    case tunnel: return Encapsulation{policy::Mode::tunnel, false};
    case transport: return Encapsulation{policy::Mode::transport, false};
    case udp_tunnel:
    case udp_tunnel_draft: return Encapsulation{policy::Mode::tunnel, true};
    case udp_transport:
    case udp_transport_draft: return Encapsulation{policy::Mode::transport, true};
  }
  return std::nullopt;
}

w::EncapsulationMode write_encapsulation(Encapsulation encapsulation, bool draft) {
  using enum w::EncapsulationMode;
  const bool in_tunnel = encapsulation.mode == policy::Mode::tunnel;
  if (!encapsulation.udp) return in_tunnel ? tunnel : transport;
  if (draft) return in_tunnel ? udp_tunnel_draft : udp_transport_draft;
  return in_tunnel ? udp_tunnel : udp_transport;
}

}  // namespace sallyport::ike::v1
