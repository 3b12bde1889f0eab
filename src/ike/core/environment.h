// Environment: what the engine lends to its sessions for the length of a call. Sessions own nothing of it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "crypto/provider.h"
#include "ike/core/client_memory.h"
#include "ike/core/output.h"
#include "ike/core/settings.h"
#include "ike/core/spi_allocator.h"
#include "ike/core/tickets.h"
#include "policy/address_pools.h"
#include "policy/connection_table.h"
#include "policy/network_config.h"
#include "policy/pad.h"
#include "wire/ipcomp.h"

namespace sallyport::ike {

/// What an engine may ask of the machine it runs on. Answers are immediate and without side effects.
class HostView {
 public:
  virtual ~HostView() = default;
  /// When an authentic packet last came in on a Child SA; nullopt: none yet, or no such SA.
  virtual std::optional<Instant> last_inbound(policy::ChildSaId id) const = 0;
  /// The address that packets to `remote` leave from; nullopt when there is no route.
  virtual std::optional<policy::IpAddress> source_address(const policy::IpAddress& remote) const = 0;
  /// The outer addresses that it has, of both families.
  virtual std::vector<policy::IpAddress> addresses() const = 0;
};

/// What a gateway has granted to a client.
struct Standing {
  std::string user;                               // by XAUTH; empty: it was not asked
  std::optional<policy::NetworkConfig> received;  // by Mode Config
};

/// Whom the engine has had to do with.
class Contacts {
 public:
  virtual ~Contacts() = default;
  /// An IKE SA with this peer is there, known by its name, or has been there since the start, known by its address.
  virtual bool knows(const policy::IpAddress& remote, const policy::Identity& id) const = 0;
  /// The inner addresses that the peer of `ike_sa` has from us already, by another IKE SA that it has in the same
  /// place.
  virtual std::vector<policy::IpAddress> given_before(policy::IkeSaId ike_sa) const = 0;
  /// The other way round: what we have as a client, by another IKE SA with the gateway of `ike_sa`; nullopt: nothing.
  virtual std::optional<Standing> standing_before(policy::IkeSaId ike_sa) const = 0;
};

/// Hands out the numbers that must be unique within one engine.
class Numbers {
 public:
  policy::IkeSaId next_ike_sa() { return {++ike_sa_}; }
  policy::ChildSaId next_child_sa() { return {++child_sa_}; }
  /// Of those that may be agreed on (RFC 3173 §3.3), from a place of chance on. It comes again after some sixty
  /// thousand others, by when who had it is long gone.
  std::uint16_t next_cpi(RandomSource& random) {
    constexpr std::uint32_t count = wire::last_ipcomp_cpi - wire::first_ipcomp_cpi + 1;
    if (!cpi_) cpi_ = static_cast<std::uint32_t>(random.below(count));
    cpi_ = (*cpi_ + 1) % count;
    return static_cast<std::uint16_t>(wire::first_ipcomp_cpi + *cpi_);
  }

 private:
  std::uint32_t ike_sa_ = 0;
  std::uint32_t child_sa_ = 0;
  std::optional<std::uint32_t> cpi_;
};

struct Environment {
  const Settings& settings;
  crypto::Provider& crypto;
  RandomSource& random;
  const HostView& host;
  const policy::ConnectionTable& connections;
  const policy::Pad& pad;
  Numbers& numbers;
  SpiAllocator& spis;
  policy::AddressPools& pools;
  ClientMemory& memory;
  TicketKeys& tickets;
  Outbox& outbox;
  const Contacts& contacts;

  void emit(event::Event event) { outbox.emplace_back(std::in_place_type<Notice>, std::move(event)); }
};

}  // namespace sallyport::ike
