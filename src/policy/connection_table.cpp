#include "policy/connection_table.h"

#include <algorithm>
#include <functional>
#include <map>
#include <tuple>

namespace sallyport::policy {
namespace {

/// Not who is asked for, but in which way.
void keep_methods(std::vector<AuthRound>& rounds) {
  for (AuthRound& round : rounds) round = {.method = round.method, .id = {}, .xauth_id = {}};
}

/// What makes connections alike, as a connection.
Connection common_part(const Connection& connection) {
  Connection common = connection;
  common.name.clear();
  common.local = common.remote = {};
  keep_methods(common.further_local);
  keep_methods(common.further_remote);
  common.local_names.clear();  // addresses count, wherever they come from
  common.remote_names.clear();
  common.local_resolved = common.remote_resolved = 0;
  common.vips.clear();
  common.pools.clear();
  common.children.clear();
  common.origins.clear();
  return common;
}

bool is_hosts_only(const std::vector<AddressRange>& ranges) {
  return !ranges.empty() &&
         std::ranges::all_of(ranges, [](const AddressRange& range) { return range.first == range.last; });
}

/// Puts connections into groups.
class Grouping {
 public:
  void add(const ConnectionGroup::Member& member) {
    const Connection common = common_part(*member.connection);
    // Most differ in their addresses, if in anything.
    auto& alike = by_addresses_[{common.local_addrs, common.remote_addrs}];
    const auto known = std::ranges::find(alike, common, &Group::common);
    if (known != alike.end()) return known->group->add(member);
    alike.push_back({common, std::make_shared<ConnectionGroup>(member)});
    groups_.push_back(alike.back().group);
  }
  /// In the order of their first members.
  const std::vector<std::shared_ptr<ConnectionGroup>>& groups() const { return groups_; }

 private:
  struct Group {
    Connection common;
    std::shared_ptr<ConnectionGroup> group;
  };
  std::map<std::pair<std::vector<AddressRange>, std::vector<AddressRange>>, std::vector<Group>> by_addresses_;
  std::vector<std::shared_ptr<ConnectionGroup>> groups_;
};

}  // namespace

ConnectionGroup::ConnectionGroup(Member first) { add(std::move(first)); }

void ConnectionGroup::add(Member member) {
  const Identity& remote_id = member.connection->remote.id;
  if (is_exact(remote_id))
    by_remote_id_.emplace(lookup_key(remote_id), members_.size());
  else
    others_.push_back(members_.size());
  members_.push_back(std::move(member));
}

std::vector<ConnectionGroup::Member> ConnectionGroup::that_accept(const Identity& remote_id) const {
  std::vector<std::size_t> found;
  const auto [first, last] = by_remote_id_.equal_range(lookup_key(remote_id));
  for (auto at = first; at != last; ++at) found.push_back(at->second);
  std::ranges::copy_if(others_, std::back_inserter(found),
                       [&](std::size_t i) { return matches(members_[i].connection->remote.id, remote_id); });
  std::ranges::sort(found);
  std::vector<Member> members;
  for (const std::size_t i : found) members.push_back(members_[i]);
  return members;
}

int address_rank(const Connection& connection, const IpAddress& local, const IpAddress& remote) {
  const auto rank = [](const std::vector<AddressRange>& ranges, const IpAddress& address) {
    for (const auto& range : ranges)
      if (range.contains(address)) return range.first == range.last ? 2 : 1;
    return 0;
  };
  return 3 * rank(connection.remote_addrs, remote) + rank(connection.local_addrs, local);
}

ConnectionTable::ConnectionTable(std::vector<ConnectionPtr> connections) : connections_(std::move(connections)) {
  Grouping grouping;
  for (std::size_t place = 0; place < connections_.size(); ++place) {
    by_name_.emplace(connections_[place]->name, place);
    grouping.add({connections_[place], place});
  }
  for (const auto& group : grouping.groups()) {
    const auto& remote = group->alike().remote_addrs;
    if (!is_hosts_only(remote)) {
      with_ranges_.push_back(group);
      continue;
    }
    for (const AddressRange& host : remote) {
      auto& there = by_remote_host_[host.first];
      if (there.empty() || there.back() != group) there.push_back(group);
    }
  }
}

ConnectionPtr ConnectionTable::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : connections_[found->second];
}

Candidates ConnectionTable::between(IkeVersion other_version, const IpAddress& local, const IpAddress& remote) const {
  Candidates found;
  const auto consider = [&](const std::vector<ConnectionGroupPtr>& groups) {
    for (const ConnectionGroupPtr& group : groups)
      if (group->alike().version != other_version && matches_addresses(group->alike(), local, remote))
        found.push_back({group, address_rank(group->alike(), local, remote)});
  };
  if (const auto there = by_remote_host_.find(remote); there != by_remote_host_.end()) consider(there->second);
  consider(with_ranges_);
  std::ranges::sort(found, {}, [](const Candidate& candidate) {
    return std::pair(-candidate.rank, candidate.group->members().front().place);
  });
  return found;
}

}  // namespace sallyport::policy
