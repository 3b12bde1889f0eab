#include "wire/ikev1/algorithm.h"

#include "wire/number_names.h"

namespace sallyport::wire::ikev1 {
namespace {

constexpr Name<EspTransformId> esp_transform_id_names[] = {
    {EspTransformId::des_iv64, "ESP_DES_IV64"},
    {EspTransformId::des, "ESP_DES"},
    {EspTransformId::triple_des, "ESP_3DES"},
    {EspTransformId::rc5, "ESP_RC5"},
    {EspTransformId::idea, "ESP_IDEA"},
    {EspTransformId::cast, "ESP_CAST"},
    {EspTransformId::blowfish, "ESP_BLOWFISH"},
    {EspTransformId::triple_idea, "ESP_3IDEA"},
    {EspTransformId::des_iv32, "ESP_DES_IV32"},
    {EspTransformId::rc4, "ESP_RC4"},
    {EspTransformId::null, "ESP_NULL"},
    {EspTransformId::aes_cbc, "ESP_AES"},
    {EspTransformId::aes_ctr, "ESP_AES_CTR"},
    {EspTransformId::aes_ccm_8, "ESP_AES_CCM_8"},
    {EspTransformId::aes_ccm_12, "ESP_AES_CCM_12"},
    {EspTransformId::aes_ccm_16, "ESP_AES_CCM_16"},
    {EspTransformId::aes_gcm_8, "ESP_AES_GCM_8"},
    {EspTransformId::aes_gcm_12, "ESP_AES_GCM_12"},
    {EspTransformId::aes_gcm_16, "ESP_AES_GCM_16"},
    {EspTransformId::seed_cbc, "ESP_SEED_CBC"},
    {EspTransformId::camellia, "ESP_CAMELLIA"},
    {EspTransformId::null_auth_aes_gmac, "ESP_NULL_AUTH_AES_GMAC"},
};

constexpr Name<AhTransformId> ah_transform_id_names[] = {
    {AhTransformId::md5, "AH_MD5"},
    {AhTransformId::sha, "AH_SHA"},
    {AhTransformId::des, "AH_DES"},
    {AhTransformId::sha2_256, "AH_SHA2-256"},
    {AhTransformId::sha2_384, "AH_SHA2-384"},
    {AhTransformId::sha2_512, "AH_SHA2-512"},
    {AhTransformId::ripemd, "AH_RIPEMD"},
    {AhTransformId::aes_xcbc_mac, "AH_AES-XCBC-MAC"},
    {AhTransformId::rsa, "AH_RSA"},
    {AhTransformId::aes_128_gmac, "AH_AES-128-GMAC"},
    {AhTransformId::aes_192_gmac, "AH_AES-192-GMAC"},
    {AhTransformId::aes_256_gmac, "AH_AES-256-GMAC"},
};

constexpr Name<IpcompTransformId> ipcomp_transform_id_names[] = {
    {IpcompTransformId::oui, "IPCOMP_OUI"},
    {IpcompTransformId::deflate, "IPCOMP_DEFLATE"},
    {IpcompTransformId::lzs, "IPCOMP_LZS"},
    {IpcompTransformId::lzjh, "IPCOMP_LZJH"},
};

constexpr Name<Phase1Attribute> phase1_attribute_names[] = {
    {Phase1Attribute::encryption_algorithm, "Encryption Algorithm"},
    {Phase1Attribute::hash_algorithm, "Hash Algorithm"},
    {Phase1Attribute::authentication_method, "Authentication Method"},
    {Phase1Attribute::group_description, "Group Description"},
    {Phase1Attribute::group_type, "Group Type"},
    {Phase1Attribute::group_prime, "Group Prime/Irreducible Polynomial"},
    {Phase1Attribute::group_generator_one, "Group Generator One"},
    {Phase1Attribute::group_generator_two, "Group Generator Two"},
    {Phase1Attribute::group_curve_a, "Group Curve A"},
    {Phase1Attribute::group_curve_b, "Group Curve B"},
    {Phase1Attribute::life_type, "Life Type"},
    {Phase1Attribute::life_duration, "Life Duration"},
    {Phase1Attribute::prf, "PRF"},
    {Phase1Attribute::key_length, "Key Length"},
    {Phase1Attribute::field_size, "Field Size"},
    {Phase1Attribute::group_order, "Group Order"},
    {Phase1Attribute::gss_identity_name, "GSS Identity Name"},
};

constexpr Name<Phase2Attribute> phase2_attribute_names[] = {
    {Phase2Attribute::life_type, "SA Life Type"},
    {Phase2Attribute::life_duration, "SA Life Duration"},
    {Phase2Attribute::group_description, "Group Description"},
    {Phase2Attribute::encapsulation_mode, "Encapsulation Mode"},
    {Phase2Attribute::authentication_algorithm, "Authentication Algorithm"},
    {Phase2Attribute::key_length, "Key Length"},
    {Phase2Attribute::key_rounds, "Key Rounds"},
    {Phase2Attribute::compress_dictionary_size, "Compress Dictionary Size"},
    {Phase2Attribute::compress_private_algorithm, "Compress Private Algorithm"},
    {Phase2Attribute::ecn_tunnel, "ECN Tunnel"},
    {Phase2Attribute::extended_sequence_numbers, "Extended (64-bit) Sequence Number"},
    {Phase2Attribute::authentication_key_length, "Authentication Key Length"},
    {Phase2Attribute::signature_encoding, "Signature Encoding Algorithm"},
};

constexpr Name<EncryptionAlgorithm> encryption_algorithm_names[] = {
    {EncryptionAlgorithm::des_cbc, "DES-CBC"},           {EncryptionAlgorithm::idea_cbc, "IDEA-CBC"},
    {EncryptionAlgorithm::blowfish_cbc, "Blowfish-CBC"}, {EncryptionAlgorithm::rc5_cbc, "RC5-R16-B64-CBC"},
    {EncryptionAlgorithm::triple_des_cbc, "3DES-CBC"},   {EncryptionAlgorithm::cast_cbc, "CAST-CBC"},
    {EncryptionAlgorithm::aes_cbc, "AES-CBC"},           {EncryptionAlgorithm::camellia_cbc, "CAMELLIA-CBC"},
};

constexpr Name<HashAlgorithm> hash_algorithm_names[] = {
    {HashAlgorithm::md5, "MD5"},           {HashAlgorithm::sha, "SHA"},           {HashAlgorithm::tiger, "Tiger"},
    {HashAlgorithm::sha2_256, "SHA2-256"}, {HashAlgorithm::sha2_384, "SHA2-384"}, {HashAlgorithm::sha2_512, "SHA2-512"},
};

constexpr Name<AuthenticationMethod> authentication_method_names[] = {
    {AuthenticationMethod::pre_shared_key, "pre-shared key"},
    {AuthenticationMethod::dss_signatures, "DSS signatures"},
    {AuthenticationMethod::rsa_signatures, "RSA signatures"},
    {AuthenticationMethod::rsa_encryption, "Encryption with RSA"},
    {AuthenticationMethod::revised_rsa_encryption, "Revised encryption with RSA"},
    {AuthenticationMethod::ecdsa_sha256, "ECDSA with SHA-256 on the P-256 curve"},
    {AuthenticationMethod::ecdsa_sha384, "ECDSA with SHA-384 on the P-384 curve"},
    {AuthenticationMethod::ecdsa_sha512, "ECDSA with SHA-512 on the P-521 curve"},
    {AuthenticationMethod::hybrid_init_rsa, "HybridInitRSA"},
    {AuthenticationMethod::hybrid_resp_rsa, "HybridRespRSA"},
    {AuthenticationMethod::hybrid_init_dss, "HybridInitDSS"},
    {AuthenticationMethod::hybrid_resp_dss, "HybridRespDSS"},
    {AuthenticationMethod::xauth_init_pre_shared, "XAUTHInitPreShared"},
    {AuthenticationMethod::xauth_resp_pre_shared, "XAUTHRespPreShared"},
    {AuthenticationMethod::xauth_init_dss, "XAUTHInitDSS"},
    {AuthenticationMethod::xauth_resp_dss, "XAUTHRespDSS"},
    {AuthenticationMethod::xauth_init_rsa, "XAUTHInitRSA"},
    {AuthenticationMethod::xauth_resp_rsa, "XAUTHRespRSA"},
    {AuthenticationMethod::xauth_init_rsa_encryption, "XAUTHInitRSAEncryption"},
    {AuthenticationMethod::xauth_resp_rsa_encryption, "XAUTHRespRSAEncryption"},
    {AuthenticationMethod::xauth_init_revised_rsa_encryption, "XAUTHInitRSARevisedEncryption"},
    {AuthenticationMethod::xauth_resp_revised_rsa_encryption, "XAUTHRespRSARevisedEncryption"},
};

constexpr Name<GroupDescription> group_description_names[] = {
    {GroupDescription::modp768, "MODP_768"},
    {GroupDescription::modp1024, "MODP_1024"},
    {GroupDescription::ec2n_gp155, "EC2N_GP155"},
    {GroupDescription::ec2n_gp185, "EC2N_GP185"},
    {GroupDescription::modp1536, "MODP_1536"},
    {GroupDescription::modp2048, "MODP_2048"},
    {GroupDescription::modp3072, "MODP_3072"},
    {GroupDescription::modp4096, "MODP_4096"},
    {GroupDescription::modp6144, "MODP_6144"},
    {GroupDescription::modp8192, "MODP_8192"},
    {GroupDescription::ecp256, "ECP_256"},
    {GroupDescription::ecp384, "ECP_384"},
    {GroupDescription::ecp521, "ECP_521"},
    {GroupDescription::modp1024_160, "MODP_1024_160"},
    {GroupDescription::modp2048_224, "MODP_2048_224"},
    {GroupDescription::modp2048_256, "MODP_2048_256"},
    {GroupDescription::ecp192, "ECP_192"},
    {GroupDescription::ecp224, "ECP_224"},
    {GroupDescription::brainpool224, "BRAINPOOL_224"},
    {GroupDescription::brainpool256, "BRAINPOOL_256"},
    {GroupDescription::brainpool384, "BRAINPOOL_384"},
    {GroupDescription::brainpool512, "BRAINPOOL_512"},
};

constexpr Name<LifeType> life_type_names[] = {
    {LifeType::seconds, "seconds"},
    {LifeType::kilobytes, "kilobytes"},
};

constexpr Name<EncapsulationMode> encapsulation_mode_names[] = {
    {EncapsulationMode::tunnel, "Tunnel"},
    {EncapsulationMode::transport, "Transport"},
    {EncapsulationMode::udp_tunnel, "UDP-Encapsulated-Tunnel"},
    {EncapsulationMode::udp_transport, "UDP-Encapsulated-Transport"},
    {EncapsulationMode::udp_tunnel_draft, "UDP-Encapsulated-Tunnel (draft)"},
    {EncapsulationMode::udp_transport_draft, "UDP-Encapsulated-Transport (draft)"},
};

constexpr Name<AuthenticationAlgorithm> authentication_algorithm_names[] = {
    {AuthenticationAlgorithm::hmac_md5, "HMAC-MD5"},
    {AuthenticationAlgorithm::hmac_sha, "HMAC-SHA"},
    {AuthenticationAlgorithm::des_mac, "DES-MAC"},
    {AuthenticationAlgorithm::kpdk, "KPDK"},
    {AuthenticationAlgorithm::hmac_sha2_256, "HMAC-SHA2-256"},
    {AuthenticationAlgorithm::hmac_sha2_384, "HMAC-SHA2-384"},
    {AuthenticationAlgorithm::hmac_sha2_512, "HMAC-SHA2-512"},
    {AuthenticationAlgorithm::hmac_ripemd, "HMAC-RIPEMD"},
    {AuthenticationAlgorithm::aes_xcbc_mac, "AES-XCBC-MAC"},
    {AuthenticationAlgorithm::sig_rsa, "SIG-RSA"},
    {AuthenticationAlgorithm::aes_128_gmac, "AES-128-GMAC"},
    {AuthenticationAlgorithm::aes_192_gmac, "AES-192-GMAC"},
    {AuthenticationAlgorithm::aes_256_gmac, "AES-256-GMAC"},
};

}  // namespace

std::optional<std::string_view> name_of(EspTransformId id) { return look_up(esp_transform_id_names, id); }
std::optional<std::string_view> name_of(AhTransformId id) { return look_up(ah_transform_id_names, id); }
std::optional<std::string_view> name_of(IpcompTransformId id) { return look_up(ipcomp_transform_id_names, id); }
std::optional<std::string_view> name_of(Phase1Attribute attribute) {
  return look_up(phase1_attribute_names, attribute);
}
std::optional<std::string_view> name_of(Phase2Attribute attribute) {
  return look_up(phase2_attribute_names, attribute);
}
std::optional<std::string_view> name_of(EncryptionAlgorithm algorithm) {
  return look_up(encryption_algorithm_names, algorithm);
}
std::optional<std::string_view> name_of(HashAlgorithm algorithm) { return look_up(hash_algorithm_names, algorithm); }
std::optional<std::string_view> name_of(AuthenticationMethod method) {
  return look_up(authentication_method_names, method);
}
std::optional<std::string_view> name_of(GroupDescription group) { return look_up(group_description_names, group); }
std::optional<std::string_view> name_of(LifeType type) { return look_up(life_type_names, type); }
std::optional<std::string_view> name_of(EncapsulationMode mode) { return look_up(encapsulation_mode_names, mode); }
std::optional<std::string_view> name_of(AuthenticationAlgorithm algorithm) {
  return look_up(authentication_algorithm_names, algorithm);
}

}  // namespace sallyport::wire::ikev1
