#include "wire/ikev2/vendor_id_payload.h"

namespace sallyport::wire::ikev2 {

Result<VendorIdPayload> VendorIdPayload::parse_body(Reader& body) { return VendorIdPayload{to_bytes(body.rest())}; }

Result<void> VendorIdPayload::serialize_body(Writer& writer) const {
  writer.bytes(data);
  return {};
}

}  // namespace sallyport::wire::ikev2
