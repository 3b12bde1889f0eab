// Connections as configured: immutable values that the configuration makes and everything else reads. The key names are
// swanctl's. A Connection is shared by pointer to const; a reload makes another.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "policy/address.h"
#include "policy/identity.h"
#include "policy/proposal.h"
#include "policy/selector.h"

namespace sallyport::policy {

using Seconds = std::chrono::seconds;

/// Where in a configuration a value was written, so that advice can point at it.
struct Origin {
  std::string file;  // empty: not from a file (loaded over the control socket, or a default)
  int line = 0;      // from 1
  int column = 0;    // from 1

  friend bool operator==(const Origin&, const Origin&) = default;
};
/// Key (as in the configuration: "proposals", "local.id") to its place. A key that was not written is not there. The
/// empty key is the section itself.
using Origins = std::map<std::string, Origin, std::less<>>;

enum class Mode : std::uint8_t {
  tunnel,
  transport
};
/// What brings a child up: an administrator, the first matching packet, the daemon's start.
enum class StartAction : std::uint8_t {
  none,
  trap,
  start
};
/// What happens to a child when its peer is found dead.
enum class DpdAction : std::uint8_t {
  clear,
  trap,
  restart
};
/// In which state a child is to be for ever: one word above the actions that follow from it.
enum class Keep : std::uint8_t {
  up,
  on_demand,
  manual
};
enum class AuthMethod : std::uint8_t {
  psk,
  null,  // IKEv2: proves nothing (RFC 7619)
  xauth  // IKEv1: user name and password behind phase 1, in a further round
};
/// What a second IKE SA with the same identities does to the first (swanctl's `unique`).
enum class UniquePolicy : std::uint8_t {
  never,
  no,
  keep,
  replace
};
/// Long IKE messages in several datagrams (swanctl's `fragmentation`). In IKEv1 what comes so is always put together.
enum class Fragmentation : std::uint8_t {
  no,      // nothing is said of it, and nothing sent in fragments
  accept,  // announced, and none sent
  yes,     // announced, and sent to a peer that announced it as well
  force    // IKEv1: sent to any peer, from the first message on. IKEv2: as `yes`, for nothing else is possible
};
/// IKE SAs of IKEv2 that begin without a Child SA (RFC 6023; swanctl's `childless`).
enum class Childless : std::uint8_t {
  never,   // not announced, not accepted
  allow,   // accepted; begun so only where there is no child to begin with
  prefer,  // begun so with a peer that takes it
  force    // begun and accepted in no other way
};
/// When a gateway sends a client that comes by a connection elsewhere (RFC 5685).
enum class RedirectAt : std::uint8_t {
  init,  // before it has proved who it is: costs next to nothing
  auth   // afterwards
};
enum class IkeVersion : std::uint8_t {
  any = 0,
  v1 = 1,
  v2 = 2
};

/// What an SA may carry in one direction: octets of clear IP packets, and packets. 0: without limit.
struct Volume {
  std::uint64_t bytes = 0;
  std::uint64_t packets = 0;

  friend bool operator==(const Volume&, const Volume&) = default;
};

/// Padding of ESP packets against traffic analysis (RFC 4303 §2.7), in tunnel mode.
struct TfcPadding {
  std::uint16_t least_size = 0;  // octets of ESP from the SPI to the ICV; 0: none
  bool to_path_mtu = false;      // all packets as large as the path takes

  bool any() const { return least_size != 0 || to_path_mtu; }
  friend bool operator==(const TfcPadding&, const TfcPadding&) = default;
};

struct Child {
  std::string name;
  Mode mode = Mode::tunnel;
  SelectorTemplates local_ts = {SelectorTemplate{.dynamic = true}};
  SelectorTemplates remote_ts = {SelectorTemplate{.dynamic = true}};
  // Those of the protocol that is not wanted are empty. Both: a bundle (IKEv1 alone), ESP inside and AH around it.
  std::vector<Proposal> esp_proposals = default_proposals(Protocol::esp);
  std::vector<Proposal> ah_proposals;
  StartAction start_action = StartAction::none;
  StartAction close_action = StartAction::none;
  DpdAction dpd_action = DpdAction::clear;
  std::optional<Keep> keep = {};  // the actions are as it says
  Seconds rekey_time{3600};       // 0: never
  Seconds life_time{3960};        // 0: never
  Seconds rand_time{360};         // taken off rekey_time at random
  // By what it has carried, in each direction by itself; 0: never.
  Volume rekey_volume, life_volume, rand_volume;
  std::uint32_t replay_window = 4096;  // packets; 0 switches the check off
  bool copy_df = true;
  bool copy_ecn = true;
  TfcPadding tfc_padding;
  bool fragment_before = false;  // what may be fragmented and does not fit is, in front of ESP; else behind it
  bool ipcomp = false;           // compressed inside of ESP, where the peer agrees
  Origins origins;

  bool bundled() const { return !esp_proposals.empty() && !ah_proposals.empty(); }
  /// Of a bundle, the inner one.
  Protocol protocol() const { return esp_proposals.empty() ? Protocol::ah : Protocol::esp; }
  /// Those of its protocol.
  const std::vector<Proposal>& proposals() const { return esp_proposals.empty() ? ah_proposals : esp_proposals; }

  friend bool operator==(const Child&, const Child&) = default;
};

struct AuthRound {
  AuthMethod method = AuthMethod::psk;
  /// Local: who we are; any: our address. Remote: whom we accept.
  Identity id;
  /// Local, XAUTH: the name of the user; any: `id`, and if that is none, the first round's.
  Identity xauth_id;

  friend bool operator==(const AuthRound&, const AuthRound&) = default;
};

struct Connection {
  std::string name;
  IkeVersion version = IkeVersion::any;
  bool aggressive = false;                 // IKEv1: phase 1 in three messages, identities in clear
  std::vector<AddressRange> local_addrs;   // empty: any
  std::vector<AddressRange> remote_addrs;  // empty: any; an initiator needs the first to be one address
  // Addresses given by name; so many in front of local_addrs and remote_addrs are what they stand for at the moment.
  std::vector<std::string> local_names, remote_names;
  std::size_t local_resolved = 0, remote_resolved = 0;
  std::uint16_t local_port = 500;
  std::uint16_t remote_port = 500;
  std::vector<Proposal> proposals = default_proposals(Protocol::ike);
  bool encap = false;  // UDP encapsulation even without a NAT
  bool mobike = true;  // IKEv2: addresses may change while an SA is up (RFC 4555)
  Fragmentation fragmentation = Fragmentation::yes;
  Childless childless = Childless::allow;
  Identity ppk_id;  // IKEv2: which postquantum preshared key is used, for a responder a pattern; any: none
  bool ppk_required = false;
  bool follow_redirects = false;  // IKEv2: as a client we go where a gateway sends us (RFC 5685)
  std::string redirect_to;        // IKEv2: whoever comes by this is sent there, an address or a name; empty: nowhere
  RedirectAt redirect_at = RedirectAt::init;
  bool resumption = false;        // IKEv2: lost IKE SAs go on by tickets (RFC 5723), as a client and as a gateway
  Seconds dpd_delay{0};           // 0: no liveness checks of our own
  std::uint32_t keyingtries = 1;  // 0: for ever
  UniquePolicy unique = UniquePolicy::no;
  Seconds rekey_time{14400};  // of the IKE SA; 0: never
  Seconds over_time{1440};
  Seconds rand_time{1440};
  Seconds reauth_time{0};  // the peers prove anew who they are; 0: never
  AuthRound local;
  AuthRound remote;
  std::vector<AuthRound> further_local, further_remote;  // rounds behind the first, in order (swanctl's local-2 …)
  bool pull = true;                // IKEv1: the client asks for its configuration; false: the server sets it
  std::vector<IpAddress> vips;     // inner addresses to ask for, one of each family; unspecified: whichever
  std::vector<std::string> pools;  // to give clients inner addresses from, by name
  std::vector<Child> children;
  Origins origins;

  const Child* find_child(std::string_view child_name) const;
  /// The round in which we, or the peer, say a user name and a password; nullptr: none.
  const AuthRound* local_xauth() const;
  const AuthRound* remote_xauth() const;
  /// When an IKE SA of IKEv1 gets a successor: there, fresh keys and another proof of who the peers are are one.
  Seconds phase1_time() const;
  /// The name of the user that we are.
  const Identity& local_user() const;

  friend bool operator==(const Connection&, const Connection&) = default;
};

using ConnectionPtr = std::shared_ptr<const Connection>;

/// "office.toml:3:12"; empty without a file.
std::string to_string(const Origin& origin);

/// Without what its names stand for at the moment.
Connection as_configured(Connection connection);

/// Equal but for where things are written.
bool means_same(const Child& a, const Child& b);
/// Equal but for where things are written, and for the children: then a reload leaves the IKE SA alone.
bool means_same_but_children(const Connection& a, const Connection& b);

/// Does this connection speak to that pair of addresses at all?
bool matches_addresses(const Connection& connection, const IpAddress& local, const IpAddress& remote);

std::string_view to_string(Mode mode);  // "tunnel", "transport"
std::string_view to_string(StartAction action);
std::string_view to_string(DpdAction action);
std::string_view to_string(Keep keep);  // "up", "on-demand", "manual"
std::string_view to_string(UniquePolicy unique);

}  // namespace sallyport::policy
