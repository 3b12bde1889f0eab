#include "wire/ikev2/numbers.h"

#include "wire/number_names.h"

namespace sallyport::wire::ikev2 {
namespace {

constexpr Name<ExchangeType> exchange_types[] = {
    {ExchangeType::ike_sa_init, "IKE_SA_INIT"},
    {ExchangeType::ike_auth, "IKE_AUTH"},
    {ExchangeType::create_child_sa, "CREATE_CHILD_SA"},
    {ExchangeType::informational, "INFORMATIONAL"},
    {ExchangeType::ike_session_resume, "IKE_SESSION_RESUME"},
    {ExchangeType::ike_intermediate, "IKE_INTERMEDIATE"},
    {ExchangeType::ike_followup_ke, "IKE_FOLLOWUP_KE"},
};

constexpr Name<PayloadType> payload_types[] = {
    {PayloadType::none, "NONE"},       {PayloadType::sa, "SA"},     {PayloadType::ke, "KE"},
    {PayloadType::idi, "IDi"},         {PayloadType::idr, "IDr"},   {PayloadType::cert, "CERT"},
    {PayloadType::certreq, "CERTREQ"}, {PayloadType::auth, "AUTH"}, {PayloadType::nonce, "Nonce"},
    {PayloadType::notify, "N"},        {PayloadType::delete_, "D"}, {PayloadType::vendor_id, "V"},
    {PayloadType::tsi, "TSi"},         {PayloadType::tsr, "TSr"},   {PayloadType::sk, "SK"},
    {PayloadType::cp, "CP"},           {PayloadType::eap, "EAP"},   {PayloadType::gspm, "GSPM"},
    {PayloadType::skf, "SKF"},         {PayloadType::ps, "PS"},
};

constexpr Name<ProtocolId> protocols[] = {
    {ProtocolId::none, "NONE"},
    {ProtocolId::ike, "IKE"},
    {ProtocolId::ah, "AH"},
    {ProtocolId::esp, "ESP"},
};

constexpr Name<IdType> id_types[] = {
    {IdType::ipv4_addr, "ID_IPV4_ADDR"},
    {IdType::fqdn, "ID_FQDN"},
    {IdType::rfc822_addr, "ID_RFC822_ADDR"},
    {IdType::ipv6_addr, "ID_IPV6_ADDR"},
    {IdType::der_asn1_dn, "ID_DER_ASN1_DN"},
    {IdType::der_asn1_gn, "ID_DER_ASN1_GN"},
    {IdType::key_id, "ID_KEY_ID"},
    {IdType::fc_name, "ID_FC_NAME"},
    {IdType::null, "ID_NULL"},
};

constexpr Name<CertEncoding> cert_encodings[] = {
    {CertEncoding::pkcs7_x509, "PKCS #7 wrapped X.509 certificate"},
    {CertEncoding::pgp, "PGP Certificate"},
    {CertEncoding::dns_signed_key, "DNS Signed Key"},
    {CertEncoding::x509_signature, "X.509 Certificate - Signature"},
    {CertEncoding::kerberos_token, "Kerberos Token"},
    {CertEncoding::crl, "Certificate Revocation List"},
    {CertEncoding::arl, "Authority Revocation List"},
    {CertEncoding::spki, "SPKI Certificate"},
    {CertEncoding::x509_attribute, "X.509 Certificate - Attribute"},
    {CertEncoding::raw_rsa_key, "Raw RSA Key"},
    {CertEncoding::hash_and_url_x509, "Hash and URL of X.509 certificate"},
    {CertEncoding::hash_and_url_bundle, "Hash and URL of X.509 bundle"},
    {CertEncoding::ocsp_content, "OCSP Content"},
    {CertEncoding::raw_public_key, "Raw Public Key"},
};

constexpr Name<AuthMethod> auth_methods[] = {
    {AuthMethod::rsa_signature, "RSA Digital Signature"},
    {AuthMethod::shared_key_mic, "Shared Key Message Integrity Code"},
    {AuthMethod::dss_signature, "DSS Digital Signature"},
    {AuthMethod::ecdsa_sha256_p256, "ECDSA with SHA-256 on the P-256 curve"},
    {AuthMethod::ecdsa_sha384_p384, "ECDSA with SHA-384 on the P-384 curve"},
    {AuthMethod::ecdsa_sha512_p521, "ECDSA with SHA-512 on the P-521 curve"},
    {AuthMethod::secure_password, "Generic Secure Password Authentication Method"},
    {AuthMethod::null, "NULL Authentication"},
    {AuthMethod::digital_signature, "Digital Signature"},
};

constexpr Name<HashAlgorithm> hash_algorithms[] = {
    {HashAlgorithm::sha1, "SHA1"},         {HashAlgorithm::sha2_256, "SHA2-256"}, {HashAlgorithm::sha2_384, "SHA2-384"},
    {HashAlgorithm::sha2_512, "SHA2-512"}, {HashAlgorithm::identity, "Identity"},
};

constexpr Name<TsType> ts_types[] = {
    {TsType::ipv4_addr_range, "TS_IPV4_ADDR_RANGE"},
    {TsType::ipv6_addr_range, "TS_IPV6_ADDR_RANGE"},
    {TsType::fc_addr_range, "TS_FC_ADDR_RANGE"},
    {TsType::security_label, "TS_SECLABEL"},
};

constexpr Name<CfgType> cfg_types[] = {
    {CfgType::request, "CFG_REQUEST"},
    {CfgType::reply, "CFG_REPLY"},
    {CfgType::set, "CFG_SET"},
    {CfgType::ack, "CFG_ACK"},
};

constexpr Name<CfgAttributeType> cfg_attribute_types[] = {
    {CfgAttributeType::internal_ip4_address, "INTERNAL_IP4_ADDRESS"},
    {CfgAttributeType::internal_ip4_netmask, "INTERNAL_IP4_NETMASK"},
    {CfgAttributeType::internal_ip4_dns, "INTERNAL_IP4_DNS"},
    {CfgAttributeType::internal_ip4_nbns, "INTERNAL_IP4_NBNS"},
    {CfgAttributeType::internal_ip4_dhcp, "INTERNAL_IP4_DHCP"},
    {CfgAttributeType::application_version, "APPLICATION_VERSION"},
    {CfgAttributeType::internal_ip6_address, "INTERNAL_IP6_ADDRESS"},
    {CfgAttributeType::internal_ip6_dns, "INTERNAL_IP6_DNS"},
    {CfgAttributeType::internal_ip6_dhcp, "INTERNAL_IP6_DHCP"},
    {CfgAttributeType::internal_ip4_subnet, "INTERNAL_IP4_SUBNET"},
    {CfgAttributeType::supported_attributes, "SUPPORTED_ATTRIBUTES"},
    {CfgAttributeType::internal_ip6_subnet, "INTERNAL_IP6_SUBNET"},
    {CfgAttributeType::mip6_home_prefix, "MIP6_HOME_PREFIX"},
    {CfgAttributeType::internal_ip6_link, "INTERNAL_IP6_LINK"},
    {CfgAttributeType::internal_ip6_prefix, "INTERNAL_IP6_PREFIX"},
    {CfgAttributeType::home_agent_address, "HOME_AGENT_ADDRESS"},
    {CfgAttributeType::p_cscf_ip4_address, "P_CSCF_IP4_ADDRESS"},
    {CfgAttributeType::p_cscf_ip6_address, "P_CSCF_IP6_ADDRESS"},
    {CfgAttributeType::internal_dns_domain, "INTERNAL_DNS_DOMAIN"},
    {CfgAttributeType::internal_dnssec_ta, "INTERNAL_DNSSEC_TA"},
    {CfgAttributeType::encdns_ip4, "ENCDNS_IP4"},
    {CfgAttributeType::encdns_ip6, "ENCDNS_IP6"},
    {CfgAttributeType::encdns_digest_info, "ENCDNS_DIGEST_INFO"},
};

}  // namespace

std::optional<std::string_view> name_of(ExchangeType type) { return look_up(exchange_types, type); }
std::optional<std::string_view> name_of(PayloadType type) { return look_up(payload_types, type); }
std::optional<std::string_view> name_of(ProtocolId protocol) { return look_up(protocols, protocol); }
std::optional<std::string_view> name_of(IdType type) { return look_up(id_types, type); }
std::optional<std::string_view> name_of(CertEncoding encoding) { return look_up(cert_encodings, encoding); }
std::optional<std::string_view> name_of(AuthMethod method) { return look_up(auth_methods, method); }
std::optional<std::string_view> name_of(HashAlgorithm algorithm) { return look_up(hash_algorithms, algorithm); }
std::optional<std::string_view> name_of(TsType type) { return look_up(ts_types, type); }
std::optional<std::string_view> name_of(CfgType type) { return look_up(cfg_types, type); }
std::optional<std::string_view> name_of(CfgAttributeType type) { return look_up(cfg_attribute_types, type); }

}  // namespace sallyport::wire::ikev2
