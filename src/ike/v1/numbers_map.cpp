#include "ike/v1/numbers_map.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace sallyport::ike::v1 {
namespace {

namespace w = wire::ikev1;
using crypto::Cipher;
using crypto::Encryption;
using crypto::Integrity;
using crypto::KeyExchangeMethod;
using crypto::Prf;

constexpr HashRow kHashes[] = {
    {Integrity::hmac_md5_96, Prf::hmac_md5, w::HashAlgorithm::md5},
    {Integrity::hmac_sha1_96, Prf::hmac_sha1, w::HashAlgorithm::sha},
    {Integrity::hmac_sha2_256_128, Prf::hmac_sha2_256, w::HashAlgorithm::sha2_256},
    {Integrity::hmac_sha2_384_192, Prf::hmac_sha2_384, w::HashAlgorithm::sha2_384},
    {Integrity::hmac_sha2_512_256, Prf::hmac_sha2_512, w::HashAlgorithm::sha2_512},
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

constexpr std::pair<Cipher, w::EncryptionAlgorithm> kPhase1Ciphers[] = {
    {Cipher::triple_des_cbc, w::EncryptionAlgorithm::triple_des_cbc},
    {Cipher::aes_cbc, w::EncryptionAlgorithm::aes_cbc},
};

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

template <class Table, class Member, class Value>
auto row_of(const Table& table, Member member, const Value& value) {
  const auto* const row = std::ranges::find(table, value, member);
  return row == std::end(table) ? nullptr : row;
}

/// What stands beside `value` in a table of two columns.
template <class Ours, class Theirs, std::size_t N>
std::optional<Theirs> number_of(const std::pair<Ours, Theirs> (&table)[N], Ours value) {
  const auto* const row = row_of(table, &std::pair<Ours, Theirs>::first, value);
  return row ? std::optional(row->second) : std::nullopt;
}
template <class Ours, class Theirs, std::size_t N>
std::optional<Ours> meaning_of(const std::pair<Ours, Theirs> (&table)[N], Theirs number) {
  const auto* const row = row_of(table, &std::pair<Ours, Theirs>::second, number);
  return row ? std::optional(row->first) : std::nullopt;
}

bool names_length(Cipher cipher) { return cipher != Cipher::null && cipher != Cipher::triple_des_cbc; }

}  // namespace

const HashRow* hash_row(Prf prf) { return row_of(kHashes, &HashRow::prf, prf); }
const HashRow* hash_row(w::HashAlgorithm hash) { return row_of(kHashes, &HashRow::hash, hash); }

const IntegrityRow* integrity_row(Integrity integrity) {
  return row_of(kIntegrities, &IntegrityRow::integrity, integrity);
}
const IntegrityRow* integrity_row(w::AuthenticationAlgorithm authentication) {
  return row_of(kIntegrities, &IntegrityRow::authentication, authentication);
}

std::optional<w::GroupDescription> write_group(KeyExchangeMethod method) { return number_of(kGroups, method); }
std::optional<KeyExchangeMethod> read_method(w::GroupDescription group) { return meaning_of(kGroups, group); }

std::optional<Cipher> read_cipher(w::EncryptionAlgorithm number) { return meaning_of(kPhase1Ciphers, number); }
std::optional<w::EncryptionAlgorithm> write_cipher(Cipher cipher) { return number_of(kPhase1Ciphers, cipher); }

std::optional<Cipher> read_esp(w::EspTransformId number) { return meaning_of(kEspCiphers, number); }
std::optional<w::EspTransformId> write_esp(Cipher cipher) { return number_of(kEspCiphers, cipher); }

std::optional<std::uint16_t> written_length(Encryption encryption) {
  return names_length(encryption.cipher) ? std::optional(encryption.key_bits) : std::nullopt;
}

std::optional<Encryption> with_length(Cipher cipher, std::optional<std::uint16_t> bits) {
  if (names_length(cipher)) {
    const Encryption encryption{cipher, bits.value_or(128)};
    return crypto::has_valid_key_size(encryption) ? std::optional(encryption) : std::nullopt;
  }
  if (bits) return std::nullopt;
  return Encryption{cipher, static_cast<std::uint16_t>(cipher == Cipher::triple_des_cbc ? 192 : 0)};
}

}  // namespace sallyport::ike::v1
