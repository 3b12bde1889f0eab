#include "wire/ikev2/transform_id.h"

#include "wire/number_names.h"

namespace sallyport::wire::ikev2 {
namespace {

constexpr Name<TransformType> transform_types[] = {
    {TransformType::encryption, "ENCR"},
    {TransformType::prf, "PRF"},
    {TransformType::integrity, "INTEG"},
    {TransformType::key_exchange, "KE"},
    {TransformType::extended_sequence_numbers, "ESN"},
    {TransformType::additional_key_exchange_1, "ADDKE1"},
    {TransformType::additional_key_exchange_2, "ADDKE2"},
    {TransformType::additional_key_exchange_3, "ADDKE3"},
    {TransformType::additional_key_exchange_4, "ADDKE4"},
    {TransformType::additional_key_exchange_5, "ADDKE5"},
    {TransformType::additional_key_exchange_6, "ADDKE6"},
    {TransformType::additional_key_exchange_7, "ADDKE7"},
};

constexpr Name<EncryptionId> encryption_ids[] = {
    {EncryptionId::des_iv64, "ENCR_DES_IV64"},
    {EncryptionId::des, "ENCR_DES"},
    {EncryptionId::triple_des, "ENCR_3DES"},
    {EncryptionId::rc5, "ENCR_RC5"},
    {EncryptionId::idea, "ENCR_IDEA"},
    {EncryptionId::cast, "ENCR_CAST"},
    {EncryptionId::blowfish, "ENCR_BLOWFISH"},
    {EncryptionId::null, "ENCR_NULL"},
    {EncryptionId::aes_cbc, "ENCR_AES_CBC"},
    {EncryptionId::aes_ctr, "ENCR_AES_CTR"},
    {EncryptionId::aes_ccm_8, "ENCR_AES_CCM_8"},
    {EncryptionId::aes_ccm_12, "ENCR_AES_CCM_12"},
    {EncryptionId::aes_ccm_16, "ENCR_AES_CCM_16"},
    {EncryptionId::aes_gcm_8, "ENCR_AES_GCM_8"},
    {EncryptionId::aes_gcm_12, "ENCR_AES_GCM_12"},
    {EncryptionId::aes_gcm_16, "ENCR_AES_GCM_16"},
    {EncryptionId::null_auth_aes_gmac, "ENCR_NULL_AUTH_AES_GMAC"},
    {EncryptionId::camellia_cbc, "ENCR_CAMELLIA_CBC"},
    {EncryptionId::camellia_ctr, "ENCR_CAMELLIA_CTR"},
    {EncryptionId::camellia_ccm_8, "ENCR_CAMELLIA_CCM_8"},
    {EncryptionId::camellia_ccm_12, "ENCR_CAMELLIA_CCM_12"},
    {EncryptionId::camellia_ccm_16, "ENCR_CAMELLIA_CCM_16"},
    {EncryptionId::chacha20_poly1305, "ENCR_CHACHA20_POLY1305"},
    {EncryptionId::aes_ccm_8_iiv, "ENCR_AES_CCM_8_IIV"},
    {EncryptionId::aes_gcm_16_iiv, "ENCR_AES_GCM_16_IIV"},
    {EncryptionId::chacha20_poly1305_iiv, "ENCR_CHACHA20_POLY1305_IIV"},
};

constexpr Name<PrfId> prf_ids[] = {
    {PrfId::hmac_md5, "PRF_HMAC_MD5"},           {PrfId::hmac_sha1, "PRF_HMAC_SHA1"},
    {PrfId::hmac_tiger, "PRF_HMAC_TIGER"},       {PrfId::aes128_xcbc, "PRF_AES128_XCBC"},
    {PrfId::hmac_sha2_256, "PRF_HMAC_SHA2_256"}, {PrfId::hmac_sha2_384, "PRF_HMAC_SHA2_384"},
    {PrfId::hmac_sha2_512, "PRF_HMAC_SHA2_512"}, {PrfId::aes128_cmac, "PRF_AES128_CMAC"},
};

constexpr Name<IntegrityId> integrity_ids[] = {
    {IntegrityId::none, "NONE"},
    {IntegrityId::hmac_md5_96, "AUTH_HMAC_MD5_96"},
    {IntegrityId::hmac_sha1_96, "AUTH_HMAC_SHA1_96"},
    {IntegrityId::des_mac, "AUTH_DES_MAC"},
    {IntegrityId::kpdk_md5, "AUTH_KPDK_MD5"},
    {IntegrityId::aes_xcbc_96, "AUTH_AES_XCBC_96"},
    {IntegrityId::hmac_md5_128, "AUTH_HMAC_MD5_128"},
    {IntegrityId::hmac_sha1_160, "AUTH_HMAC_SHA1_160"},
    {IntegrityId::aes_cmac_96, "AUTH_AES_CMAC_96"},
    {IntegrityId::aes_128_gmac, "AUTH_AES_128_GMAC"},
    {IntegrityId::aes_192_gmac, "AUTH_AES_192_GMAC"},
    {IntegrityId::aes_256_gmac, "AUTH_AES_256_GMAC"},
    {IntegrityId::hmac_sha2_256_128, "AUTH_HMAC_SHA2_256_128"},
    {IntegrityId::hmac_sha2_384_192, "AUTH_HMAC_SHA2_384_192"},
    {IntegrityId::hmac_sha2_512_256, "AUTH_HMAC_SHA2_512_256"},
};

constexpr Name<KeyExchangeId> key_exchange_ids[] = {
    {KeyExchangeId::none, "NONE"},
    {KeyExchangeId::modp768, "MODP_768"},
    {KeyExchangeId::modp1024, "MODP_1024"},
    {KeyExchangeId::modp1536, "MODP_1536"},
    {KeyExchangeId::modp2048, "MODP_2048"},
    {KeyExchangeId::modp3072, "MODP_3072"},
    {KeyExchangeId::modp4096, "MODP_4096"},
    {KeyExchangeId::modp6144, "MODP_6144"},
    {KeyExchangeId::modp8192, "MODP_8192"},
    {KeyExchangeId::ecp256, "ECP_256"},
    {KeyExchangeId::ecp384, "ECP_384"},
    {KeyExchangeId::ecp521, "ECP_521"},
    {KeyExchangeId::modp1024_160, "MODP_1024_160"},
    {KeyExchangeId::modp2048_224, "MODP_2048_224"},
    {KeyExchangeId::modp2048_256, "MODP_2048_256"},
    {KeyExchangeId::ecp192, "ECP_192"},
    {KeyExchangeId::ecp224, "ECP_224"},
    {KeyExchangeId::brainpool224, "BRAINPOOL_P224R1"},
    {KeyExchangeId::brainpool256, "BRAINPOOL_P256R1"},
    {KeyExchangeId::brainpool384, "BRAINPOOL_P384R1"},
    {KeyExchangeId::brainpool512, "BRAINPOOL_P512R1"},
    {KeyExchangeId::x25519, "CURVE25519"},
    {KeyExchangeId::x448, "CURVE448"},
    {KeyExchangeId::ml_kem_512, "ML_KEM_512"},
    {KeyExchangeId::ml_kem_768, "ML_KEM_768"},
    {KeyExchangeId::ml_kem_1024, "ML_KEM_1024"},
};

constexpr Name<EsnId> esn_ids[] = {
    {EsnId::no, "No ESN"},
    {EsnId::yes, "ESN"},
};

}  // namespace

std::optional<std::string_view> name_of(TransformType type) { return look_up(transform_types, type); }
std::optional<std::string_view> name_of(EncryptionId id) { return look_up(encryption_ids, id); }
std::optional<std::string_view> name_of(PrfId id) { return look_up(prf_ids, id); }
std::optional<std::string_view> name_of(IntegrityId id) { return look_up(integrity_ids, id); }
std::optional<std::string_view> name_of(KeyExchangeId id) { return look_up(key_exchange_ids, id); }
std::optional<std::string_view> name_of(EsnId id) { return look_up(esn_ids, id); }

}  // namespace sallyport::wire::ikev2
