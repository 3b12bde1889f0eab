#include "ike/v1/proposals.h"

#include <algorithm>
#include <array>
#include <utility>

#include "ike/v1/protection.h"

namespace sallyport::ike::v1 {
namespace {

namespace w = wire::ikev1;
using crypto::Cipher;
using crypto::Encryption;
using crypto::Integrity;
using crypto::KeyExchangeMethod;
using crypto::Prf;
using policy::Proposal;
using policy::Protocol;
using policy::SequenceNumbers;

/// In phase 1 a hash stands for an integrity algorithm and a PRF at once.
struct HashRow {
  Integrity integrity;
  Prf prf;
  w::HashAlgorithm hash;
};
constexpr HashRow kHashes[] = {
    {Integrity::hmac_md5_96, Prf::hmac_md5, w::HashAlgorithm::md5},
    {Integrity::hmac_sha1_96, Prf::hmac_sha1, w::HashAlgorithm::sha},
    {Integrity::hmac_sha2_256_128, Prf::hmac_sha2_256, w::HashAlgorithm::sha2_256},
    {Integrity::hmac_sha2_384_192, Prf::hmac_sha2_384, w::HashAlgorithm::sha2_384},
    {Integrity::hmac_sha2_512_256, Prf::hmac_sha2_512, w::HashAlgorithm::sha2_512},
};

/// In phase 2 an integrity algorithm is an attribute, and in AH the transform's number besides. CMAC has none of these.
struct IntegrityRow {
  Integrity integrity;
  w::AuthenticationAlgorithm authentication;
  w::AhTransformId ah;
};
constexpr IntegrityRow kIntegrities[] = {
    {Integrity::hmac_md5_96, w::AuthenticationAlgorithm::hmac_md5, w::AhTransformId::md5},
    {Integrity::hmac_sha1_96, w::AuthenticationAlgorithm::hmac_sha, w::AhTransformId::sha},
    {Integrity::hmac_sha2_256_128, w::AuthenticationAlgorithm::hmac_sha2_256, w::AhTransformId::sha2_256},
    {Integrity::hmac_sha2_384_192, w::AuthenticationAlgorithm::hmac_sha2_384, w::AhTransformId::sha2_384},
    {Integrity::hmac_sha2_512_256, w::AuthenticationAlgorithm::hmac_sha2_512, w::AhTransformId::sha2_512},
    {Integrity::aes_xcbc_96, w::AuthenticationAlgorithm::aes_xcbc_mac, w::AhTransformId::aes_xcbc_mac},
    {Integrity::aes_128_gmac, w::AuthenticationAlgorithm::aes_128_gmac, w::AhTransformId::aes_128_gmac},
    {Integrity::aes_192_gmac, w::AuthenticationAlgorithm::aes_192_gmac, w::AhTransformId::aes_192_gmac},
    {Integrity::aes_256_gmac, w::AuthenticationAlgorithm::aes_256_gmac, w::AhTransformId::aes_256_gmac},
};

template <class Table, class Member, class Value>
auto row_of(const Table& table, Member member, const Value& value) {
  const auto* const row = std::ranges::find(table, value, member);
  return row == std::end(table) ? nullptr : row;
}
template <class Member, class Value>
const HashRow* hash_row(Member member, const Value& value) {
  return row_of(kHashes, member, value);
}
template <class Member, class Value>
const IntegrityRow* integrity_row(Member member, const Value& value) {
  return row_of(kIntegrities, member, value);
}

constexpr std::pair<KeyExchangeMethod, w::GroupDescription> kGroups[] = {
    {KeyExchangeMethod::modp768, w::GroupDescription::modp768},
    {KeyExchangeMethod::modp1024, w::GroupDescription::modp1024},
    {KeyExchangeMethod::modp1536, w::GroupDescription::modp1536},
    {KeyExchangeMethod::modp2048, w::GroupDescription::modp2048},
    {KeyExchangeMethod::modp3072, w::GroupDescription::modp3072},
    {KeyExchangeMethod::modp4096, w::GroupDescription::modp4096},
    {KeyExchangeMethod::modp6144, w::GroupDescription::modp6144},
    {KeyExchangeMethod::modp8192, w::GroupDescription::modp8192},
    {KeyExchangeMethod::ecp256, w::GroupDescription::ecp256},
    {KeyExchangeMethod::ecp384, w::GroupDescription::ecp384},
    {KeyExchangeMethod::ecp521, w::GroupDescription::ecp521},
    {KeyExchangeMethod::brainpool224, w::GroupDescription::brainpool224},
    {KeyExchangeMethod::brainpool256, w::GroupDescription::brainpool256},
    {KeyExchangeMethod::brainpool384, w::GroupDescription::brainpool384},
    {KeyExchangeMethod::brainpool512, w::GroupDescription::brainpool512},
};
std::optional<w::GroupDescription> write_group(KeyExchangeMethod method) {
  for (const auto& [ours, theirs] : kGroups)
    if (ours == method) return theirs;
  return std::nullopt;
}

constexpr std::pair<Cipher, w::EspTransformId> kEspCiphers[] = {
    {Cipher::null, w::EspTransformId::null},
    {Cipher::triple_des_cbc, w::EspTransformId::triple_des},
    {Cipher::aes_cbc, w::EspTransformId::aes_cbc},
    {Cipher::aes_ctr, w::EspTransformId::aes_ctr},
    {Cipher::aes_ccm_8, w::EspTransformId::aes_ccm_8},
    {Cipher::aes_ccm_12, w::EspTransformId::aes_ccm_12},
    {Cipher::aes_ccm_16, w::EspTransformId::aes_ccm_16},
    {Cipher::aes_gcm_8, w::EspTransformId::aes_gcm_8},
    {Cipher::aes_gcm_12, w::EspTransformId::aes_gcm_12},
    {Cipher::aes_gcm_16, w::EspTransformId::aes_gcm_16},
    {Cipher::aes_gmac, w::EspTransformId::null_auth_aes_gmac},
};
std::optional<w::EspTransformId> write_esp(Cipher cipher) {
  for (const auto& [ours, theirs] : kEspCiphers)
    if (ours == cipher) return theirs;
  return std::nullopt;
}

bool names_length(Cipher cipher) { return cipher != Cipher::null && cipher != Cipher::triple_des_cbc; }
std::optional<std::uint16_t> written_length(Encryption encryption) {
  return names_length(encryption.cipher) ? std::optional(encryption.key_bits) : std::nullopt;
}
/// Where AES comes without its length, 128 bits are meant (RFC 3602 §5.2).
std::optional<Encryption> with_length(Cipher cipher, std::optional<std::uint16_t> bits) {
  if (names_length(cipher)) {
    const Encryption encryption{cipher, bits.value_or(128)};
    return crypto::has_valid_key_size(encryption) ? std::optional(encryption) : std::nullopt;
  }
  if (bits) return std::nullopt;
  return Encryption{cipher, static_cast<std::uint16_t>(cipher == Cipher::triple_des_cbc ? 192 : 0)};
}

template <class T, class Keep>
std::vector<T> filtered(std::vector<T> list, Keep keep) {
  std::erase_if(list, [&](const T& each) { return !keep(each); });
  return list;
}

/// By pre-shared key, whatever comes behind.
bool is_known(w::AuthenticationMethod method) {
  return method == w::AuthenticationMethod::pre_shared_key ||
         method == w::AuthenticationMethod::xauth_init_pre_shared ||
         method == w::AuthenticationMethod::xauth_resp_pre_shared;
}

Proposal phase1_meaning(const w::Transform& transform, std::optional<w::AuthenticationMethod> authentication) {
  Proposal meaning{.protocol = Protocol::ike};
  const w::Phase1Transform content = w::read_phase1(transform);
  if (transform.id != w::key_ike || !content.unrecognized.empty() || !content.encryption || !content.hash ||
      !content.group || !content.authentication || !is_known(*content.authentication) ||
      (authentication && content.authentication != authentication))
    return meaning;
  std::optional<Encryption> encryption;
  if (content.encryption == w::EncryptionAlgorithm::aes_cbc)
    encryption = with_length(Cipher::aes_cbc, content.key_length);
  if (content.encryption == w::EncryptionAlgorithm::triple_des_cbc)
    encryption = with_length(Cipher::triple_des_cbc, content.key_length);
  const HashRow* hash = hash_row(&HashRow::hash, *content.hash);
  const auto method = read_method(*content.group);
  if (encryption) meaning.encryption = {*encryption};
  if (hash) meaning.integrity = {hash->integrity};
  if (hash) meaning.prf = {hash->prf};
  if (method) meaning.key_exchange = {*method};
  return meaning;
}

/// The algorithms of ESP or AH; false when one of them is none of ours.
bool read_algorithms(w::ProtocolId protocol, const w::Phase2Transform& content, Proposal& meaning) {
  const IntegrityRow* row =
      content.authentication ? integrity_row(&IntegrityRow::authentication, *content.authentication) : nullptr;
  if (content.authentication && !row) return false;
  if (row) meaning.integrity = {row->integrity};
  if (protocol == w::ProtocolId::ah) return row && content.id == w::number(row->ah);
  const auto* const cipher = std::ranges::find(kEspCiphers, static_cast<w::EspTransformId>(content.id),
                                               &std::pair<Cipher, w::EspTransformId>::second);
  if (cipher == std::end(kEspCiphers)) return false;
  const auto encryption = with_length(cipher->first, content.key_length);
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

/// All that transforms of one SA payload may be: their count has eight bits.
void add_transform(w::Proposal& proposal, w::Transform transform) {
  if (proposal.transforms.size() < w::max_transforms) proposal.transforms.push_back(std::move(transform));
}
std::uint8_t next_number(const w::Proposal& proposal) {
  return static_cast<std::uint8_t>(proposal.transforms.size() + 1);
}

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
void add_phase2_transforms(w::Proposal& out, const Proposal& proposal, const w::Phase2Transform& common) {
  const bool ah = proposal.protocol == Protocol::ah;
  const std::vector<Encryption> ciphers = ah ? std::vector<Encryption>{{}} : proposal.encryption;
  std::vector<Integrity> hashes = proposal.integrity;
  if (hashes.empty()) hashes = {Integrity::none};
  for (const Encryption& cipher : ciphers)
    for (const Integrity integrity : hashes) {
      const IntegrityRow* row = integrity_row(&IntegrityRow::integrity, integrity);
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

Bytes spi_octets(std::uint32_t spi) {
  Bytes octets(4);
  store_be32(octets.data(), spi);
  return octets;
}

}  // namespace

std::optional<KeyExchangeMethod> read_method(w::GroupDescription group) {
  for (const auto& [ours, theirs] : kGroups)
    if (theirs == group) return ours;
  return std::nullopt;
}

// ---- Phase 1 ----

std::vector<Proposal> phase1_proposals(const std::vector<Proposal>& configured) {
  std::vector<Proposal> out;
  for (Proposal proposal : configured) {
    proposal.encryption = filtered(std::move(proposal.encryption), encrypts_messages);
    proposal.key_exchange =
        filtered(std::move(proposal.key_exchange), [](auto method) { return write_group(method).has_value(); });
    proposal.prf = filtered(std::move(proposal.prf), [](auto prf) { return hash_row(&HashRow::prf, prf) != nullptr; });
    proposal.integrity.clear();
    for (const Prf prf : proposal.prf) proposal.integrity.push_back(hash_row(&HashRow::prf, prf)->integrity);
    if (!proposal.encryption.empty() && !proposal.key_exchange.empty() && !proposal.prf.empty())
      out.push_back(std::move(proposal));
  }
  return out;
}

KeyExchangeMethod preferred_method(const std::vector<Proposal>& proposals) {
  return proposals.empty() ? KeyExchangeMethod::none : proposals.front().key_exchange.front();
}

w::SaPayload offer_phase1(const std::vector<Proposal>& proposals, w::AuthenticationMethod authentication,
                          std::optional<std::uint64_t> life_seconds, std::optional<KeyExchangeMethod> only) {
  w::Proposal out{.number = 1, .protocol = w::ProtocolId::isakmp, .spi = {}, .transforms = {}};
  for (const Proposal& proposal : proposals)
    for (const Encryption& cipher : proposal.encryption)
      for (const Prf prf : proposal.prf)
        for (const KeyExchangeMethod method : proposal.key_exchange) {
          if (only && method != *only) continue;
          w::Phase1Transform content;
          content.encryption = cipher.cipher == Cipher::aes_cbc ? w::EncryptionAlgorithm::aes_cbc
                                                                : w::EncryptionAlgorithm::triple_des_cbc;
          content.key_length = written_length(cipher);
          content.hash = hash_row(&HashRow::prf, prf)->hash;
          content.authentication = authentication;
          content.group = write_group(method);
          content.lifetimes.seconds = life_seconds;
          add_transform(out, w::write_phase1(next_number(out), content));
        }
  return {{std::move(out)}};
}

Offer read_phase1_offer(const w::SaPayload& sa, std::optional<w::AuthenticationMethod> authentication) {
  Offer offer;
  for (const w::Proposal& proposal : sa.proposals)
    for (const w::Transform& transform : proposal.transforms) {
      offer.meanings.push_back(proposal.protocol == w::ProtocolId::isakmp ? phase1_meaning(transform, authentication)
                                                                          : Proposal{});
      offer.proposals.push_back(&proposal);
      offer.transforms.push_back(&transform);
    }
  return offer;
}

// ---- Phase 2 ----

std::vector<Proposal> phase2_proposals(const std::vector<Proposal>& configured) {
  std::vector<Proposal> out;
  for (Proposal proposal : configured) {
    const bool optional_secrecy = proposal.key_exchange.empty();
    proposal.encryption = filtered(std::move(proposal.encryption),
                                   [](const Encryption& each) { return write_esp(each.cipher).has_value(); });
    const bool protects_itself = proposal.integrity.empty();
    proposal.integrity = filtered(std::move(proposal.integrity), [](Integrity each) {
      return each == Integrity::none || integrity_row(&IntegrityRow::integrity, each);
    });
    proposal.key_exchange = filtered(std::move(proposal.key_exchange), [](auto method) {
      return method == KeyExchangeMethod::none || write_group(method);
    });
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
    add_phase2_transforms(sa.proposals.back(), proposal, common);
  }
  return sa;
}

Offer read_phase2_offer(const w::SaPayload& sa) {
  Offer offer;
  for (const auto& together : sa.alternatives())
    for (const w::Proposal* proposal : together) {
      const bool usable = together.size() == 1 && has_usable_spi(*proposal);  // bundles: bundle.h
      for (const w::Transform& transform : proposal->transforms) {
        offer.meanings.push_back(usable ? phase2_meaning(proposal->protocol, transform)
                                        : Proposal{.protocol = Protocol::esp});
        offer.proposals.push_back(proposal);
        offer.transforms.push_back(&transform);
      }
    }
  return offer;
}

Offer read_proposal(const w::Proposal& proposal) {
  Offer offer;
  for (const w::Transform& transform : proposal.transforms) {
    offer.meanings.push_back(phase2_meaning(proposal.protocol, transform));
    offer.proposals.push_back(&proposal);
    offer.transforms.push_back(&transform);
  }
  return offer;
}

bool has_usable_spi(const w::Proposal& proposal) {
  const auto spi = proposal.child_spi();
  return spi && *spi >= 256;
}

w::Proposal accept(const ChosenTransform& chosen, ByteView spi) {
  return {.number = chosen.proposal->number,
          .protocol = chosen.proposal->protocol,
          .spi = to_bytes(spi),
          .transforms = {*chosen.transform}};
}

w::SaPayload accept(const Offer& offer, std::size_t index, ByteView spi) {
  const w::Proposal& theirs = *offer.proposals[index];
  return {{{.number = theirs.number,
            .protocol = theirs.protocol,
            .spi = to_bytes(spi),
            .transforms = {*offer.transforms[index]}}}};
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

std::optional<std::uint64_t> smaller(std::optional<std::uint64_t> a, std::optional<std::uint64_t> b) {
  if (!a || !b) return a ? a : b;
  return std::min(*a, *b);
}

std::optional<std::uint64_t> life_of(policy::Seconds time) {
  if (time.count() <= 0) return std::nullopt;
  return static_cast<std::uint64_t>(time.count());
}

}  // namespace sallyport::ike::v1
