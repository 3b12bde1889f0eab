#include "datapath/spd_view.h"

#include <algorithm>
#include <unordered_set>

namespace sallyport::datapath {

namespace {

bool says_opaque(const policy::TrafficSelectors& selectors) {
  return std::ranges::any_of(selectors, [](const auto& selector) { return selector.ports.is_opaque(); });
}

policy::TrafficSelectors without_ports(policy::TrafficSelectors selectors) {
  for (auto& selector : selectors) selector.ports = policy::PortRange::any();
  return selectors;
}

}  // namespace

Sa* ProtectedChild::newest_for(const FlowKey& key) const {
  Sa* const* sa = sas.find(key, [](const Sa* candidate) { return candidate->outbound.in_use; });
  if (sa == nullptr) sa = sas.find(key, [](const Sa*) { return true; });
  return sa != nullptr ? *sa : nullptr;
}

std::size_t SpdView::set_policy(const policy::Spd& spd) {
  rule_index_ = {};
  port_rules_ = {};
  opaque_rules_ = {};
  any_port_selectors_.clear();
  rules_.clear();
  has_shunts_ = std::ranges::any_of(
      spd.entries, [](const policy::SpdEntry& entry) { return entry.action != policy::SpdAction::protect; });
  rules_.reserve(spd.entries.size());
  std::unordered_set<const ProtectedChild*> named;
  for (const auto& entry : spd.entries) {
    ProtectedChild* child = nullptr;
    if (entry.action == policy::SpdAction::protect) child = &child_of(entry.connection, entry.child);
    named.insert(child);
    rules_.push_back({.id = entry.id,
                      .action = entry.action,
                      .on_demand = entry.on_demand,
                      .selectors = SelectorPair(entry.local_ts, entry.remote_ts),
                      .child = child,
                      .connection = entry.connection,
                      .child_name = entry.child});
  }
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    rule_index_.add(static_cast<std::int64_t>(i), rules_[i].selectors, &rules_[i]);
    note_ports(static_cast<std::int64_t>(i), rules_[i].selectors);
  }
  std::size_t dropped = 0;
  for (const auto& [name, child] : children_) {
    if (named.contains(child.get())) continue;
    dropped += drop_held(*child);
    child->asked.reset();
  }
  std::erase_if(children_,
                [&](const auto& item) { return !named.contains(item.second.get()) && item.second->sas.empty(); });
  return dropped;
}

void SpdView::note_ports(std::int64_t rank, const SelectorPair& selectors) {
  const bool opaque = says_opaque(selectors.local_ts()) && says_opaque(selectors.remote_ts());
  if (!opaque && !selectors.ask_for_ports()) return;
  const SelectorPair& bare =
      any_port_selectors_.emplace_back(without_ports(selectors.local_ts()), without_ports(selectors.remote_ts()));
  (opaque ? opaque_rules_ : port_rules_).add(rank, bare, true);
}

bool SpdView::needs_whole(const FlowKey& key) {
  const auto any = [](bool) { return true; };
  if (opaque_rules_.find(key, any) != nullptr) return false;
  if (port_rules_.find(key, any) != nullptr) return true;
  const Decision decision = decide(key);
  if (decision.rule == nullptr || decision.rule->action != policy::SpdAction::protect) return false;
  return decision.sa == nullptr || decision.sa->mode == policy::Mode::transport || decision.rule->child->port_sas != 0;
}

ProtectedChild& SpdView::child_of(const std::string& connection, const std::string& child) {
  auto& slot = children_[connection + '\0' + child];
  if (!slot) slot = std::make_unique<ProtectedChild>();
  return *slot;
}

void SpdView::add(Sa& sa) {
  ProtectedChild& child = child_of(sa.connection, sa.child);
  child.sas.add(sa.age_rank, sa.selectors, &sa);
  child.port_sas += sa.selectors.ask_for_ports() ? 1 : 0;
  // Another SA than was asked for does not let us ask again at once: a peer that always narrows to something else would
  // have us make SAs without end.
  if (child.asked && sa.selectors.matches_outbound(child.asked->key)) child.asked.reset();
  child.released = !child.held.empty();
}

void SpdView::remove(Sa& sa) {
  ProtectedChild& child = child_of(sa.connection, sa.child);
  child.sas.remove(sa.age_rank, sa.selectors);
  child.port_sas -= sa.selectors.ask_for_ports() ? 1 : 0;
}

Decision SpdView::decide(const FlowKey& key) {
  SpdRule* const* rule = rule_index_.find(key, [](const SpdRule*) { return true; });
  if (rule == nullptr) return {};
  ProtectedChild* child = (*rule)->child;
  return {.sa = child != nullptr ? child->newest_for(key) : nullptr, .rule = *rule};
}

SpdRule* SpdView::find(policy::PolicyId id) {
  const auto rule = std::ranges::find(rules_, id, &SpdRule::id);
  return rule == rules_.end() ? nullptr : &*rule;
}

std::size_t SpdView::hold(ProtectedChild& child, const Packet& packet, Instant since, const HoldQueue::Limits& limits) {
  const bool waits_already = !child.held.empty();
  const std::size_t cost = child.held.push(packet, since, limits, held_total_);
  if (!waits_already && !child.held.empty()) waiting_.push_back(&child);
  if (waits_already && child.held.empty()) std::erase(waiting_, &child);
  return cost;
}

std::size_t SpdView::drop_held(ProtectedChild& child, std::vector<HoldQueue::Held>* dropped) {
  child.released = false;
  if (child.held.empty()) return 0;
  std::erase(waiting_, &child);
  auto held = child.held.take_all(held_total_);
  if (dropped != nullptr) std::ranges::move(held, std::back_inserter(*dropped));
  return held.size();
}

std::size_t SpdView::expire_held(Instant latest, std::vector<HoldQueue::Held>* dropped) {
  std::size_t count = 0;
  for (ProtectedChild* child : waiting_) count += child->held.expire(latest, held_total_, dropped);
  std::erase_if(waiting_, [](const ProtectedChild* child) { return child->held.empty(); });
  return count;
}

void SpdView::take_released(std::vector<HoldQueue::Held>& to) {
  for (ProtectedChild* child : waiting_) {
    if (!std::exchange(child->released, false)) continue;
    for (auto& held : child->held.take_all(held_total_)) to.push_back(std::move(held));
  }
  std::erase_if(waiting_, [](const ProtectedChild* child) { return child->held.empty(); });
}

bool SpdView::has_released() const {
  return std::ranges::any_of(waiting_, [](const ProtectedChild* child) { return child->released; });
}

std::optional<Instant> SpdView::held_since() const {
  std::optional<Instant> oldest;
  for (const ProtectedChild* child : waiting_)
    if (!oldest || child->held.since() < *oldest) oldest = child->held.since();
  return oldest;
}

}  // namespace sallyport::datapath
