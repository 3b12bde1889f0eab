#include "control/frame.h"

#include "control/message.h"

namespace sallyport::control {
namespace {

/// Moves as much as both have room for from the front of `input` to `target`; how much that was.
std::size_t move_octets(ByteView& input, ByteSpan target) {
  const std::size_t size = std::min(input.size(), target.size());
  std::ranges::copy(input.first(size), target.begin());
  input = input.subspan(size);
  return size;
}

}  // namespace

Result<std::optional<Secret>> FrameReader::take(ByteView& input) {
  if (have_ < kFrameHeader) {
    have_ += move_octets(input, ByteSpan(header_).subspan(have_));
    if (have_ < kFrameHeader) return std::nullopt;
    const std::size_t length = load_be32(header_.data());
    if (length > kMaxFrame) return fail(ErrorCode::out_of_range);
    payload_ = Secret(length);
  }
  have_ += move_octets(input, payload_.span().subspan(have_ - kFrameHeader));
  if (have_ < kFrameHeader + payload_.size()) return std::nullopt;
  have_ = 0;
  return std::move(payload_);
}

}  // namespace sallyport::control
