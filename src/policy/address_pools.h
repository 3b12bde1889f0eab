// AddressPools: which client has which inner address. An address is leased to a name (whoever the client has proved to
// be), for as long as one of the name's IKE SAs holds it. Afterwards it stays reserved for that name until every other
// address is in use, so that a client that comes back finds itself at home.
#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "policy/child_sa.h"
#include "policy/network_config.h"

namespace sallyport::policy {

class AddressPools {
 public:
  /// Replaces the pools. Leases are kept as far as a pool has their address, and those in use in any case.
  void load(std::vector<Pool> pools);

  /// The first pool of `names` that has an address of the family for `client`: the address that it asks for, if that is
  /// free or its own; else one that it had before; else one that nobody had; else the one that was left longest ago.
  /// nullopt: there is none.
  struct Lease {
    IpAddress address;
    const Pool* pool = nullptr;  // until the next load()
  };
  std::optional<Lease> lease(std::span<const std::string> names, const std::string& client, IkeSaId holder,
                             const IpAddress& wanted);
  /// The first address of the family that the client holds in these pools: in use, or kept for it.
  std::optional<IpAddress> held_by(std::span<const std::string> names, const std::string& client, Family family) const;
  /// Another IKE SA of the client holds the address as well; false: it is not the client's.
  bool share(const IpAddress& address, const std::string& client, IkeSaId holder);
  /// The IKE SA holds nothing any more.
  void release(IkeSaId holder);

  const std::vector<Pool>& pools() const { return pools_; }
  const Pool* find(std::string_view name) const;
  struct Entry {
    IpAddress address;
    std::string client;
    bool online = false;
  };
  /// Of one pool, by address.
  std::vector<Entry> leases(const Pool& pool) const;

  /// Clients that have gone and are remembered, at most; the longest gone are forgotten first.
  static constexpr std::size_t max_remembered = 65536;

 private:
  struct Held {
    std::string client;
    std::set<IkeSaId> holders;  // empty: reserved
    std::uint64_t left = 0;     // when it was left, counted
  };
  bool may_have(const IpAddress& address, const std::string& client) const;
  std::optional<IpAddress> choose(const Pool& pool, const std::string& client, const IpAddress& wanted) const;
  void forget_oldest();

  std::vector<Pool> pools_;
  std::map<IpAddress, Held> held_;
  std::size_t remembered_ = 0;  // of held_, without a holder
  std::uint64_t clock_ = 0;
};

}  // namespace sallyport::policy
