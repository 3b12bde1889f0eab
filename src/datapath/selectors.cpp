#include "datapath/selectors.h"

#include <algorithm>

namespace sallyport::datapath {

SelectorList::SelectorList(policy::TrafficSelectors selectors) : selectors_(std::move(selectors)) {
  items_.reserve(selectors_.size());
  for (const auto& selector : selectors_) {
    Item item;
    item.v6 = selector.addresses.family() == policy::Family::ipv6;
    item.first = AddressNumber::of(selector.addresses.first.bytes().data(), item.v6);
    item.last = AddressNumber::of(selector.addresses.last.bytes().data(), item.v6);
    item.protocol = selector.protocol;
    item.first_port = selector.ports.first;
    item.last_port = selector.ports.last;
    item.any_port = selector.ports.is_any();
    item.opaque = selector.ports.is_opaque();
    items_.push_back(item);
  }
}

bool SelectorList::asks_for_ports() const {
  return std::ranges::any_of(items_, [](const Item& item) { return !item.any_port && !item.opaque; });
}

bool SelectorList::matches(const AddressNumber& address, const FlowKey& key, Port state, std::uint16_t port) const {
  return std::ranges::any_of(items_, [&](const Item& item) {
    if (item.v6 != key.is_v6() || address < item.first || item.last < address) return false;
    if (item.protocol != 0 && item.protocol != key.protocol()) return false;
    if (item.any_port) return true;
    switch (state) {
      case Port::absent: return item.opaque;
      case Port::present: return item.first_port <= port && port <= item.last_port;
      case Port::not_asked: return true;
    }
    return false;
  });
}

bool SelectorList::matches_source(const FlowKey& key) const {
  const Port state = key.ports() == FlowKey::Ports::absent ? Port::absent : Port::present;
  return matches(key.source(), key, state, key.source_port());
}

bool SelectorList::matches_destination(const FlowKey& key) const {
  constexpr Port states[] = {Port::absent, Port::present, Port::not_asked};
  return matches(key.destination(), key, states[static_cast<std::size_t>(key.ports())], key.destination_port());
}

}  // namespace sallyport::datapath
