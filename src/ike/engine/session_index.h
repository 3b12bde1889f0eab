// SessionIndex: finds sessions by what they have in common with others (their connection, their peer), and by their
// Child SAs, however many there are. Sessions are named by our SPI. It is kept up to date by the engine, which looks at
// a session after anything happened to it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
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
  /// A session will have this SPI of ours (SessionFacts::promised_spis).
  bool is_promised(std::uint64_t spi) const { return promised_.contains(spi); }

  /// Which session has a Child SA: whoever said so last.
  void put_child(policy::ChildSaId child, std::uint64_t spi, std::uint32_t outbound_spi);
  void forget_child(policy::ChildSaId child);
  /// nullopt: no such Child SA.
  std::optional<std::uint64_t> of_child(policy::ChildSaId child) const;
  /// Child SAs of any peer that go by this SPI outbound.
  std::vector<policy::ChildSaId> of_outbound(std::uint32_t outbound_spi) const;

 private:
  /// A responder's connection is empty while it does not know it.
  struct Keys {
    std::string connection;
    bool initiated = false;
    policy::IpAddress remote;
    policy::Identity remote_id;
    std::array<std::uint64_t, 2> promised{};
  };
  void insert(std::uint64_t spi, const Keys& keys);
  void erase(std::uint64_t spi, const Keys& keys);

  std::unordered_map<std::uint64_t, Keys> keys_;
  std::set<std::tuple<std::string, bool, policy::IpAddress, std::uint64_t>> connections_;
  std::set<std::pair<policy::Identity, std::uint64_t>> peers_;
  std::unordered_map<policy::IpAddress, std::size_t> places_;  // how many are there
  std::unordered_set<std::uint64_t> promised_;
  struct Child {
    std::uint64_t session = 0;
    std::uint32_t outbound_spi = 0;
  };
  std::unordered_map<std::uint32_t, Child> children_;                   // by id
  std::unordered_multimap<std::uint32_t, policy::ChildSaId> outbound_;  // by outbound SPI
};

}  // namespace sallyport::ike
