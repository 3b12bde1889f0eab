#include "datapath/replay_window.h"

#include <algorithm>
#include <bit>

namespace sallyport::datapath {

ReplayWindow::ReplayWindow(std::uint32_t size, bool extended) : size_(std::min(size, max_size)), extended_(extended) {
  const std::size_t words = std::bit_ceil((std::size_t{size_} + 63) / 64);
  word_mask_ = words - 1;
  words_.assign(words, 0);
}

std::uint64_t ReplayWindow::extend_by_window(std::uint32_t low) const {
  // With the check off there is no window to go by; half the number space to either side is the best guess.
  const std::uint64_t reach = size_ != 0 ? size_ : std::uint64_t{1} << 31;
  const auto top_low = static_cast<std::uint32_t>(top_);
  const std::uint64_t top_high = top_ >> 32;
  const auto bottom_low = static_cast<std::uint32_t>(top_low - reach + 1);
  std::uint64_t high = top_high;
  if (top_low >= reach - 1) {  // the whole window lies within one cycle of the low half
    if (low < bottom_low) ++high;
  } else if (low >= bottom_low) {  // the window straddles two cycles, and the packet is in the earlier one
    if (top_high == 0) return 0;
    --high;
  }
  return high << 32 | low;
}

void ReplayWindow::clear_between(std::uint64_t old_top, std::uint64_t new_top) {
  if (new_top - old_top > words_.size() * 64) {
    std::ranges::fill(words_, 0);
    return;
  }
  for (std::uint64_t at = old_top + 1; at < new_top;) {
    const std::uint64_t in_word = std::min<std::uint64_t>(64 - (at & 63), new_top - at);
    const std::uint64_t ones = in_word == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << in_word) - 1;
    word(at) &= ~(ones << (at & 63));
    at += in_word;
  }
}

}  // namespace sallyport::datapath
