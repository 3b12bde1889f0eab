// ConnectionTable: the configured connections, to be found by name, and by what a stranger's first message shows of
// them: addresses alone. Connections that differ in nothing but who may come by them are one group there, so that a
// gateway with ten thousand peers looks at one thing for each message, and remembers one.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "policy/connection.h"

namespace sallyport::policy {

/// Connections that are alike but for name, identities, the first round of authentication, inner addresses and
/// children. Immutable.
class ConnectionGroup {
 public:
  struct Member {
    ConnectionPtr connection;
    std::size_t place;  // in the configuration
  };

  explicit ConnectionGroup(Member first);
  void add(Member member);

  /// What all of them are like; its name is the first one's.
  const Connection& alike() const { return *members_.front().connection; }
  std::span<const Member> members() const { return members_; }  // never empty, in the order of the configuration
  /// Whose remote identity accepts this one, in that order. Quick for members that name a single peer.
  std::vector<Member> that_accept(const Identity& remote_id) const;

 private:
  std::vector<Member> members_;
  std::unordered_multimap<std::string, std::size_t> by_remote_id_;  // indices of members with an exact one
  std::vector<std::size_t> others_;
};
using ConnectionGroupPtr = std::shared_ptr<const ConnectionGroup>;

/// How narrowly a connection's addresses describe a pair of them; more is narrower.
int address_rank(const Connection& connection, const IpAddress& local, const IpAddress& remote);

/// A group that a first message may be meant for.
struct Candidate {
  ConnectionGroupPtr group;
  int rank = 0;  // address_rank

  const Connection& alike() const { return group->alike(); }
};
using Candidates = std::vector<Candidate>;

class ConnectionTable {
 public:
  ConnectionTable() = default;
  explicit ConnectionTable(std::vector<ConnectionPtr> connections);

  const std::vector<ConnectionPtr>& all() const { return connections_; }
  /// nullptr: none is called so.
  ConnectionPtr find(std::string_view name) const;
  /// Those that speak to the pair of addresses, and not `other_version` alone; the narrowest first.
  Candidates between(IkeVersion other_version, const IpAddress& local, const IpAddress& remote) const;

 private:
  std::vector<ConnectionPtr> connections_;
  std::unordered_map<std::string_view, std::size_t> by_name_;  // views of names in connections_
  std::unordered_map<IpAddress, std::vector<ConnectionGroupPtr>> by_remote_host_;
  std::vector<ConnectionGroupPtr> with_ranges_;  // or for any remote address
};

}  // namespace sallyport::policy
