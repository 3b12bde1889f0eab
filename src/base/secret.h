// Secret: key material. Wiped when it goes, moved but never copied by accident, compared in constant time, and without
// any way to print it.
#pragma once

#include "base/bytes.h"

namespace sallyport {

/// Overwrites the bytes in a way that the compiler may not remove.
void wipe(ByteSpan bytes) noexcept;
/// Content equality in time that depends on the lengths alone.
bool equal_constant_time(ByteView a, ByteView b) noexcept;

class Secret {
 public:
  Secret() = default;
  /// `size` zero bytes, to be filled through span().
  explicit Secret(std::size_t size) : bytes_(size) {}
  static Secret copy_of(ByteView bytes);
  /// Takes the bytes over, in place. Whoever filled them saw to it that they were not moved about by growth.
  static Secret adopt(Bytes&& bytes);

  Secret(Secret&& other) noexcept : bytes_(std::move(other.bytes_)) { other.bytes_.clear(); }
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret() { wipe(bytes_); }

  /// Copies are made on purpose, by name.
  Secret clone() const { return copy_of(bytes_); }

  ByteView view() const { return bytes_; }
  ByteSpan span() { return bytes_; }
  std::size_t size() const { return bytes_.size(); }
  bool empty() const { return bytes_.empty(); }

  friend bool operator==(const Secret& a, const Secret& b) { return equal_constant_time(a.bytes_, b.bytes_); }

 private:
  Bytes bytes_;
};

}  // namespace sallyport
