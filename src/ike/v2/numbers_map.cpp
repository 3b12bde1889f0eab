#include "ike/v2/numbers_map.h"

#include <algorithm>
#include <array>
#include <utility>

namespace sallyport::ike::v2 {
namespace {

namespace w = wire::ikev2;
using crypto::Cipher;
using crypto::Encryption;
using crypto::Integrity;
using crypto::KeyExchangeMethod;
using crypto::Prf;
using policy::Protocol;
using policy::SequenceNumbers;

template <class Ours, class Theirs, std::size_t N>
struct Table {
  std::array<std::pair<Ours, Theirs>, N> rows;

  constexpr std::optional<Ours> read(Theirs theirs) const {
    for (const auto& [ours, number] : rows)
      if (number == theirs) return ours;
    return std::nullopt;
  }
  constexpr std::optional<Theirs> write(Ours value) const {
    for (const auto& [ours, number] : rows)
      if (ours == value) return number;
    return std::nullopt;
  }
};
template <class Ours, class Theirs, std::size_t N>
constexpr Table<Ours, Theirs, N> table(const std::pair<Ours, Theirs> (&rows)[N]) {
  return {std::to_array(rows)};
}

constexpr auto kCiphers = table<Cipher, w::EncryptionId>({
    {Cipher::null, w::EncryptionId::null},
    {Cipher::triple_des_cbc, w::EncryptionId::triple_des},
    {Cipher::aes_cbc, w::EncryptionId::aes_cbc},
    {Cipher::aes_ctr, w::EncryptionId::aes_ctr},
    {Cipher::aes_gcm_8, w::EncryptionId::aes_gcm_8},
    {Cipher::aes_gcm_12, w::EncryptionId::aes_gcm_12},
    {Cipher::aes_gcm_16, w::EncryptionId::aes_gcm_16},
    {Cipher::aes_ccm_8, w::EncryptionId::aes_ccm_8},
    {Cipher::aes_ccm_12, w::EncryptionId::aes_ccm_12},
    {Cipher::aes_ccm_16, w::EncryptionId::aes_ccm_16},
    {Cipher::aes_gmac, w::EncryptionId::null_auth_aes_gmac},
    {Cipher::chacha20_poly1305, w::EncryptionId::chacha20_poly1305},
    {Cipher::aes_ccm_8_iiv, w::EncryptionId::aes_ccm_8_iiv},
    {Cipher::aes_gcm_16_iiv, w::EncryptionId::aes_gcm_16_iiv},
    {Cipher::chacha20_poly1305_iiv, w::EncryptionId::chacha20_poly1305_iiv},
});
constexpr auto kIntegrity = table<Integrity, w::IntegrityId>({
    {Integrity::none, w::IntegrityId::none},
    {Integrity::hmac_md5_96, w::IntegrityId::hmac_md5_96},
    {Integrity::hmac_sha1_96, w::IntegrityId::hmac_sha1_96},
    {Integrity::hmac_sha2_256_128, w::IntegrityId::hmac_sha2_256_128},
    {Integrity::hmac_sha2_384_192, w::IntegrityId::hmac_sha2_384_192},
    {Integrity::hmac_sha2_512_256, w::IntegrityId::hmac_sha2_512_256},
    {Integrity::aes_xcbc_96, w::IntegrityId::aes_xcbc_96},
    {Integrity::aes_cmac_96, w::IntegrityId::aes_cmac_96},
    {Integrity::aes_128_gmac, w::IntegrityId::aes_128_gmac},
    {Integrity::aes_192_gmac, w::IntegrityId::aes_192_gmac},
    {Integrity::aes_256_gmac, w::IntegrityId::aes_256_gmac},
});
constexpr auto kPrfs = table<Prf, w::PrfId>({
    {Prf::hmac_md5, w::PrfId::hmac_md5},
    {Prf::hmac_sha1, w::PrfId::hmac_sha1},
    {Prf::hmac_sha2_256, w::PrfId::hmac_sha2_256},
    {Prf::hmac_sha2_384, w::PrfId::hmac_sha2_384},
    {Prf::hmac_sha2_512, w::PrfId::hmac_sha2_512},
    {Prf::aes128_xcbc, w::PrfId::aes128_xcbc},
    {Prf::aes128_cmac, w::PrfId::aes128_cmac},
});
constexpr auto kMethods = table<KeyExchangeMethod, w::KeyExchangeId>({
    {KeyExchangeMethod::none, w::KeyExchangeId::none},
    {KeyExchangeMethod::modp768, w::KeyExchangeId::modp768},
    {KeyExchangeMethod::modp1024, w::KeyExchangeId::modp1024},
    {KeyExchangeMethod::modp1536, w::KeyExchangeId::modp1536},
    {KeyExchangeMethod::modp2048, w::KeyExchangeId::modp2048},
    {KeyExchangeMethod::modp3072, w::KeyExchangeId::modp3072},
    {KeyExchangeMethod::modp4096, w::KeyExchangeId::modp4096},
    {KeyExchangeMethod::modp6144, w::KeyExchangeId::modp6144},
    {KeyExchangeMethod::modp8192, w::KeyExchangeId::modp8192},
    {KeyExchangeMethod::ecp256, w::KeyExchangeId::ecp256},
    {KeyExchangeMethod::ecp384, w::KeyExchangeId::ecp384},
    {KeyExchangeMethod::ecp521, w::KeyExchangeId::ecp521},
    {KeyExchangeMethod::brainpool224, w::KeyExchangeId::brainpool224},
    {KeyExchangeMethod::brainpool256, w::KeyExchangeId::brainpool256},
    {KeyExchangeMethod::brainpool384, w::KeyExchangeId::brainpool384},
    {KeyExchangeMethod::brainpool512, w::KeyExchangeId::brainpool512},
    {KeyExchangeMethod::x25519, w::KeyExchangeId::x25519},
    {KeyExchangeMethod::x448, w::KeyExchangeId::x448},
    {KeyExchangeMethod::ml_kem_512, w::KeyExchangeId::ml_kem_512},
    {KeyExchangeMethod::ml_kem_768, w::KeyExchangeId::ml_kem_768},
    {KeyExchangeMethod::ml_kem_1024, w::KeyExchangeId::ml_kem_1024},
});

/// AES comes with three key lengths and says which; the others have one and must not say (RFC 7296 §3.3.5).
bool names_key_length(Cipher cipher) {
  switch (cipher) {
    case Cipher::null:
    case Cipher::triple_des_cbc:
    case Cipher::chacha20_poly1305:
    case Cipher::chacha20_poly1305_iiv: return false;
    default: return true;
  }
}
std::uint16_t only_key_length(Cipher cipher) {
  return cipher == Cipher::triple_des_cbc ? 192 : cipher == Cipher::null ? 0 : 256;
}

w::Transform write_encryption(const Encryption& encryption) {
  const auto id = *kCiphers.write(encryption.cipher);
  return names_key_length(encryption.cipher) ? w::transform(id, encryption.key_bits) : w::transform(id);
}

std::optional<Encryption> read_encryption(const w::Transform& transform) {
  const auto cipher = kCiphers.read(static_cast<w::EncryptionId>(transform.id));
  if (!cipher) return std::nullopt;
  if (!names_key_length(*cipher)) {
    if (transform.key_length) return std::nullopt;
    return Encryption{*cipher, only_key_length(*cipher)};
  }
  if (transform.key_length != 128 && transform.key_length != 192 && transform.key_length != 256) return std::nullopt;
  return Encryption{*cipher, *transform.key_length};
}

w::EsnId write_sequence_numbers(SequenceNumbers numbers) {
  return numbers == SequenceNumbers::bits64 ? w::EsnId::yes : w::EsnId::no;
}

w::ProtocolId write_protocol(Protocol protocol) {
  switch (protocol) {
    case Protocol::ike: return w::ProtocolId::ike;
    case Protocol::ah: return w::ProtocolId::ah;
    case Protocol::esp: break;
  }
  return w::ProtocolId::esp;
}
std::optional<Protocol> read_protocol(w::ProtocolId protocol) {
  switch (protocol) {
    case w::ProtocolId::ike: return Protocol::ike;
    case w::ProtocolId::ah: return Protocol::ah;
    case w::ProtocolId::esp: return Protocol::esp;
    case w::ProtocolId::none: break;
  }
  return std::nullopt;
}

template <class T>
void add_once(std::vector<T>& list, const T& value) {
  if (std::ranges::find(list, value) == list.end()) list.push_back(value);
}

/// ADDKE1 to ADDKE7 (RFC 9370 §2.2.1) are places 1 to 7.
constexpr std::uint8_t kBeforeFirstPlace = number(w::TransformType::additional_key_exchange_1) - 1;

w::Transform write_additional(std::uint8_t place, KeyExchangeMethod method) {
  w::Transform transform = w::transform(write_method(method));
  transform.type = static_cast<w::TransformType>(kBeforeFirstPlace + place);
  return transform;
}

/// A transform that we cannot take leaves its place there, with nothing in it that could be chosen.
void read_additional(const w::Transform& transform, policy::Proposal& proposal) {
  const auto place = static_cast<std::uint8_t>(w::number(transform.type) - kBeforeFirstPlace);
  auto& all = proposal.additional;
  auto at = std::ranges::find_if(all, [&](const auto& each) { return each.place >= place; });
  if (at == all.end() || at->place != place) at = all.insert(at, {place, {}});
  if (const auto method = read_method(static_cast<w::KeyExchangeId>(transform.id));
      method && transform.unrecognized.empty())
    add_once(at->methods, *method);
}

/// True unless the kind of transform itself is one that we do not have.
bool read_transform(const w::Transform& transform, policy::Proposal& proposal) {
  const bool choosable = transform.unrecognized.empty();
  switch (transform.type) {
    case w::TransformType::encryption:
      if (const auto value = read_encryption(transform); value && choosable) add_once(proposal.encryption, *value);
      return true;
    case w::TransformType::integrity:
      if (const auto value = kIntegrity.read(static_cast<w::IntegrityId>(transform.id)); value && choosable)
        add_once(proposal.integrity, *value);
      return true;
    case w::TransformType::prf:
      if (const auto value = kPrfs.read(static_cast<w::PrfId>(transform.id)); value && choosable)
        add_once(proposal.prf, *value);
      return true;
    case w::TransformType::key_exchange:
      if (const auto value = read_method(static_cast<w::KeyExchangeId>(transform.id)); value && choosable)
        add_once(proposal.key_exchange, *value);
      else
        proposal.other_key_exchange = true;
      return true;
    case w::TransformType::extended_sequence_numbers:
      if (choosable && transform.id <= 1)
        add_once(proposal.sequence_numbers, transform.id == 1 ? SequenceNumbers::bits64 : SequenceNumbers::bits32);
      return true;
    case w::TransformType::additional_key_exchange_1:
    case w::TransformType::additional_key_exchange_2:
    case w::TransformType::additional_key_exchange_3:
    case w::TransformType::additional_key_exchange_4:
    case w::TransformType::additional_key_exchange_5:
    case w::TransformType::additional_key_exchange_6:
    case w::TransformType::additional_key_exchange_7: read_additional(transform, proposal); return true;
  }
  return false;
}

policy::Proposal read_proposal(const w::Proposal& theirs) {
  policy::Proposal ours;
  const auto protocol = read_protocol(theirs.protocol);
  if (!protocol) return ours;
  ours.protocol = *protocol;
  bool understood = true;
  for (const auto& transform : theirs.transforms) understood &= read_transform(transform, ours);
  if (!understood) return policy::Proposal{.protocol = *protocol};
  // A combined-mode cipher takes no integrity, and may say so (RFC 7296 §3.3.3).
  if (ours.integrity.size() == 1 && ours.integrity.front() == Integrity::none) ours.integrity.clear();
  if (*protocol != Protocol::ike) {
    const bool silent = std::ranges::none_of(theirs.transforms, [](const w::Transform& transform) {
      return transform.type == w::TransformType::extended_sequence_numbers;
    });
    if (silent)
      ours.sequence_numbers = {SequenceNumbers::bits32};  // RFC 7296 §3.3.2: absent means no
    else if (ours.sequence_numbers.empty())
      return policy::Proposal{.protocol = *protocol};  // of kinds that we do not have
  }
  return ours;
}

w::Proposal write_proposal(const policy::Proposal& ours, std::size_t number, ByteView spi, bool with_key_exchange) {
  w::Proposal proposal;
  proposal.number = static_cast<std::uint8_t>(number);
  proposal.protocol = write_protocol(ours.protocol);
  proposal.spi = to_bytes(spi);
  auto& transforms = proposal.transforms;
  for (const auto& value : ours.encryption) transforms.push_back(write_encryption(value));
  for (const auto value : ours.integrity) transforms.push_back(w::transform(*kIntegrity.write(value)));
  for (const auto value : ours.prf) transforms.push_back(w::transform(*kPrfs.write(value)));
  if (with_key_exchange)
    for (const auto value : ours.key_exchange) transforms.push_back(w::transform(write_method(value)));
  if (with_key_exchange)
    for (const auto& each : ours.additional)
      for (const auto value : each.methods) transforms.push_back(write_additional(each.place, value));
  for (const auto value : ours.sequence_numbers) transforms.push_back(w::transform(write_sequence_numbers(value)));
  return proposal;
}

}  // namespace

w::SaPayload offer(const std::vector<policy::Proposal>& proposals, ByteView spi, bool with_key_exchange) {
  w::SaPayload sa;
  for (const policy::Proposal& ours : proposals)
    sa.proposals.push_back(write_proposal(ours, sa.proposals.size() + 1, spi, with_key_exchange));
  return sa;
}

w::SaPayload accept(const policy::Suite& suite, const w::Proposal& offered, ByteView spi, bool with_key_exchange) {
  w::SaPayload sa;
  sa.proposals.push_back(write_proposal(only(suite), offered.number, spi, with_key_exchange));
  if (!with_key_exchange) return sa;
  // An additional key exchange that is not carried out is answered with NONE, one transform for each type offered.
  auto& transforms = sa.proposals.front().transforms;
  for (const w::Transform& theirs : offered.transforms) {
    const bool additional = theirs.type >= w::TransformType::additional_key_exchange_1 &&
                            theirs.type <= w::TransformType::additional_key_exchange_7;
    if (additional && std::ranges::find(transforms, theirs.type, &w::Transform::type) == transforms.end())
      transforms.push_back(write_additional(static_cast<std::uint8_t>(w::number(theirs.type) - kBeforeFirstPlace),
                                            KeyExchangeMethod::none));
  }
  return sa;
}

policy::Proposal only(const policy::Suite& suite) {
  policy::Proposal proposal{.protocol = suite.protocol};
  if (suite.protocol != Protocol::ah) proposal.encryption = {suite.encryption};
  if (suite.integrity != Integrity::none) proposal.integrity = {suite.integrity};
  if (suite.protocol == Protocol::ike) proposal.prf = {suite.prf};
  if (suite.key_exchange != KeyExchangeMethod::none) proposal.key_exchange = {suite.key_exchange};
  if (suite.protocol != Protocol::ike) proposal.sequence_numbers = {suite.sequence_numbers};
  for (std::size_t place = suite.next_additional(); place != 0; place = suite.next_additional(place + 1))
    proposal.additional.push_back({static_cast<std::uint8_t>(place), {suite.additional[place - 1]}});
  return proposal;
}

std::vector<policy::Proposal> read_offer(const w::SaPayload& sa) {
  std::vector<policy::Proposal> proposals;
  proposals.reserve(sa.proposals.size());
  for (const w::Proposal& theirs : sa.proposals) proposals.push_back(read_proposal(theirs));
  return proposals;
}

Result<policy::Suite> read_choice(const w::SaPayload& sa, Protocol protocol) {
  if (sa.proposals.size() != 1) return fail(ErrorCode::malformed);
  const policy::Proposal chosen = read_proposal(sa.proposals.front());
  const auto at_most_one = [](const auto& list) { return list.size() <= 1; };
  if (chosen.protocol != protocol || !at_most_one(chosen.encryption) || !at_most_one(chosen.integrity) ||
      !at_most_one(chosen.prf) || !at_most_one(chosen.key_exchange) || !at_most_one(chosen.sequence_numbers) ||
      !std::ranges::all_of(chosen.additional, [](const auto& each) { return each.methods.size() == 1; }))
    return fail(ErrorCode::malformed);
  policy::Suite suite{.protocol = protocol};
  if (protocol != Protocol::ah && chosen.encryption.empty()) return fail(ErrorCode::malformed);
  if (protocol == Protocol::ike && chosen.prf.empty()) return fail(ErrorCode::malformed);
  if (chosen.other_key_exchange) return fail(ErrorCode::malformed);
  if (!chosen.encryption.empty()) suite.encryption = chosen.encryption.front();
  if (!chosen.integrity.empty()) suite.integrity = chosen.integrity.front();
  if (!chosen.prf.empty()) suite.prf = chosen.prf.front();
  if (!chosen.key_exchange.empty()) suite.key_exchange = chosen.key_exchange.front();
  if (!chosen.sequence_numbers.empty()) suite.sequence_numbers = chosen.sequence_numbers.front();
  for (const auto& each : chosen.additional) suite.additional[each.place - 1u] = each.methods.front();
  return suite;
}

std::optional<KeyExchangeMethod> read_method(w::KeyExchangeId id) { return kMethods.read(id); }
w::KeyExchangeId write_method(KeyExchangeMethod method) { return *kMethods.write(method); }
std::optional<Prf> read_prf(w::PrfId id) { return kPrfs.read(id); }
w::PrfId write_prf(Prf prf) { return *kPrfs.write(prf); }

policy::TrafficSelectors read_selectors(const w::TrafficSelectors& selectors) {
  policy::TrafficSelectors ours;
  for (const w::TrafficSelector& theirs : selectors.ranges) {
    const auto first = policy::IpAddress::from_bytes(theirs.start_address());
    const auto last = policy::IpAddress::from_bytes(theirs.end_address());
    if (!first || !last || *last < *first) continue;
    const policy::PortRange ports{theirs.start_port, theirs.end_port};
    if (ports.last < ports.first && !ports.is_opaque()) continue;
    ours.push_back({{*first, *last}, theirs.ip_protocol, ports});
  }
  return ours;
}

w::TrafficSelectors write_selectors(const policy::TrafficSelectors& selectors) {
  w::TrafficSelectors theirs;
  for (const policy::TrafficSelector& ours : selectors) {
    w::TrafficSelector range;
    range.type =
        ours.addresses.family() == policy::Family::ipv4 ? w::TsType::ipv4_addr_range : w::TsType::ipv6_addr_range;
    range.ip_protocol = ours.protocol;
    range.start_port = ours.ports.first;
    range.end_port = ours.ports.last;
    std::ranges::copy(ours.addresses.first.bytes(), range.start.begin());
    std::ranges::copy(ours.addresses.last.bytes(), range.end.begin());
    theirs.ranges.push_back(range);
  }
  return theirs;
}

std::optional<policy::Identity> read_identity(const w::Identification& id) {
  using Kind = policy::Identity::Kind;
  switch (id.type) {
    case w::IdType::ipv4_addr:
      return id.data.size() == 4 ? std::optional(policy::Identity{Kind::ipv4, id.data}) : std::nullopt;
    case w::IdType::ipv6_addr:
      return id.data.size() == 16 ? std::optional(policy::Identity{Kind::ipv6, id.data}) : std::nullopt;
    case w::IdType::fqdn: return policy::Identity{Kind::fqdn, id.data};
    case w::IdType::rfc822_addr: return policy::Identity{Kind::user_fqdn, id.data};
    case w::IdType::der_asn1_dn: return policy::Identity{Kind::dn, id.data};
    case w::IdType::key_id: return policy::Identity{Kind::key_id, id.data};
    case w::IdType::null: return policy::Identity::null();
    default: return std::nullopt;
  }
}

w::Identification write_identity(const policy::Identity& identity) {
  using Kind = policy::Identity::Kind;
  w::Identification id;
  id.data = identity.data;
  switch (identity.kind) {
    case Kind::ipv4: id.type = w::IdType::ipv4_addr; break;
    case Kind::ipv6: id.type = w::IdType::ipv6_addr; break;
    case Kind::fqdn: id.type = w::IdType::fqdn; break;
    case Kind::user_fqdn: id.type = w::IdType::rfc822_addr; break;
    case Kind::dn: id.type = w::IdType::der_asn1_dn; break;
    case Kind::null: id.type = w::IdType::null; break;
    case Kind::any:
    case Kind::key_id: id.type = w::IdType::key_id; break;
  }
  return id;
}

}  // namespace sallyport::ike::v2
