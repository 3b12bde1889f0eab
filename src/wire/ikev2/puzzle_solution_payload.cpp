#include "wire/ikev2/puzzle_solution_payload.h"

namespace sallyport::wire::ikev2 {

Result<PuzzleSolutionPayload> PuzzleSolutionPayload::parse_body(Reader& body) {
  if (body.empty() || body.remaining() % keys != 0) return fail(ErrorCode::malformed, body.offset());
  return PuzzleSolutionPayload{to_bytes(body.rest())};
}

Result<void> PuzzleSolutionPayload::serialize_body(Writer& writer) const {
  if (data.empty() || data.size() % keys != 0) return fail(ErrorCode::out_of_range, writer.size());
  writer.bytes(data);
  return {};
}

}  // namespace sallyport::wire::ikev2
