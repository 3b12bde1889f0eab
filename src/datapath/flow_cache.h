// FlowCache: remembers what was decided for a flow, so that databases are searched once a flow and not once a packet.
// Direct mapped: a flow that falls on another's place replaces it. Everything in it is void once the generation
// changes, which is how a new policy or SA is felt at once (RFC 4301 §4.4.1: SPD cache).
#pragma once

#include <bit>
#include <vector>

#include "datapath/flow.h"

namespace sallyport::datapath {

template <class Value>
class FlowCache {
 public:
  FlowCache(std::size_t size, std::uint64_t salt)
      : entries_(std::bit_ceil(std::max<std::size_t>(size, 1))), salt_(salt) {}

  /// A remembered value, or nullptr; lives until the next remember() or forget_all().
  const Value* find(const FlowKey& key, std::uint64_t hash) const {
    const Entry& entry = entries_[hash & (entries_.size() - 1)];
    return entry.generation == generation_ && entry.key == key ? &entry.value : nullptr;
  }
  void remember(const FlowKey& key, std::uint64_t hash, const Value& value) {
    entries_[hash & (entries_.size() - 1)] = {key, value, generation_};
  }
  std::uint64_t hash(const FlowKey& key) const { return key.hash(salt_); }
  void forget_all() { ++generation_; }

 private:
  struct Entry {
    FlowKey key;
    Value value{};
    std::uint64_t generation = 0;
  };
  std::vector<Entry> entries_;
  std::uint64_t salt_;
  std::uint64_t generation_ = 1;
};

}  // namespace sallyport::datapath
