#include "policy/proposal_words.h"

#include <algorithm>
#include <array>

namespace sallyport::policy {
namespace {

using crypto::Cipher;
using crypto::Encryption;
using crypto::Integrity;
using crypto::Prf;
using Group = crypto::KeyExchangeMethod;

constexpr std::array kWords = std::to_array<ProposalWord>({
    {"aes128", Encryption{Cipher::aes_cbc, 128}},
    {"aes", Encryption{Cipher::aes_cbc, 128}},
    {"aes192", Encryption{Cipher::aes_cbc, 192}},
    {"aes256", Encryption{Cipher::aes_cbc, 256}},
    {"aes128ctr", Encryption{Cipher::aes_ctr, 128}},
    {"aes192ctr", Encryption{Cipher::aes_ctr, 192}},
    {"aes256ctr", Encryption{Cipher::aes_ctr, 256}},
    // GCM is named by the octets or by the bits of its ICV; without either it has the full one.
    {"aes128gcm16", Encryption{Cipher::aes_gcm_16, 128}},
    {"aes128gcm128", Encryption{Cipher::aes_gcm_16, 128}},
    {"aes128gcm", Encryption{Cipher::aes_gcm_16, 128}},
    {"aes128gcm12", Encryption{Cipher::aes_gcm_12, 128}},
    {"aes128gcm96", Encryption{Cipher::aes_gcm_12, 128}},
    {"aes128gcm8", Encryption{Cipher::aes_gcm_8, 128}},
    {"aes128gcm64", Encryption{Cipher::aes_gcm_8, 128}},
    {"aes192gcm16", Encryption{Cipher::aes_gcm_16, 192}},
    {"aes192gcm128", Encryption{Cipher::aes_gcm_16, 192}},
    {"aes192gcm", Encryption{Cipher::aes_gcm_16, 192}},
    {"aes192gcm12", Encryption{Cipher::aes_gcm_12, 192}},
    {"aes192gcm96", Encryption{Cipher::aes_gcm_12, 192}},
    {"aes192gcm8", Encryption{Cipher::aes_gcm_8, 192}},
    {"aes192gcm64", Encryption{Cipher::aes_gcm_8, 192}},
    {"aes256gcm16", Encryption{Cipher::aes_gcm_16, 256}},
    {"aes256gcm128", Encryption{Cipher::aes_gcm_16, 256}},
    {"aes256gcm", Encryption{Cipher::aes_gcm_16, 256}},
    {"aes256gcm12", Encryption{Cipher::aes_gcm_12, 256}},
    {"aes256gcm96", Encryption{Cipher::aes_gcm_12, 256}},
    {"aes256gcm8", Encryption{Cipher::aes_gcm_8, 256}},
    {"aes256gcm64", Encryption{Cipher::aes_gcm_8, 256}},
    // CCM likewise, but always with a number.
    {"aes128ccm16", Encryption{Cipher::aes_ccm_16, 128}},
    {"aes128ccm128", Encryption{Cipher::aes_ccm_16, 128}},
    {"aes128ccm12", Encryption{Cipher::aes_ccm_12, 128}},
    {"aes128ccm96", Encryption{Cipher::aes_ccm_12, 128}},
    {"aes128ccm8", Encryption{Cipher::aes_ccm_8, 128}},
    {"aes128ccm64", Encryption{Cipher::aes_ccm_8, 128}},
    {"aes192ccm16", Encryption{Cipher::aes_ccm_16, 192}},
    {"aes192ccm128", Encryption{Cipher::aes_ccm_16, 192}},
    {"aes192ccm12", Encryption{Cipher::aes_ccm_12, 192}},
    {"aes192ccm96", Encryption{Cipher::aes_ccm_12, 192}},
    {"aes192ccm8", Encryption{Cipher::aes_ccm_8, 192}},
    {"aes192ccm64", Encryption{Cipher::aes_ccm_8, 192}},
    {"aes256ccm16", Encryption{Cipher::aes_ccm_16, 256}},
    {"aes256ccm128", Encryption{Cipher::aes_ccm_16, 256}},
    {"aes256ccm12", Encryption{Cipher::aes_ccm_12, 256}},
    {"aes256ccm96", Encryption{Cipher::aes_ccm_12, 256}},
    {"aes256ccm8", Encryption{Cipher::aes_ccm_8, 256}},
    {"aes256ccm64", Encryption{Cipher::aes_ccm_8, 256}},
    // GMAC does not encrypt. In AH the same words are integrity algorithms.
    {"aes128gmac", Encryption{Cipher::aes_gmac, 128}},
    {"aes192gmac", Encryption{Cipher::aes_gmac, 192}},
    {"aes256gmac", Encryption{Cipher::aes_gmac, 256}},
    {"chacha20poly1305", Encryption{Cipher::chacha20_poly1305, 256}},
    // Implicit IVs: words of our own, as swanctl has none.
    {"aes128gcm16iiv", Encryption{Cipher::aes_gcm_16_iiv, 128}},
    {"aes192gcm16iiv", Encryption{Cipher::aes_gcm_16_iiv, 192}},
    {"aes256gcm16iiv", Encryption{Cipher::aes_gcm_16_iiv, 256}},
    {"aes128ccm8iiv", Encryption{Cipher::aes_ccm_8_iiv, 128}},
    {"aes192ccm8iiv", Encryption{Cipher::aes_ccm_8_iiv, 192}},
    {"aes256ccm8iiv", Encryption{Cipher::aes_ccm_8_iiv, 256}},
    {"chacha20poly1305iiv", Encryption{Cipher::chacha20_poly1305_iiv, 256}},
    {"3des", Encryption{Cipher::triple_des_cbc, 192}},
    {"null", Encryption{Cipher::null, 0}},

    {"sha256", Integrity::hmac_sha2_256_128},
    {"sha2_256", Integrity::hmac_sha2_256_128},
    {"sha384", Integrity::hmac_sha2_384_192},
    {"sha2_384", Integrity::hmac_sha2_384_192},
    {"sha512", Integrity::hmac_sha2_512_256},
    {"sha2_512", Integrity::hmac_sha2_512_256},
    {"sha1", Integrity::hmac_sha1_96},
    {"sha", Integrity::hmac_sha1_96},
    {"md5", Integrity::hmac_md5_96},
    {"aesxcbc", Integrity::aes_xcbc_96},
    {"aescmac", Integrity::aes_cmac_96},

    {"prfsha256", Prf::hmac_sha2_256},
    {"prfsha384", Prf::hmac_sha2_384},
    {"prfsha512", Prf::hmac_sha2_512},
    {"prfsha1", Prf::hmac_sha1},
    {"prfmd5", Prf::hmac_md5},
    {"prfaesxcbc", Prf::aes128_xcbc},
    {"prfaescmac", Prf::aes128_cmac},

    {"x25519", Group::x25519},
    {"curve25519", Group::x25519},
    {"x448", Group::x448},
    {"curve448", Group::x448},
    {"ecp256", Group::ecp256},
    {"ecp384", Group::ecp384},
    {"ecp521", Group::ecp521},
    {"ecp224bp", Group::brainpool224},
    {"ecp256bp", Group::brainpool256},
    {"ecp384bp", Group::brainpool384},
    {"ecp512bp", Group::brainpool512},
    {"modp768", Group::modp768},
    {"modp1024", Group::modp1024},
    {"modp1536", Group::modp1536},
    {"modp2048", Group::modp2048},
    {"modp3072", Group::modp3072},
    {"modp4096", Group::modp4096},
    {"modp6144", Group::modp6144},
    {"modp8192", Group::modp8192},
    {"mlkem512", Group::ml_kem_512},
    {"mlkem768", Group::ml_kem_768},
    {"mlkem1024", Group::ml_kem_1024},
    {"none", Group::none},

    {"esn", SequenceNumbers::bits64},
    {"noesn", SequenceNumbers::bits32},
});

// Whole words, and beginnings of families.
constexpr std::array<std::string_view, 19> kUnsupportedWords = {"des",
                                                                "desiv64",
                                                                "desiv32",
                                                                "idea",
                                                                "rc5",
                                                                "sha1_160",
                                                                "sha256_96",
                                                                "sha2_256_96",
                                                                "md5_128",
                                                                "camelliaxcbc",
                                                                "prfcamelliaxcbc",
                                                                "modp1024s160",
                                                                "modp2048s224",
                                                                "modp2048s256",
                                                                "modpnull",
                                                                "modpnone",
                                                                "ecp192",
                                                                "ecp224",
                                                                "chacha20poly1305compat"};
constexpr std::array<std::string_view, 9> kUnsupportedBeginnings = {
    "camellia", "cast", "blowfish", "serpent", "twofish", "kyber", "newhope", "ntru", "frodo"};

}  // namespace

std::span<const ProposalWord> proposal_words() { return kWords; }

std::optional<AdditionalWord> split_additional(std::string_view word) {
  if (word.size() < 4 || !word.starts_with("ke") || word[2] < '1' || word[2] > '7' || word[3] != '_')
    return std::nullopt;
  return AdditionalWord{static_cast<std::uint8_t>(word[2] - '0'), word.substr(4)};
}

bool is_unsupported_word(std::string_view word) {
  return std::ranges::find(kUnsupportedWords, word) != kUnsupportedWords.end() ||
         std::ranges::any_of(kUnsupportedBeginnings, [&](std::string_view family) { return word.starts_with(family); });
}

bool prf_is_implied(const Proposal& proposal) {
  std::vector<Prf> implied;
  for (const Integrity integrity : proposal.integrity) {
    if (integrity == Integrity::none) return false;
    implied.push_back(prf_of(integrity));
  }
  return implied == proposal.prf;
}

Prf prf_of(Integrity integrity) {
  switch (integrity) {
    case Integrity::hmac_md5_96: return Prf::hmac_md5;
    case Integrity::hmac_sha1_96: return Prf::hmac_sha1;
    case Integrity::hmac_sha2_384_192: return Prf::hmac_sha2_384;
    case Integrity::hmac_sha2_512_256: return Prf::hmac_sha2_512;
    case Integrity::aes_xcbc_96: return Prf::aes128_xcbc;
    case Integrity::aes_cmac_96: return Prf::aes128_cmac;
    case Integrity::aes_128_gmac:
    case Integrity::aes_192_gmac:
    case Integrity::aes_256_gmac:
    case Integrity::none:
    case Integrity::hmac_sha2_256_128: break;
  }
  return Prf::hmac_sha2_256;
}

}  // namespace sallyport::policy
