// SelectorIndex: of many policies, or of many SAs, the first whose selectors match a packet, without asking each.
// Selectors are sorted by the lengths of their prefixes; for each pair of lengths that occurs there is one table, in
// which a packet's masked addresses are looked up. There are few such pairs, however many selectors there are.
#pragma once

#include <algorithm>
#include <map>
#include <unordered_map>
#include <vector>

#include "datapath/selectors.h"

namespace sallyport::datapath {

template <class Value>
class SelectorIndex {
 public:
  /// Entries are tried from the lowest rank up; ranks do not repeat. `selectors` must live as long as the entry.
  void add(std::int64_t rank, const SelectorPair& selectors, Value value) {
    const Entry entry{rank, &selectors, value};
    const bool is_wide =
        for_each_place(selectors, [&](const Shape& shape, const Addresses& at) { insert(tables_[shape][at], entry); });
    if (is_wide) insert(everywhere_, entry);
  }
  /// What was added with the same rank and selectors.
  void remove(std::int64_t rank, const SelectorPair& selectors) {
    const auto has_rank = [rank](const Entry& entry) { return entry.rank == rank; };
    const bool is_wide = for_each_place(selectors, [&](const Shape& shape, const Addresses& at) {
      Table& table = tables_[shape];
      std::erase_if(table[at], has_rank);
      if (table[at].empty()) table.erase(at);
      if (table.empty()) tables_.erase(shape);
    });
    if (is_wide) std::erase_if(everywhere_, has_rank);
  }
  bool empty() const { return everywhere_.empty() && tables_.empty(); }
  void clear() {
    everywhere_.clear();
    tables_.clear();
  }

  /// The value of the lowest rank whose selectors match the outbound packet and which `accepts`; nullptr: none.
  template <class Accepts>
  const Value* find(const FlowKey& key, Accepts accepts) const {
    return find(key, key.source(), key.destination(),
                [&](const Entry& entry) { return entry.selectors->matches_outbound(key) && accepts(entry.value); });
  }
  /// The same for an inbound packet.
  const Value* find_inbound(const FlowKey& key) const {
    return find(key, key.destination(), key.source(),
                [&](const Entry& entry) { return entry.selectors->matches_inbound(key); });
  }

 private:
  /// A range can need many prefixes; what would need more places than this is asked for each packet instead.
  static constexpr std::size_t most_places = 256;

  struct Entry {
    std::int64_t rank;
    const SelectorPair* selectors;
    Value value;
  };
  struct Shape {
    bool v6;
    std::uint8_t local, remote;  // prefix lengths
    friend auto operator<=>(const Shape&, const Shape&) = default;
  };
  struct Addresses {
    AddressNumber local, remote;
    friend bool operator==(const Addresses&, const Addresses&) = default;
  };
  struct Hash {
    std::size_t operator()(const Addresses& a) const {
      std::uint64_t sum = a.local.high * 0x9e3779b97f4a7c15 + a.local.low * 0xc2b2ae3d27d4eb4f;
      sum += a.remote.high * 0x165667b19e3779f9 + a.remote.low * 0x27d4eb2f165667c5;
      return static_cast<std::size_t>(sum ^ sum >> 32);
    }
  };
  using Table = std::unordered_map<Addresses, std::vector<Entry>, Hash>;

  /// Calls `visit` for each pair of prefixes. True: there are too many, and it was not called.
  template <class Visit>
  static bool for_each_place(const SelectorPair& selectors, Visit visit) {
    const auto local = prefixes(selectors.local_ts()), remote = prefixes(selectors.remote_ts());
    if (local.size() * remote.size() > most_places) return true;
    for (const policy::Prefix& l : local)
      for (const policy::Prefix& r : remote)
        if (l.address.family() == r.address.family())
          visit(Shape{l.address.is_v6(), l.length, r.length}, Addresses{number(l), number(r)});
    return false;
  }
  static std::vector<policy::Prefix> prefixes(const policy::TrafficSelectors& selectors) {
    std::vector<policy::Prefix> all;
    for (const auto& selector : selectors)
      for (const policy::Prefix& prefix : selector.addresses.prefixes()) all.push_back(prefix);
    std::ranges::sort(all);
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
  }
  static AddressNumber number(const policy::Prefix& prefix) {
    return AddressNumber::of(prefix.address.bytes().data(), prefix.address.is_v6());
  }
  static std::uint64_t keep_top(std::uint64_t word, int bits) {
    return bits <= 0 ? 0 : bits >= 64 ? word : word & ~(~std::uint64_t{0} >> bits);
  }
  static AddressNumber masked(const AddressNumber& address, bool v6, int length) {
    if (v6) return {keep_top(address.high, length), keep_top(address.low, length - 64)};
    return {0, keep_top(address.low, length + 32)};
  }
  template <class Matches>
  const Value* find(const FlowKey& key, const AddressNumber& local, const AddressNumber& remote,
                    Matches matches) const {
    const Entry* best = first_of(everywhere_, nullptr, matches);
    for (const auto& [shape, table] : tables_) {
      if (shape.v6 != key.is_v6()) continue;
      const auto place = table.find({masked(local, shape.v6, shape.local), masked(remote, shape.v6, shape.remote)});
      if (place != table.end()) best = first_of(place->second, best, matches);
    }
    return best != nullptr ? &best->value : nullptr;
  }
  static void insert(std::vector<Entry>& place, const Entry& entry) {
    place.insert(std::ranges::upper_bound(place, entry.rank, {}, &Entry::rank), entry);
  }
  template <class Matches>
  static const Entry* first_of(const std::vector<Entry>& place, const Entry* best, Matches matches) {
    for (const Entry& entry : place) {
      if (best != nullptr && entry.rank >= best->rank) break;
      if (matches(entry)) return &entry;
    }
    return best;
  }

  std::vector<Entry> everywhere_;
  std::map<Shape, Table> tables_;
};

}  // namespace sallyport::datapath
