#include "daemon/keylog.h"

#include <fmt/format.h>

#include "base/bytes.h"
#include "linux/files.h"

namespace sallyport::daemon {
namespace {

using crypto::Cipher;
using crypto::Integrity;

std::optional<std::string> ike_cipher(crypto::Encryption encryption) {
  switch (encryption.cipher) {
    case Cipher::aes_cbc: return fmt::format("AES-CBC-{} [RFC3602]", encryption.key_bits);
    case Cipher::aes_ctr: return fmt::format("AES-CTR-{} [RFC5930]", encryption.key_bits);
    case Cipher::aes_ccm_8: return fmt::format("AES-CCM-{} with 8 octet ICV [RFC5282]", encryption.key_bits);
    case Cipher::aes_ccm_12: return fmt::format("AES-CCM-{} with 12 octet ICV [RFC5282]", encryption.key_bits);
    case Cipher::aes_ccm_16: return fmt::format("AES-CCM-{} with 16 octet ICV [RFC5282]", encryption.key_bits);
    case Cipher::aes_gcm_8: return fmt::format("AES-GCM-{} with 8 octet ICV [RFC5282]", encryption.key_bits);
    case Cipher::aes_gcm_12: return fmt::format("AES-GCM-{} with 12 octet ICV [RFC5282]", encryption.key_bits);
    case Cipher::aes_gcm_16: return fmt::format("AES-GCM-{} with 16 octet ICV [RFC5282]", encryption.key_bits);
    case Cipher::triple_des_cbc: return "3DES [RFC2451]";
    case Cipher::null: return "NULL [RFC2410]";
    case Cipher::aes_gmac:
    case Cipher::aes_ccm_8_iiv:
    case Cipher::aes_gcm_16_iiv:
    case Cipher::chacha20_poly1305_iiv:
    case Cipher::chacha20_poly1305: return std::nullopt;
  }
  return std::nullopt;
}

std::string ike_integrity(Integrity integrity) {
  switch (integrity) {
    case Integrity::none: return "NONE [RFC4306]";
    case Integrity::hmac_md5_96: return "HMAC_MD5_96 [RFC2403]";
    case Integrity::hmac_sha1_96: return "HMAC_SHA1_96 [RFC2404]";
    case Integrity::hmac_sha2_256_128: return "HMAC_SHA2_256_128 [RFC4868]";
    case Integrity::hmac_sha2_384_192: return "HMAC_SHA2_384_192 [RFC4868]";
    case Integrity::hmac_sha2_512_256: return "HMAC_SHA2_512_256 [RFC4868]";
    // Wireshark does not check these: it decrypts all the same.
    case Integrity::aes_xcbc_96:
    case Integrity::aes_cmac_96: return "ANY 96-bits of Authentication [No Checking]";
    case Integrity::aes_128_gmac:
    case Integrity::aes_192_gmac:
    case Integrity::aes_256_gmac: break;
  }
  return {};
}

std::optional<std::string> esp_cipher(Cipher cipher) {
  switch (cipher) {
    case Cipher::null: return "NULL";
    case Cipher::triple_des_cbc: return "TripleDES-CBC [RFC2451]";
    case Cipher::aes_cbc: return "AES-CBC [RFC3602]";
    case Cipher::aes_ctr: return "AES-CTR [RFC3686]";
    case Cipher::aes_gcm_8: return "AES-GCM with 8 octet ICV [RFC4106]";
    case Cipher::aes_gcm_12: return "AES-GCM with 12 octet ICV [RFC4106]";
    case Cipher::aes_gcm_16: return "AES-GCM with 16 octet ICV [RFC4106]";
    case Cipher::chacha20_poly1305: return "ChaCha20 with Poly1305 [RFC7634]";
    case Cipher::aes_ccm_8:  // not what Wireshark knows of ESP
    case Cipher::aes_ccm_12:
    case Cipher::aes_ccm_16:
    case Cipher::aes_gmac:
    case Cipher::aes_ccm_8_iiv:
    case Cipher::aes_gcm_16_iiv:
    case Cipher::chacha20_poly1305_iiv: return std::nullopt;
  }
  return std::nullopt;
}

std::string esp_integrity(Integrity integrity) {
  switch (integrity) {
    case Integrity::none: return "NULL";
    case Integrity::hmac_md5_96: return "HMAC-MD5-96 [RFC2403]";
    case Integrity::hmac_sha1_96: return "HMAC-SHA-1-96 [RFC2404]";
    case Integrity::hmac_sha2_256_128: return "HMAC-SHA-256-128 [RFC4868]";
    case Integrity::hmac_sha2_384_192: return "HMAC-SHA-384-192 [RFC4868]";
    case Integrity::hmac_sha2_512_256: return "HMAC-SHA-512-256 [RFC4868]";
    case Integrity::aes_xcbc_96:
    case Integrity::aes_cmac_96: return "ANY 96 bit authentication [no checking]";
    case Integrity::aes_128_gmac:
    case Integrity::aes_192_gmac:
    case Integrity::aes_256_gmac: break;
  }
  return {};
}

std::string hex_key(const Secret& key) { return key.empty() ? std::string() : "0x" + to_hex(key.view()); }

}  // namespace

std::optional<std::string> ikev2_line(const ike::LogKeys& keys) {
  const auto cipher = ike_cipher(keys.suite.encryption);
  if (!cipher) return std::nullopt;
  return fmt::format("{:016x},{:016x},{},{},\"{}\",{},{},\"{}\"", keys.spi_initiator, keys.spi_responder,
                     to_hex(keys.sk_ei.view()), to_hex(keys.sk_er.view()), *cipher, to_hex(keys.sk_ai.view()),
                     to_hex(keys.sk_ar.view()), ike_integrity(keys.suite.integrity));
}

std::string ikev1_line(const ike::LogKeys& keys) {
  return fmt::format("{:016x},{}", keys.spi_initiator, to_hex(keys.sk_ei.view()));
}

std::optional<std::string> esp_lines(const policy::ChildSaSpec& spec) {
  if (spec.suite.protocol != policy::Protocol::esp) return std::nullopt;
  const auto cipher = esp_cipher(spec.suite.encryption.cipher);
  if (!cipher) return std::nullopt;
  const auto line = [&](const policy::IpAddress& from, const policy::IpAddress& to, const policy::SaKeys& keys) {
    return fmt::format("\"{}\",\"{}\",\"{}\",\"0x{:08x}\",\"{}\",\"{}\",\"{}\",\"{}\"", from.is_v6() ? "IPv6" : "IPv4",
                       to_string(from), to_string(to), keys.spi, *cipher, hex_key(keys.encryption_key),
                       esp_integrity(spec.suite.integrity), hex_key(keys.integrity_key));
  };
  return line(spec.local.address, spec.remote.address, spec.outbound) + "\n" +
         line(spec.remote.address, spec.local.address, spec.inbound);
}

std::optional<std::string> KeyLog::add(const ike::LogKeys& keys) {
  if (keys.version == 1) return append("ikev1_decryption_table", ikev1_line(keys));
  return append("ikev2_decryption_table", ikev2_line(keys));
}
std::optional<std::string> KeyLog::add(const policy::ChildSaSpec& spec) { return append("esp_sa", esp_lines(spec)); }

std::optional<std::string> KeyLog::append(const char* file, const std::optional<std::string>& lines) {
  if (!enabled() || !lines) return std::nullopt;
  const auto written = linux::append_private(folder_ + "/" + file, *lines + "\n");
  return written ? std::nullopt : std::optional(written.error().text);
}

}  // namespace sallyport::daemon
