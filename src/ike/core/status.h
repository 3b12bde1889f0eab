// What there is to be seen of the IKE SAs and their children at one moment: values for `status` and list-sas.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "policy/child_sa.h"
#include "policy/network_config.h"

namespace sallyport::ike {

/// Of a bundle: AH around the ESP that the rest of a ChildSaStatus tells of.
struct BundledAhStatus {
  policy::Suite suite;
  std::uint32_t spi_in = 0, spi_out = 0;
};

struct ChildSaStatus {
  enum class State : std::uint8_t {
    installed,
    rekeyed,   // another has its place
    deleting,  // our Delete is on its way
    deleted,   // both ends have closed it; what is still under way by it comes in, for some seconds
  };
  policy::ChildSaId id;
  State state = State::installed;
  std::string name;
  policy::Mode mode = policy::Mode::tunnel;
  policy::Suite suite;
  std::uint32_t spi_in = 0, spi_out = 0;
  std::optional<BundledAhStatus> bundled_ah = {};
  std::optional<policy::Ipcomp> ipcomp = {};
  bool udp_encap = false;
  std::uint32_t replay_window = 0;
  policy::TrafficSelectors local_ts, remote_ts;
  Instant installed{};
  std::optional<Instant> expires;
  std::optional<Instant> rekeys = {};  // when we mean to renew it; nullopt too while that is under way
};

struct IkeSaStatus {
  enum class State : std::uint8_t {
    connecting,
    established,
    closing
  };
  policy::IkeSaId id;
  std::string connection;  // empty while a responder does not know it
  std::uint8_t version = 2;
  State state = State::connecting;
  bool initiator = false;
  policy::Endpoint local, remote;
  policy::Identity local_id, remote_id;
  std::string local_user, remote_user;                   // by XAUTH, once accepted
  std::optional<policy::NetworkConfig> received, given;  // as a client; as a gateway
  std::uint64_t spi_initiator = 0, spi_responder = 0;
  std::optional<policy::Suite> suite;  // once agreed
  bool nat_local = false, nat_remote = false;
  bool ppk = false;      // a postquantum preshared key is in its keys
  bool resumed = false;  // by a ticket of another one (RFC 5723)
  std::optional<Instant> established;
  std::optional<Instant> expires;
  std::optional<Instant> rekeys = {};           // as of a ChildSaStatus
  std::optional<Instant> reauthenticates = {};  // when we mean to
  std::optional<Instant> ticket_expires = {};   // a client's, by which the gateway would let us in again
  std::vector<ChildSaStatus> children;
};

}  // namespace sallyport::ike
