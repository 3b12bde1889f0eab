// FlowCache: remembers what was decided for a flow, so that databases are searched once a flow and not once a packet.
// Direct mapped: a flow that falls on another's place replaces it. Everything in it is void once it is told to forget,
// which is how a new policy or SA is felt at once (RFC 4301 §4.4.1: SPD cache).
#pragma once

#include <bit>
#include <vector>

#include "base/random.h"
#include "datapath/flow.h"

namespace sallyport::datapath {

template <class Value>
class FlowCache {
 public:
  /// `size` is rounded up to a power of two.
  FlowCache(std::size_t size, RandomSource& random)
      : entries_(std::bit_ceil(std::max<std::size_t>(size, 2))), shift_(64 - std::countr_zero(entries_.size())) {
    for (std::uint64_t& factor : factors_) factor = random.u64() | 1;
  }

  /// A remembered value, or nullptr; lives until the next remember() or forget_all().
  const Value* find(const FlowKey& key) const {
    const Entry& entry = entries_[place(key)];
    return entry.generation == generation_ && entry.key == key ? &entry.value : nullptr;
  }
  void remember(const FlowKey& key, const Value& value) { entries_[place(key)] = {key, value, generation_}; }
  void forget_all() { ++generation_; }

 private:
  struct Entry {
    FlowKey key;
    Value value{};
    std::uint64_t generation = 0;
  };

  /// A multilinear hash, whose factors nobody knows: strangers cannot choose flows that push each other out.
  std::size_t place(const FlowKey& key) const {
    const auto words = key.words();
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < words.size(); ++i) sum += (words[i] ^ words[i] >> 32) * factors_[i];
    return static_cast<std::size_t>(sum >> shift_);
  }

  std::vector<Entry> entries_;
  int shift_;
  std::array<std::uint64_t, 5> factors_;
  std::uint64_t generation_ = 1;
};

}  // namespace sallyport::datapath
