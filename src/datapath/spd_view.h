// SpdView: the SPD made ready to be asked per flow, joined to the SAs that serve its entries and the packets that wait
// for one. An SA serves the entries of its own connection and child; of several whose selectors fit, the newest does.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "datapath/hold_queue.h"
#include "datapath/sad.h"
#include "datapath/selector_index.h"
#include "policy/spd.h"

namespace sallyport::datapath {

/// One child of one connection, as the packet path sees it.
struct ProtectedChild {
  SelectorIndex<Sa*> sas;    // the newest first
  std::size_t port_sas = 0;  // those whose selectors ask for ports
  HoldQueue held;
  bool released = false;  // an SA has come since packets were held
  struct Asked {
    FlowKey key;
    Instant at;
  };
  std::optional<Asked> asked;  // NeedSa is out, and no SA has come that fits the packet it was for

  /// nullptr: none fits. Of those that fit, one that the peer is known to have goes before one that it may not.
  Sa* newest_for(const FlowKey& key) const;
};

struct SpdRule {
  policy::PolicyId id;
  policy::SpdAction action;
  bool on_demand;
  SelectorPair selectors;
  ProtectedChild* child;  // nullptr unless action is protect
  std::string connection;
  std::string child_name;
};

/// What the SPD and the SAs say about an outbound flow.
struct Decision {
  Sa* sa = nullptr;         // send by it
  SpdRule* rule = nullptr;  // without an SA: what it says is to be done; nullptr: there is none
};

class SpdView {
 public:
  /// Held packets whose policy is gone are dropped; returns how many. Decisions made before are void.
  std::size_t set_policy(const policy::Spd& spd);
  void add(Sa& sa);
  void remove(Sa& sa);
  /// First match decides.
  Decision decide(const FlowKey& key);
  /// Of an inbound packet that an SA has brought: what goes in clear, or nowhere, has no business in an SA even if its
  /// selectors, which were negotiated, take it in (RFC 4301 §5.2, where the SPD is without overlaps).
  policy::SpdAction decide_inbound(const FlowKey& key) const {
    if (!has_shunts_) return policy::SpdAction::protect;
    SpdRule* const* rule = rule_index_.find_inbound(key);
    return rule != nullptr ? (*rule)->action : policy::SpdAction::protect;
  }
  /// Whether an outbound packet with this key may have left by an SA.
  bool protects(const FlowKey& key) const {
    if (!has_shunts_) return true;
    SpdRule* const* rule = rule_index_.find(key, [](const SpdRule*) { return true; });
    return rule == nullptr || (*rule)->action == policy::SpdAction::protect;
  }
  SpdRule* find(policy::PolicyId id);
  /// Whether a fragment with this key can be decided on only when its datagram has been put together: because ports
  /// matter to where it goes, or because its SA takes whole datagrams alone (RFC 4301 §7). Where a policy says OPAQUE,
  /// which is about fragments, they matter not.
  bool needs_whole(const FlowKey& key);

  /// These return how many packets were dropped.
  std::size_t hold(ProtectedChild& child, const Packet& packet, Instant since, const HoldQueue::Limits& limits);
  /// What they drop is added to `dropped`, if that is not null.
  std::size_t drop_held(ProtectedChild& child, std::vector<HoldQueue::Held>* dropped = nullptr);
  std::size_t expire_held(Instant latest, std::vector<HoldQueue::Held>* dropped = nullptr);
  /// Appends what waits for a child that has got an SA.
  void take_released(std::vector<HoldQueue::Held>& to);
  bool has_released() const;
  /// Since when the oldest held packet has waited; nullopt: none waits.
  std::optional<Instant> held_since() const;

 private:
  void note_ports(std::int64_t rank, const SelectorPair& selectors);
  ProtectedChild& child_of(const std::string& connection, const std::string& child);

  std::vector<SpdRule> rules_;
  SelectorIndex<SpdRule*> rule_index_;
  /// Of those that ask for ports, and of those that say OPAQUE, the selectors without that.
  std::deque<SelectorPair> any_port_selectors_;
  SelectorIndex<bool> port_rules_, opaque_rules_;
  bool has_shunts_ = false;                                                    // rules that do not protect
  std::unordered_map<std::string, std::unique_ptr<ProtectedChild>> children_;  // by "connection\0child"
  std::vector<ProtectedChild*> waiting_;                                       // those with held packets
  std::size_t held_total_ = 0;                                                 // octets
};

}  // namespace sallyport::datapath
