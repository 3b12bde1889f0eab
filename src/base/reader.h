// Reader: takes bytes in, one field after the other, and cannot run past their end. A sub-reader covers an element with
// a length of its own; finish() says that all of it was used. Offsets in errors count from the start of the outermost
// input, so that they can be found in a packet capture.
#pragma once

#include "base/bytes.h"
#include "base/result.h"

namespace sallyport {

class Reader {
 public:
  explicit Reader(ByteView input, std::size_t base_offset = 0) : input_(input), base_(base_offset) {}

  Result<std::uint8_t> u8() {
    if (input_.empty()) return fail(ErrorCode::truncated, base_);
    return advance(1)[0];
  }
  Result<std::uint16_t> u16() {
    if (input_.size() < 2) return fail(ErrorCode::truncated, base_);
    return load_be16(advance(2).data());
  }
  Result<std::uint32_t> u32() {
    if (input_.size() < 4) return fail(ErrorCode::truncated, base_);
    return load_be32(advance(4).data());
  }
  Result<std::uint64_t> u64() {
    if (input_.size() < 8) return fail(ErrorCode::truncated, base_);
    return load_be64(advance(8).data());
  }
  /// The next `size` bytes; the view lives as long as the input.
  Result<ByteView> bytes(std::size_t size) {
    if (input_.size() < size) return fail(ErrorCode::truncated, base_);
    return advance(size);
  }
  template <std::size_t N>
  Result<std::array<std::uint8_t, N>> array() {
    if (input_.size() < N) return fail(ErrorCode::truncated, base_);
    std::array<std::uint8_t, N> value;
    std::ranges::copy(advance(N), value.begin());
    return value;
  }
  /// A reader for just the next `size` bytes.
  Result<Reader> sub(std::size_t size) {
    if (input_.size() < size) return fail(ErrorCode::truncated, base_);
    const std::size_t at = base_;
    return Reader(advance(size), at);
  }
  /// All that is left; the reader is empty afterwards.
  ByteView rest() { return advance(input_.size()); }
  Result<void> skip(std::size_t size) {
    if (input_.size() < size) return fail(ErrorCode::truncated, base_);
    advance(size);
    return {};
  }

  std::size_t remaining() const { return input_.size(); }
  bool empty() const { return input_.empty(); }
  /// Offset of the next byte in the outermost input.
  std::size_t offset() const { return base_; }
  /// The bytes not yet read, left in place.
  ByteView peek() const { return input_; }

  /// An error unless every byte was used.
  Result<void> finish() const {
    if (!input_.empty()) return fail(ErrorCode::trailing, base_);
    return {};
  }

 private:
  ByteView advance(std::size_t size) {
    const ByteView taken = input_.first(size);
    input_ = input_.subspan(size);
    base_ += size;
    return taken;
  }

  ByteView input_;
  std::size_t base_;
};

}  // namespace sallyport
