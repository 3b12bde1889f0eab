// Policies: which packets must be protected at this moment (RFC 4301 §4.4.1). A child's selectors are a policy from the
// moment that the configuration is loaded, whether an SA is up or not; SAs with peers whose addresses nobody knew in
// advance bring theirs along, and so do inner addresses of ours. However many there are, what comes and goes costs
// nothing that grows with them, until the whole is published anew.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ike/core/environment.h"
#include "policy/child_sa.h"
#include "policy/network_config.h"
#include "policy/shunt.h"

namespace sallyport::node {

class Policies {
 public:
  /// `host` outlives this.
  explicit Policies(const ike::HostView& host);

  /// The policies of a configuration in place of those of the one before; one for each address family of a child.
  /// "dynamic" selectors stand for the configured addresses, ours being the one that reaches the peer where none is
  /// configured, and those of clients being the connection's pools. A child whose peer may be anybody makes none; a
  /// shunt's "dynamic" is any address then. An entry that is what it was keeps its id.
  void configure(const std::vector<policy::ConnectionPtr>& connections, const std::vector<policy::Pool>& pools,
                 policy::PolicySettings settings);
  /// Other connections, with pools and settings as they were.
  void configure(const std::vector<policy::ConnectionPtr>& connections);

  void on_installed(const policy::ChildSaSpec& spec);
  void on_removed(policy::ChildSaId id);
  /// Counted: an address is ours until it has gone as often as it has come. True: the first time, and the last.
  bool on_address(const policy::IpAddress& address);
  bool on_address_gone(const policy::IpAddress& address);
  /// The next packet of the child is, or is no longer, to bring it up, whatever is configured.
  void set_waiting(std::string_view connection, std::string_view child, bool waits);

  /// What is to be in force from now on; nullptr: what was published last.
  policy::SpdPtr publish();
  /// As published last.
  const policy::Spd& published() const { return *published_; }
  const policy::SpdEntry* find(policy::PolicyId id) const;  // nullptr: there is none
  std::vector<policy::PolicyId> of(std::string_view connection, std::string_view child) const;
  /// All of a connection, by child; until the next are published.
  std::vector<const policy::SpdEntry*> of(std::string_view connection) const;

 private:
  using Name = std::pair<std::string, std::string>;  // connection and child

  /// A policy that SAs have brought along. It lasts as long as one of them does, be it a renewed one, or as long as the
  /// inner address that it is for.
  struct Brought {
    policy::SpdEntry entry;
    std::size_t sas = 0;
  };

  bool covers(const policy::ChildSaSpec& spec) const;
  bool is_of_own_address(const policy::SpdEntry& entry) const;
  void drop_unneeded(std::map<policy::PolicyId, Brought>::iterator brought);

  const ike::HostView& host_;
  policy::PolicySettings settings_;
  std::vector<policy::Pool> pools_;
  std::vector<policy::SpdEntry> configured_;
  std::multimap<Name, std::size_t> configured_by_name_;  // one for each address family
  std::map<policy::PolicyId, Brought> brought_;          // the oldest first
  std::unordered_map<std::string, policy::PolicyId> brought_by_meaning_;
  std::unordered_map<policy::ChildSaId, policy::PolicyId> brought_by_;
  std::map<policy::IpAddress, std::uint32_t> own_addresses_;  // inner ones of ours, and how often we have each
  std::set<Name> waiting_;
  std::uint32_t last_id_ = 0;

  bool changed_ = false;  // since it was published
  policy::SpdPtr published_;
  std::unordered_map<std::uint32_t, std::size_t> published_by_id_;
  std::multimap<Name, std::size_t> published_by_name_;
};

}  // namespace sallyport::node
