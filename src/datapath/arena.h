// Arena: memory for the packets of one burst, taken end to end and given back all at once. Grows to the largest burst
// seen and stays; what was taken never moves.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/check.h"

namespace sallyport::datapath {

class Arena {
 public:
  /// Octets that one block can take: the largest packets with all that IPsec puts around them, three times over.
  static constexpr std::size_t block_size = 256 * 1024;

  /// Octets that take() gives right behind what it gave last.
  std::size_t room() const { return blocks_.empty() ? 0 : block_size - used_; }
  /// `size` at most block_size; begins another block when this one has no room.
  std::uint8_t* take(std::size_t size) {
    ASSERT(size <= block_size);
    if (room() < size) next_block();
    std::uint8_t* taken = blocks_[current_].get() + used_;
    used_ += size;
    return taken;
  }
  /// What comes next does not follow what was taken last, but has `size` octets in one piece.
  void make_room(std::size_t size) {
    if (room() < size) next_block();
  }
  /// Everything taken is free again.
  void reset() { current_ = used_ = 0; }

 private:
  [[gnu::noinline]] void next_block() {  // seldom: so that take() is a few instructions wherever it is called
    if (!blocks_.empty()) ++current_;
    if (current_ == blocks_.size()) blocks_.push_back(std::make_unique_for_overwrite<std::uint8_t[]>(block_size));
    used_ = 0;
  }

  std::vector<std::unique_ptr<std::uint8_t[]>> blocks_;
  std::size_t current_ = 0;
  std::size_t used_ = 0;
};

}  // namespace sallyport::datapath
