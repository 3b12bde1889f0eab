// CERTREQ: which certificates the sender would trust (RFC 7296 §3.7).
#pragma once

#include "wire/ikev2/payload_format.h"

namespace sallyport::wire::ikev2 {

/// Octets of one entry of the list of authorities: SHA-1 over an authority's SubjectPublicKeyInfo.
inline constexpr std::size_t authority_hash_size = 20;

struct CertReqPayload {
  static constexpr PayloadType payload_type = PayloadType::certreq;
  CertEncoding encoding{};
  Bytes authorities;  // for X.509: hashes one after the other; empty: whatever you have

  /// The hashes as views into `authorities`; a rest shorter than a hash is left out.
  std::vector<ByteView> authority_hashes() const;

  static Result<CertReqPayload> parse_body(Reader& body);
  Result<void> serialize_body(Writer& writer) const;
  friend bool operator==(const CertReqPayload&, const CertReqPayload&) = default;
};

}  // namespace sallyport::wire::ikev2
