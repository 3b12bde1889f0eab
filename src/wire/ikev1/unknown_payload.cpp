#include "wire/ikev1/unknown_payload.h"

namespace sallyport::wire::ikev1 {

Result<void> UnknownPayload::serialize_body(Writer& writer) const {
  if (type == PayloadType::none || type == PayloadType::proposal || type == PayloadType::transform)
    return fail(ErrorCode::out_of_range, writer.size());
  writer.bytes(data);
  return {};
}

}  // namespace sallyport::wire::ikev1
