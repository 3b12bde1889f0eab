// Writer: appends fields in network byte order to a byte string that the caller owns. A length field that comes before
// what it measures is a slot: opened, and filled when closed.
#pragma once

#include "base/bytes.h"
#include "base/check.h"

namespace sallyport {

class Writer {
 public:
  explicit Writer(Bytes& output) : output_(output) {}

  void u8(std::uint8_t value) { output_.push_back(value); }
  void u16(std::uint16_t value) { store_be16(grow(2), value); }
  void u32(std::uint32_t value) { store_be32(grow(4), value); }
  void u64(std::uint64_t value) { store_be64(grow(8), value); }
  void bytes(ByteView value) { append(output_, value); }
  void zeros(std::size_t size) { output_.resize(output_.size() + size); }

  /// A 16-bit length field still to be filled, and from where its value counts.
  class [[nodiscard]] LengthSlot {
    friend class Writer;
    LengthSlot(std::size_t field, std::size_t counted_from) : field_(field), counted_from_(counted_from) {}
    std::size_t field_;
    std::size_t counted_from_;
  };
  /// Appends a 16-bit length whose value will count from `already` bytes before the field itself: 0 when the element
  /// begins with the field, 2 for an IKE payload (next payload and flags come first).
  LengthSlot open_length16(std::size_t already) {
    ASSERT(already <= output_.size());
    LengthSlot slot(output_.size(), output_.size() - already);
    u16(0);
    return slot;
  }
  void close(LengthSlot slot) {
    const std::size_t length = output_.size() - slot.counted_from_;
    ASSERT(length <= 0xffff);
    store_be16(output_.data() + slot.field_, static_cast<std::uint16_t>(length));
  }

  /// Overwrites one byte that is already there (a next-payload field, known only later).
  void patch_u8(std::size_t offset, std::uint8_t value) {
    ASSERT(offset < output_.size());
    output_[offset] = value;
  }
  /// Overwrites four bytes that are already there (the length in the IKE header).
  void patch_u32(std::size_t offset, std::uint32_t value) {
    ASSERT(offset + 4 <= output_.size());
    store_be32(output_.data() + offset, value);
  }
  /// Bytes in the output so far, what was there before this writer included.
  std::size_t size() const { return output_.size(); }

 private:
  std::uint8_t* grow(std::size_t size) {
    output_.resize(output_.size() + size);
    return output_.data() + output_.size() - size;
  }

  Bytes& output_;
};

}  // namespace sallyport
