// The stream of frames: a length of four octets, which does not count itself, then that many octets of packet.
#pragma once

#include "base/result.h"
#include "base/secret.h"

namespace sallyport::control {

inline constexpr std::size_t kFrameHeader = 4;

/// Cuts a byte stream into frames, one at a time, however the stream is chopped up.
class FrameReader {
 public:
  /// Takes octets off the front of `input`, at most to the end of one frame. The frame's payload when that is reached,
  /// nullopt when `input` is used up before. out_of_range for a length above kMaxFrame: where the next frame begins
  /// cannot be known then, so the stream is lost, and the reader with it.
  Result<std::optional<Secret>> take(ByteView& input);

 private:
  std::array<std::uint8_t, kFrameHeader> header_{};
  Secret payload_;
  std::size_t have_ = 0;  // octets of header and payload so far
};

}  // namespace sallyport::control
