#include "datapath/selectors.h"

#include <algorithm>

namespace sallyport::datapath {

SelectorList::SelectorList(const policy::TrafficSelectors& selectors) {
  items_.reserve(selectors.size());
  for (const auto& selector : selectors) {
    Item item;
    item.v6 = selector.addresses.family() == policy::Family::ipv6;
    item.first = number(selector.addresses.first.bytes().data(), item.v6);
    item.last = number(selector.addresses.last.bytes().data(), item.v6);
    item.protocol = selector.protocol;
    item.first_port = selector.ports.first;
    item.last_port = selector.ports.last;
    item.any_port = selector.ports.is_any();
    item.opaque = selector.ports.is_opaque();
    items_.push_back(item);
  }
}

SelectorList::Number SelectorList::number(const std::uint8_t* octets, bool v6) {
  if (v6) return {load_be64(octets), load_be64(octets + 8)};
  return {0, load_be32(octets)};
}

bool SelectorList::matches(const Number& address, const FlowKey& key, Port state, std::uint16_t port) const {
  return std::ranges::any_of(items_, [&](const Item& item) {
    if (item.v6 != key.v6 || address < item.first || item.last < address) return false;
    if (item.protocol != 0 && item.protocol != key.protocol) return false;
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
  const Port state = key.ports == FlowKey::Ports::absent ? Port::absent : Port::present;
  return matches(number(key.source.data(), key.v6), key, state, key.source_port);
}

bool SelectorList::matches_destination(const FlowKey& key) const {
  constexpr Port kState[] = {Port::absent, Port::present, Port::not_asked};
  const Port state = kState[static_cast<std::size_t>(key.ports)];
  return matches(number(key.destination.data(), key.v6), key, state, key.destination_port);
}

}  // namespace sallyport::datapath
