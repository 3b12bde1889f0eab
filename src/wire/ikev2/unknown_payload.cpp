#include "wire/ikev2/unknown_payload.h"

namespace sallyport::wire::ikev2 {

Result<void> UnknownPayload::serialize_body(Writer& writer) const {
  // Type zero in front of it would end the chain.
  if (type == PayloadType::none) return fail(ErrorCode::out_of_range, writer.size());
  writer.bytes(data);
  return {};
}

}  // namespace sallyport::wire::ikev2
