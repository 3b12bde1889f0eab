// SessionIndex: finds sessions by what they have in common with others (their connection, their peer), and by their
// Child SAs, however many there are. Sessions are named by our SPI. It is kept up to date by the engine, which looks at
// a session after anything happened to it.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ike/core/session.h"

namespace sallyport::ike {

class SessionIndex {
 public:
  /// Takes in what the session is by now; cheap when that is what it was.
  void update(const Session& session);
  void forget(std::uint64_t spi);

  /// In no order that means anything. Connections are known by name; `initiated` by us, or else by the peer.
  std::vector<std::uint64_t> of_connection(const std::string& connection, bool initiated) const;
  std::vector<std::uint64_t> of_connection_at(const std::string& connection, const policy::IpAddress& remote) const;
  std::vector<std::uint64_t> of_peer(const policy::Identity& remote_id) const;
  bool any_at(const policy::IpAddress& remote) const { return places_.contains(remote); }

  /// Which session has a Child SA: whoever said so last.
  void put_child(policy::ChildSaId child, std::uint64_t spi) { children_[child.value] = spi; }
  void forget_child(policy::ChildSaId child) { children_.erase(child.value); }
  /// nullopt: no such Child SA.
  std::optional<std::uint64_t> of_child(policy::ChildSaId child) const;

 private:
  /// A responder's connection is empty while it does not know it.
  struct Keys {
    std::string connection;
    bool initiated = false;
    policy::IpAddress remote;
    policy::Identity remote_id;
  };
  void insert(std::uint64_t spi, const Keys& keys);
  void erase(std::uint64_t spi, const Keys& keys);

  std::unordered_map<std::uint64_t, Keys> keys_;
  std::set<std::tuple<std::string, bool, policy::IpAddress, std::uint64_t>> connections_;
  std::set<std::pair<policy::Identity, std::uint64_t>> peers_;
  std::unordered_map<policy::IpAddress, std::size_t> places_;  // how many are there
  std::unordered_map<std::uint32_t, std::uint64_t> children_;
};

}  // namespace sallyport::ike
