// What an SA payload negotiates, by number: transform IDs (RFC 2407 §4.4), the attributes that a transform has in each
// phase (RFC 2409 appendix A, RFC 2407 §4.5), and the values of those. Later numbers are from IANA's registries.
#pragma once

#include "wire/ikev1/numbers.h"

namespace sallyport::wire::ikev1 {

/// The one transform ID of phase 1 (RFC 2407 §4.4.2); all else is in its attributes.
inline constexpr std::uint8_t key_ike = 1;

/// RFC 2407 §4.4.4.
enum class EspTransformId : std::uint8_t {
  des_iv64 = 1,
  des = 2,
  triple_des = 3,
  rc5 = 4,
  idea = 5,
  cast = 6,
  blowfish = 7,
  triple_idea = 8,
  des_iv32 = 9,
  rc4 = 10,
  null = 11,
  aes_cbc = 12,    // RFC 3602
  aes_ctr = 13,    // RFC 3686
  aes_ccm_8 = 14,  // RFC 4309
  aes_ccm_12 = 15,
  aes_ccm_16 = 16,
  aes_gcm_8 = 18,  // RFC 4106
  aes_gcm_12 = 19,
  aes_gcm_16 = 20,
  seed_cbc = 21,            // RFC 4196
  camellia = 22,            // RFC 4312
  null_auth_aes_gmac = 23,  // RFC 4543
};

/// RFC 2407 §4.4.3.
enum class AhTransformId : std::uint8_t {
  md5 = 2,
  sha = 3,
  des = 4,
  sha2_256 = 5,
  sha2_384 = 6,
  sha2_512 = 7,
  ripemd = 8,
  aes_xcbc_mac = 9,  // RFC 3566
  rsa = 10,          // RFC 4359
  aes_128_gmac = 11,
  aes_192_gmac = 12,
  aes_256_gmac = 13,
};

/// RFC 2407 §4.4.5.
enum class IpcompTransformId : std::uint8_t {
  oui = 1,
  deflate = 2,
  lzs = 3,
  lzjh = 4,
};

/// Attributes of a transform of phase 1 (RFC 2409 appendix A).
enum class Phase1Attribute : std::uint16_t {
  encryption_algorithm = 1,
  hash_algorithm = 2,
  authentication_method = 3,
  group_description = 4,
  group_type = 5,
  group_prime = 6,
  group_generator_one = 7,
  group_generator_two = 8,
  group_curve_a = 9,
  group_curve_b = 10,
  life_type = 11,
  life_duration = 12,
  prf = 13,
  key_length = 14,
  field_size = 15,
  group_order = 16,
  gss_identity_name = 16384,  // Windows 2000, with the method that shares XAUTHInitPreShared's number
};

/// Attributes of a transform of phase 2 (RFC 2407 §4.5).
enum class Phase2Attribute : std::uint16_t {
  life_type = 1,
  life_duration = 2,
  group_description = 3,
  encapsulation_mode = 4,
  authentication_algorithm = 5,
  key_length = 6,
  key_rounds = 7,
  compress_dictionary_size = 8,
  compress_private_algorithm = 9,
  ecn_tunnel = 10,                 // RFC 3168
  extended_sequence_numbers = 11,  // RFC 4304
  authentication_key_length = 12,  // RFC 4359
  signature_encoding = 13,
};

/// RFC 2409 appendix A.
enum class EncryptionAlgorithm : std::uint16_t {
  des_cbc = 1,
  idea_cbc = 2,
  blowfish_cbc = 3,
  rc5_cbc = 4,
  triple_des_cbc = 5,
  cast_cbc = 6,
  aes_cbc = 7,       // RFC 3602
  camellia_cbc = 8,  // RFC 4312
};

enum class HashAlgorithm : std::uint16_t {
  md5 = 1,
  sha = 2,
  tiger = 3,
  sha2_256 = 4,  // RFC 4868
  sha2_384 = 5,
  sha2_512 = 6,
};

enum class AuthenticationMethod : std::uint16_t {
  pre_shared_key = 1,
  dss_signatures = 2,
  rsa_signatures = 3,
  rsa_encryption = 4,
  revised_rsa_encryption = 5,
  ecdsa_sha256 = 9,  // RFC 4754, curve P-256
  ecdsa_sha384 = 10,
  ecdsa_sha512 = 11,
  hybrid_init_rsa = 64221,  // draft-ietf-ipsec-isakmp-hybrid-auth-05 §3.2.1
  hybrid_resp_rsa = 64222,
  hybrid_init_dss = 64223,
  hybrid_resp_dss = 64224,
  xauth_init_pre_shared = 65001,  // draft-beaulieu-ike-xauth-02 §7.2; Windows 2000 took 65001 for GSS-API
  xauth_resp_pre_shared = 65002,
  xauth_init_dss = 65003,
  xauth_resp_dss = 65004,
  xauth_init_rsa = 65005,
  xauth_resp_rsa = 65006,
  xauth_init_rsa_encryption = 65007,
  xauth_resp_rsa_encryption = 65008,
  xauth_init_revised_rsa_encryption = 65009,
  xauth_resp_revised_rsa_encryption = 65010,
};

/// Of both phases; in phase 2 it asks for perfect forward secrecy.
enum class GroupDescription : std::uint16_t {
  modp768 = 1,
  modp1024 = 2,
  ec2n_gp155 = 3,
  ec2n_gp185 = 4,
  modp1536 = 5,  // RFC 3526, with 14 to 18
  modp2048 = 14,
  modp3072 = 15,
  modp4096 = 16,
  modp6144 = 17,
  modp8192 = 18,
  ecp256 = 19,  // RFC 5903
  ecp384 = 20,
  ecp521 = 21,
  modp1024_160 = 22,  // RFC 5114
  modp2048_224 = 23,
  modp2048_256 = 24,
  ecp192 = 25,
  ecp224 = 26,
  brainpool224 = 27,  // RFC 6932
  brainpool256 = 28,
  brainpool384 = 29,
  brainpool512 = 30,
};

/// Of both phases.
enum class LifeType : std::uint16_t {
  seconds = 1,
  kilobytes = 2,
};

enum class EncapsulationMode : std::uint16_t {
  tunnel = 1,
  transport = 2,
  udp_tunnel = 3,  // RFC 3947 §5.1
  udp_transport = 4,
  udp_tunnel_draft = 61443,  // draft-ietf-ipsec-nat-t-ike-03 §5.1
  udp_transport_draft = 61444,
};

/// RFC 2407 §4.5: integrity of ESP, and of AH beside its transform ID.
enum class AuthenticationAlgorithm : std::uint16_t {
  hmac_md5 = 1,
  hmac_sha = 2,
  des_mac = 3,
  kpdk = 4,
  hmac_sha2_256 = 5,  // RFC 4868
  hmac_sha2_384 = 6,
  hmac_sha2_512 = 7,
  hmac_ripemd = 8,   // RFC 2857
  aes_xcbc_mac = 9,  // RFC 3566
  sig_rsa = 10,      // RFC 4359
  aes_128_gmac = 11,
  aes_192_gmac = 12,
  aes_256_gmac = 13,
};

std::optional<std::string_view> name_of(EspTransformId id);
std::optional<std::string_view> name_of(AhTransformId id);
std::optional<std::string_view> name_of(IpcompTransformId id);
std::optional<std::string_view> name_of(Phase1Attribute attribute);
std::optional<std::string_view> name_of(Phase2Attribute attribute);
std::optional<std::string_view> name_of(EncryptionAlgorithm algorithm);
std::optional<std::string_view> name_of(HashAlgorithm algorithm);
std::optional<std::string_view> name_of(AuthenticationMethod method);
std::optional<std::string_view> name_of(GroupDescription group);
std::optional<std::string_view> name_of(LifeType type);
std::optional<std::string_view> name_of(EncapsulationMode mode);
std::optional<std::string_view> name_of(AuthenticationAlgorithm algorithm);

}  // namespace sallyport::wire::ikev1
