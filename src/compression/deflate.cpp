#include "compression/deflate.h"

#include <zlib.h>

namespace sallyport::compression {
namespace {

// Negative: no header of zlib's. We look back 2 KiB, which is more than most packets have, as some receivers keep no
// more; and take whatever others have looked back.
constexpr int sent_window = -11, taken_window = -15;
constexpr int memory_level = 8;

template <class Stream>
void point(Stream& stream, ByteView from, ByteSpan to) {
  stream.next_in = const_cast<Bytef*>(from.data());  // zlib only reads it
  stream.avail_in = static_cast<uInt>(from.size());
  stream.next_out = to.data();
  stream.avail_out = static_cast<uInt>(to.size());
}

}  // namespace

struct Deflater::State {
  State() { ready = deflateInit2(&stream, 1, Z_DEFLATED, sent_window, memory_level, Z_DEFAULT_STRATEGY) == Z_OK; }
  ~State() { deflateEnd(&stream); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  z_stream stream{};
  bool ready;
};

Deflater::Deflater() = default;
Deflater::~Deflater() = default;

std::optional<std::size_t> Deflater::deflate(ByteView from, ByteSpan to) {
  if (!state_) state_ = std::make_unique<State>();
  if (!state_->ready || deflateReset(&state_->stream) != Z_OK) return std::nullopt;
  point(state_->stream, from, to);
  if (::deflate(&state_->stream, Z_FINISH) != Z_STREAM_END) return std::nullopt;
  return to.size() - state_->stream.avail_out;
}

struct Inflater::State {
  State() { ready = inflateInit2(&stream, taken_window) == Z_OK; }
  ~State() { inflateEnd(&stream); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  z_stream stream{};
  bool ready;
};

Inflater::Inflater() = default;
Inflater::~Inflater() = default;

std::optional<std::size_t> Inflater::inflate(ByteView from, ByteSpan to) {
  if (!state_) state_ = std::make_unique<State>();
  if (!state_->ready || inflateReset(&state_->stream) != Z_OK) return std::nullopt;
  point(state_->stream, from, to);
  if (::inflate(&state_->stream, Z_FINISH) != Z_STREAM_END) return std::nullopt;
  return to.size() - state_->stream.avail_out;
}

}  // namespace sallyport::compression
