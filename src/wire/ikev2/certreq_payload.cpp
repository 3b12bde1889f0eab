#include "wire/ikev2/certreq_payload.h"

namespace sallyport::wire::ikev2 {

std::vector<ByteView> CertReqPayload::authority_hashes() const {
  std::vector<ByteView> hashes;
  for (ByteView left = authorities; left.size() >= authority_hash_size; left = left.subspan(authority_hash_size))
    hashes.push_back(left.first(authority_hash_size));
  return hashes;
}

Result<CertReqPayload> CertReqPayload::parse_body(Reader& body) {
  const std::uint8_t encoding = TRY(body.u8());
  return CertReqPayload{CertEncoding{encoding}, to_bytes(body.rest())};
}

Result<void> CertReqPayload::serialize_body(Writer& writer) const {
  writer.u8(number(encoding));
  writer.bytes(authorities);
  return {};
}

}  // namespace sallyport::wire::ikev2
