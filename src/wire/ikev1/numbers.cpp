#include "wire/ikev1/numbers.h"

#include "wire/number_names.h"

namespace sallyport::wire::ikev1 {
namespace {

constexpr Name<ExchangeType> exchange_types[] = {
    {ExchangeType::none, "NONE"},
    {ExchangeType::base, "Base"},
    {ExchangeType::main_mode, "Main Mode"},
    {ExchangeType::authentication_only, "Authentication Only"},
    {ExchangeType::aggressive_mode, "Aggressive Mode"},
    {ExchangeType::informational, "Informational"},
    {ExchangeType::transaction, "Transaction"},
    {ExchangeType::quick_mode, "Quick Mode"},
    {ExchangeType::new_group_mode, "New Group Mode"},
};

constexpr Name<PayloadType> payload_types[] = {
    {PayloadType::none, "NONE"},
    {PayloadType::sa, "SA"},
    {PayloadType::proposal, "P"},
    {PayloadType::transform, "T"},
    {PayloadType::ke, "KE"},
    {PayloadType::id, "ID"},
    {PayloadType::cert, "CERT"},
    {PayloadType::certreq, "CR"},
    {PayloadType::hash, "HASH"},
    {PayloadType::signature, "SIG"},
    {PayloadType::nonce, "NONCE"},
    {PayloadType::notify, "N"},
    {PayloadType::delete_, "D"},
    {PayloadType::vendor_id, "VID"},
    {PayloadType::attributes, "ATTR"},
    {PayloadType::nat_d_draft_04, "NAT-D (drafts 04 to 08)"},
    {PayloadType::nat_oa_draft_04, "NAT-OA (drafts 04 to 08)"},
    {PayloadType::nat_d, "NAT-D"},
    {PayloadType::nat_oa, "NAT-OA"},
    {PayloadType::nat_d_draft_00, "NAT-D (drafts 00 to 03)"},
    {PayloadType::nat_oa_draft_00, "NAT-OA (drafts 00 to 03)"},
    {PayloadType::fragment, "FRAGMENT"},
};

constexpr Name<Doi> dois[] = {{Doi::isakmp, "ISAKMP"}, {Doi::ipsec, "IPSEC"}};

constexpr Name<ProtocolId> protocols[] = {
    {ProtocolId::none, "NONE"}, {ProtocolId::isakmp, "ISAKMP"}, {ProtocolId::ah, "AH"},
    {ProtocolId::esp, "ESP"},   {ProtocolId::ipcomp, "IPCOMP"},
};

constexpr Name<IdType> id_types[] = {
    {IdType::ipv4_addr, "ID_IPV4_ADDR"},
    {IdType::fqdn, "ID_FQDN"},
    {IdType::user_fqdn, "ID_USER_FQDN"},
    {IdType::ipv4_addr_subnet, "ID_IPV4_ADDR_SUBNET"},
    {IdType::ipv6_addr, "ID_IPV6_ADDR"},
    {IdType::ipv6_addr_subnet, "ID_IPV6_ADDR_SUBNET"},
    {IdType::ipv4_addr_range, "ID_IPV4_ADDR_RANGE"},
    {IdType::ipv6_addr_range, "ID_IPV6_ADDR_RANGE"},
    {IdType::der_asn1_dn, "ID_DER_ASN1_DN"},
    {IdType::der_asn1_gn, "ID_DER_ASN1_GN"},
    {IdType::key_id, "ID_KEY_ID"},
    {IdType::list, "ID_LIST"},
};

constexpr Name<CertEncoding> cert_encodings[] = {
    {CertEncoding::none, "NONE"},
    {CertEncoding::pkcs7_x509, "PKCS #7 wrapped X.509 certificate"},
    {CertEncoding::pgp, "PGP Certificate"},
    {CertEncoding::dns_signed_key, "DNS Signed Key"},
    {CertEncoding::x509_signature, "X.509 Certificate - Signature"},
    {CertEncoding::x509_key_exchange, "X.509 Certificate - Key Exchange"},
    {CertEncoding::kerberos_token, "Kerberos Tokens"},
    {CertEncoding::crl, "Certificate Revocation List"},
    {CertEncoding::arl, "Authority Revocation List"},
    {CertEncoding::spki, "SPKI Certificate"},
    {CertEncoding::x509_attribute, "X.509 Certificate - Attribute"},
};

}  // namespace

std::optional<std::string_view> name_of(ExchangeType type) { return look_up(exchange_types, type); }
std::optional<std::string_view> name_of(PayloadType type) { return look_up(payload_types, type); }
std::optional<std::string_view> name_of(Doi doi) { return look_up(dois, doi); }
std::optional<std::string_view> name_of(ProtocolId protocol) { return look_up(protocols, protocol); }
std::optional<std::string_view> name_of(IdType type) { return look_up(id_types, type); }
std::optional<std::string_view> name_of(CertEncoding encoding) { return look_up(cert_encodings, encoding); }

}  // namespace sallyport::wire::ikev1
