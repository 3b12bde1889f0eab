#include "node/policies.h"

#include <fmt/format.h>

#include <algorithm>

namespace sallyport::node {
namespace {

/// "dynamic" before any negotiation: the hosts that the connection is configured for. A range of hosts is what it is.
policy::TrafficSelectors resolve_for_policy(const policy::SelectorTemplates& templates,
                                            const std::vector<policy::AddressRange>& hosts) {
  policy::TrafficSelectors selectors;
  for (const auto& selector : templates) {
    if (!selector.dynamic) {
      selectors.push_back(selector.fixed);
      continue;
    }
    for (const auto& host : hosts) {
      const bool nobody = host.first == host.last && host.first.is_unspecified();  // a name whose address is not known
      if (!nobody) selectors.push_back({host, selector.fixed.protocol, selector.fixed.ports});
    }
  }
  return selectors;
}

std::vector<policy::AddressRange> own_hosts(const std::vector<policy::AddressRange>& local_addrs,
                                            const std::vector<policy::AddressRange>& remote_addrs,
                                            const ike::HostView& host) {
  if (!local_addrs.empty() || remote_addrs.empty()) return local_addrs;
  const auto address = host.source_address(remote_addrs.front().first);
  return address ? std::vector{policy::AddressRange::host(*address)} : std::vector<policy::AddressRange>();
}

/// Inner addresses are known only when they are given: then the SA brings its policy along.
std::vector<policy::AddressRange> own_hosts(const policy::Connection& connection, const ike::HostView& host) {
  if (!connection.vips.empty()) return {};
  return own_hosts(connection.local_addrs, connection.remote_addrs, host);
}

std::vector<policy::AddressRange> everybody() {
  return {policy::AddressRange::all(policy::Family::ipv4), policy::AddressRange::all(policy::Family::ipv6)};
}

policy::TrafficSelectors of_family(const policy::TrafficSelectors& selectors, policy::Family family) {
  policy::TrafficSelectors some;
  for (const auto& selector : selectors)
    if (selector.addresses.family() == family) some.push_back(selector);
  return some;
}

/// All that a client may be given is a client's, whether or not it is there: nothing for it leaves in clear.
std::vector<policy::AddressRange> their_hosts(const policy::Connection& connection,
                                              const std::map<std::string_view, policy::AddressRange>& pools) {
  if (connection.pools.empty()) return connection.remote_addrs;
  std::vector<policy::AddressRange> ranges;
  for (const std::string& name : connection.pools)
    if (const auto pool = pools.find(name); pool != pools.end()) ranges.push_back(pool->second);
  return ranges;
}

bool same_but_for_id(policy::SpdEntry a, const policy::SpdEntry& b) {
  a.id = b.id;
  return a == b;
}

/// The same for entries that are the same but for their ids.
std::string meaning(const policy::SpdEntry& entry) {
  return fmt::format("{}\n{}\n{}\n{}\n{}", entry.connection, entry.child, static_cast<int>(entry.mode),
                     to_string(entry.local_ts), to_string(entry.remote_ts));
}

}  // namespace

Policies::Policies(const ike::HostView& host) : host_(host), published_(std::make_shared<const policy::Spd>()) {}

void Policies::configure(const std::vector<policy::ConnectionPtr>& connections, const std::vector<policy::Pool>& pools,
                         policy::PolicySettings settings) {
  settings_ = std::move(settings);
  pools_ = pools;
  configure(connections);
}

void Policies::configure(const std::vector<policy::ConnectionPtr>& connections) {
  std::map<std::string_view, policy::AddressRange> ranges;
  for (const policy::Pool& pool : pools_) ranges.emplace(pool.name, pool.addresses);

  std::vector<policy::SpdEntry> entries;
  std::multimap<Name, std::size_t> by_name;
  const auto add = [&](const policy::SpdEntry& entry) {
    const Name name{entry.connection, entry.child};
    const auto [first, last] = configured_by_name_.equal_range(name);
    for (const auto family : {policy::Family::ipv4, policy::Family::ipv6}) {
      policy::SpdEntry one = entry;
      one.local_ts = of_family(entry.local_ts, family);
      one.remote_ts = of_family(entry.remote_ts, family);
      if (one.local_ts.empty() || one.remote_ts.empty()) continue;
      const auto known =
          std::find_if(first, last, [&](const auto& old) { return same_but_for_id(one, configured_[old.second]); });
      one.id = known != last ? configured_[known->second].id : policy::PolicyId{++last_id_};
      by_name.emplace(name, entries.size());
      entries.push_back(std::move(one));
    }
  };
  for (const auto& connection : connections) {
    const auto ours = own_hosts(*connection, host_), theirs = their_hosts(*connection, ranges);
    for (const policy::Child& child : connection->children)
      add({.connection = connection->name,
           .child = child.name,
           .mode = child.mode,
           .on_demand = child.start_action == policy::StartAction::trap,
           .local_ts = resolve_for_policy(child.local_ts, ours),
           .remote_ts = resolve_for_policy(child.remote_ts, theirs),
           .priority = settings_.priority_of(connection->name, child.name)});
  }
  for (const policy::Shunt& shunt : settings_.shunts) {
    const auto own = own_hosts(shunt.local_addrs, shunt.remote_addrs, host_);
    add({.action = shunt.action,
         .connection = shunt.connection,
         .child = shunt.name,
         .local_ts = resolve_for_policy(shunt.local_ts, own.empty() ? everybody() : own),
         .remote_ts =
             resolve_for_policy(shunt.remote_ts, shunt.remote_addrs.empty() ? everybody() : shunt.remote_addrs),
         .priority = shunt.priority});
  }
  configured_ = std::move(entries);
  configured_by_name_ = std::move(by_name);
  changed_ = true;
}

bool Policies::covers(const policy::ChildSaSpec& spec) const {
  policy::TrafficSelectors local, remote;  // of all families
  const auto [first, last] = configured_by_name_.equal_range(Name{spec.connection, spec.child});
  for (auto at = first; at != last; ++at) {
    const policy::SpdEntry& entry = configured_[at->second];
    local.insert(local.end(), entry.local_ts.begin(), entry.local_ts.end());
    remote.insert(remote.end(), entry.remote_ts.begin(), entry.remote_ts.end());
  }
  return policy::covers(local, spec.local_ts) && policy::covers(remote, spec.remote_ts);
}

void Policies::on_installed(const policy::ChildSaSpec& spec) {
  if (covers(spec)) return;
  policy::SpdEntry entry{.action = policy::SpdAction::protect,
                         .connection = spec.connection,
                         .child = spec.child,
                         .mode = spec.mode,
                         .local_ts = spec.local_ts,
                         .remote_ts = spec.remote_ts,
                         .priority = settings_.priority_of(spec.connection, spec.child)};
  const auto [known, is_new] = brought_by_meaning_.try_emplace(meaning(entry));
  if (is_new) {
    const policy::PolicyId id{++last_id_};
    known->second = entry.id = id;
    brought_.emplace(id, Brought{std::move(entry)});
    changed_ = true;
  }
  if (brought_by_.emplace(spec.id, known->second).second) ++brought_.at(known->second).sas;
}

/// Is it for an inner address that we still have? Then nothing of it may leave in clear, be there an SA or not.
bool Policies::is_of_own_address(const policy::SpdEntry& entry) const {
  const policy::AddressRange& addresses = entry.local_ts.front().addresses;
  return addresses.first == addresses.last && own_addresses_.contains(addresses.first);
}

void Policies::drop_unneeded(std::map<policy::PolicyId, Brought>::iterator brought) {
  const auto& [entry, sas] = brought->second;
  if (sas != 0 || is_of_own_address(entry)) return;
  brought_by_meaning_.erase(meaning(entry));
  brought_.erase(brought);
  changed_ = true;
}

void Policies::on_removed(policy::ChildSaId id) {
  const auto by = brought_by_.extract(id);
  if (by.empty()) return;
  const auto brought = brought_.find(by.mapped());
  --brought->second.sas;
  drop_unneeded(brought);
}

bool Policies::on_address(const policy::IpAddress& address) { return ++own_addresses_[address] == 1; }

bool Policies::on_address_gone(const policy::IpAddress& address) {
  const auto own = own_addresses_.find(address);
  if (own == own_addresses_.end() || --own->second != 0) return false;
  own_addresses_.erase(own);
  for (auto at = brought_.begin(); at != brought_.end();) drop_unneeded(at++);
  return true;
}

void Policies::set_waiting(std::string_view connection, std::string_view child, bool waits) {
  const Name name(connection, child);
  if (waits ? waiting_.insert(name).second : waiting_.erase(name) != 0) changed_ = true;
}

policy::SpdPtr Policies::publish() {
  if (!std::exchange(changed_, false)) return nullptr;
  auto spd = std::make_shared<policy::Spd>(policy::Spd{configured_});
  for (policy::SpdEntry& entry : spd->entries) entry.on_demand |= waiting_.contains({entry.connection, entry.child});
  for (const auto& [id, brought] : brought_) spd->entries.push_back(brought.entry);
  policy::put_in_order(spd->entries);
  if (spd->entries == published_->entries) return nullptr;

  published_ = std::move(spd);
  published_by_id_.clear();
  published_by_name_.clear();
  for (std::size_t i = 0; i < published_->entries.size(); ++i) {
    const policy::SpdEntry& entry = published_->entries[i];
    published_by_id_.emplace(entry.id.value, i);
    published_by_name_.emplace(Name{entry.connection, entry.child}, i);
  }
  return published_;
}

const policy::SpdEntry* Policies::find(policy::PolicyId id) const {
  const auto found = published_by_id_.find(id.value);
  return found == published_by_id_.end() ? nullptr : &published_->entries[found->second];
}

std::vector<policy::PolicyId> Policies::of(std::string_view connection, std::string_view child) const {
  std::vector<policy::PolicyId> ids;
  const auto [first, last] = published_by_name_.equal_range(Name(connection, child));
  for (auto at = first; at != last; ++at) ids.push_back(published_->entries[at->second].id);
  return ids;
}

std::vector<const policy::SpdEntry*> Policies::of(std::string_view connection) const {
  std::vector<const policy::SpdEntry*> entries;
  auto at = published_by_name_.lower_bound(Name(connection, ""));
  for (; at != published_by_name_.end() && at->first.first == connection; ++at)
    entries.push_back(&published_->entries[at->second]);
  return entries;
}

}  // namespace sallyport::node
