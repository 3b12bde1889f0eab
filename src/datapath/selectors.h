// SelectorPair: the traffic selectors of a policy or an SA, made ready to be asked once per packet. Any local selector
// goes with any remote one (RFC 7296 §2.9).
#pragma once

#include <vector>

#include "datapath/flow.h"

namespace sallyport::datapath {

/// One side's list.
class SelectorList {
 public:
  explicit SelectorList(policy::TrafficSelectors selectors);
  const policy::TrafficSelectors& selectors() const { return selectors_; }
  bool asks_for_ports() const;

  /// Whether the side of the packet that sends, or the one that receives, is in the list.
  bool matches_source(const FlowKey& key) const;
  bool matches_destination(const FlowKey& key) const;

 private:
  struct Item {
    AddressNumber first, last;
    std::uint16_t first_port = 0, last_port = 0;
    std::uint8_t protocol = 0;
    bool v6 = false;
    bool any_port = false, opaque = false;
  };
  enum class Port : std::uint8_t {
    absent,
    present,
    not_asked
  };
  bool matches(const AddressNumber& address, const FlowKey& key, Port state, std::uint16_t port) const;

  policy::TrafficSelectors selectors_;
  std::vector<Item> items_;  // the same, ready to be compared
};

class SelectorPair {
 public:
  SelectorPair(const policy::TrafficSelectors& local, const policy::TrafficSelectors& remote)
      : local_(local), remote_(remote) {}

  const policy::TrafficSelectors& local_ts() const { return local_.selectors(); }
  const policy::TrafficSelectors& remote_ts() const { return remote_.selectors(); }
  /// Some of them ask for what only the first fragment of a datagram shows: ports, types and codes.
  bool ask_for_ports() const { return local_.asks_for_ports() || remote_.asks_for_ports(); }
  bool matches_outbound(const FlowKey& key) const {
    return local_.matches_source(key) && remote_.matches_destination(key);
  }
  bool matches_inbound(const FlowKey& key) const {
    return remote_.matches_source(key) && local_.matches_destination(key);
  }

 private:
  SelectorList local_;
  SelectorList remote_;
};

}  // namespace sallyport::datapath
