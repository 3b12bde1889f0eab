#include "wire/ikev1/vendor_id_payload.h"

namespace sallyport::wire::ikev1 {

Result<VendorIdPayload> VendorIdPayload::parse_body(Reader& body) { return VendorIdPayload{to_bytes(body.rest())}; }

Result<void> VendorIdPayload::serialize_body(Writer& writer) const {
  writer.bytes(data);
  return {};
}

}  // namespace sallyport::wire::ikev1
