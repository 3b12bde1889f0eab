// Host: an IPsec endpoint in the simulated world: a node::Node and a datapath::Worker, wired up to a port as the daemon
// wires them up to sockets and a TUN device, with an Application on top. It has a kernel's duties too: it steers
// packets into the datapath as the policies say, and lets nothing past them in clear; that guard outlives a crash.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "crypto/packet_cipher.h"
#include "crypto/provider.h"
#include "datapath/worker.h"
#include "node/node.h"
#include "sim/application.h"
#include "sim/device.h"
#include "sim/packet.h"

namespace sallyport::sim {

/// The libraries' part, which hosts may share.
struct Cryptography {
  crypto::Provider& provider;
  crypto::PacketCipherFactory& ciphers;
};

struct PresharedKey {
  std::vector<policy::Identity> owners;  // empty: anybody
  std::string secret;
  policy::SecretKind kind = policy::SecretKind::ike;
};

/// What stands in a host's configuration file; it survives a crash.
struct Configuration {
  std::vector<policy::ConnectionPtr> connections;
  std::vector<PresharedKey> keys;
  std::vector<policy::Pool> pools{};
  policy::PolicySettings policies{};
  ike::Settings ike{};
  datapath::Settings datapath{};
};

class Host final : public Device, private ike::HostView {
 public:
  /// `addresses`: the outer ones, which IKE and ESP use. Off until start() or load().
  Host(World& world, std::string name, std::vector<policy::IpAddress> addresses, Cryptography cryptography,
       Configuration configuration = {});
  ~Host() override;

  const policy::IpAddress& address() const { return addresses_.front(); }
  const Configuration& configuration() const { return configuration_; }
  Application& application() { return application_; }
  const Application& application() const { return application_; }

  // ---- What an administrator does

  /// With the configuration that was loaded last. Nothing happens if it is on.
  void start();
  /// Takes effect at once, but for the settings, which wait for the next start. Starts a host that was never on; one
  /// that has crashed stays off.
  void load(Configuration configuration);
  /// All children of the connection, or one.
  bool initiate(std::string_view connection, std::string_view child = {});
  std::size_t terminate(std::string_view connection, std::string_view child = {});
  /// Fresh keys now: for its IKE SAs, or for one child.
  bool rekey(std::string_view connection, std::string_view child = {});
  /// The peers of its IKE SAs prove anew who they are, now.
  bool reauthenticate(std::string_view connection);
  /// Sends the clients of a connection to another gateway. False: none would go.
  bool redirect(std::string_view connection, std::string_view gateway);
  /// What a name server tells it from now on; empty: that there is no such name.
  void set_name(const std::string& name, std::vector<policy::IpAddress> addresses);
  /// What crash tokens are made with, as long as it is not said anew (RFC 6290). Empty: none are made.
  void keep_crash_secret(std::string_view disk);
  /// Tells the peers; then stays up, and answers nothing but what it has to.
  void shut_down();
  /// Power off: the peers are told nothing, all state is gone but for the guard.
  void crash();
  /// crash() and start() at one moment.
  void restart();
  bool is_running() const { return running_ != nullptr; }
  /// Other addresses, the first of each family being the one that packets leave from: the cable is in another network.
  void change_addresses(std::vector<policy::IpAddress> addresses);
  void change_address(const policy::IpAddress& address) { change_addresses({address}); }
  /// From now on its clock runs fast by so many millionths, or slow, below zero.
  void set_clock_drift(std::int32_t per_million);

  // ---- What an observer sees

  /// Nullptr while off.
  const node::Node* node() const;
  const datapath::Worker* worker() const;
  /// What the datapath was told to install and not yet to remove, with its keys.
  const std::map<policy::ChildSaId, policy::ChildSaSpec>& installed() const;
  std::vector<ike::IkeSaStatus> ike_sas() const;
  std::size_t established_ike_sas() const;
  /// How often it has asked for a name.
  std::size_t lookups() const { return lookups_; }
  /// Those that gateways gave us.
  const std::vector<policy::IpAddress>& inner_addresses() const { return inner_addresses_; }

  /// The keys of its IKE SAs, oldest first, if its settings have log_keys; a crash does not lose them.
  const std::deque<ike::LogKeys>& logged_keys() const { return logged_keys_; }
  /// The latest events, oldest first; a crash does not lose them.
  const std::deque<event::Event>& events() const { return events_; }
  template <class E>
  std::size_t count() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(events_, [](const event::Event& event) { return std::holds_alternative<E>(event); }));
  }
  /// The latest of its kind; nullptr: none.
  template <class E>
  const E* latest() const {
    for (auto event = events_.rbegin(); event != events_.rend(); ++event)
      if (const E* found = std::get_if<E>(&*event)) return found;
    return nullptr;
  }

  struct Counters {
    std::uint64_t blocked_out = 0;      // by the guard, because the datapath is not running
    std::uint64_t blocked_in = 0;       // came in clear, though a policy protects it
    std::uint64_t keepalives = 0;       // NAT keepalives that came in
    std::uint64_t install_refused = 0;  // by the datapath
  };
  const Counters& counters() const { return counters_; }

  void on_packet(PortNumber port, Bytes packet) override;

 private:
  struct Running {
    Running(Host& host, const Configuration& configuration);
    SeededRandom random;
    node::Node node;
    datapath::Worker worker;
    datapath::Verdicts verdicts;
    std::map<policy::ChildSaId, policy::ChildSaSpec> installed;
  };

  // ike::HostView
  std::optional<Instant> last_inbound(policy::ChildSaId id) const override;
  std::optional<policy::IpAddress> source_address(const policy::IpAddress& remote) const override;
  std::vector<policy::IpAddress> addresses() const override;

  void apply_configuration();

  // Inputs. settle() comes after each.
  void on_own_packet(Bytes packet);
  void on_clear_packet(const IpView& ip, ByteView packet);
  void on_udp(const UdpView& udp);
  void on_esp(const IpFields& outer, ByteView esp, std::uint16_t local_port, std::uint16_t remote_port);
  void on_ah(const IpFields& outer, Bytes packet);
  void on_timer();

  // Outputs
  /// Carries out whatever is to be done, until nothing is.
  void settle();
  void settle_soon();
  void carry_out_verdicts();
  void carry_out(node::Effect effect);
  void send_esp(const datapath::Send& esp);
  void send_from_port(const policy::Endpoint& local, const policy::Endpoint& remote, ByteView payload);
  void on_event(event::Event event);
  void resolve(const std::string& name);
  void give_up_acquire(const event::Failure& failure);
  /// What the policies say of a packet; nullptr: nothing.
  const policy::SpdEntry* guard_entry(const wire::IpPacket& packet, bool outbound) const;
  void arm();

  /// What its own clock shows; and when it will show a later moment.
  Instant clock() const;
  Instant moment_of(Instant own) const;
  bool owns(const policy::IpAddress& address) const;

  Cryptography cryptography_;
  std::vector<policy::IpAddress> addresses_;
  std::vector<policy::IpAddress> inner_addresses_;
  Configuration configuration_;
  std::shared_ptr<const Secret> crash_secret_;
  policy::SpdPtr guard_;
  std::uint32_t boots_ = 0;
  std::unique_ptr<Running> running_;
  std::int32_t drift_ = 0;  // of its clock, in millionths
  Instant drift_since_{}, clock_then_{};
  bool installed_since_release_ = false;  // held packets may be free
  std::optional<Instant> armed_;          // when the timer event that counts will come
  Application application_;
  std::map<std::string, std::vector<policy::IpAddress>, std::less<>> names_;
  std::size_t lookups_ = 0;
  std::deque<Bytes> own_packets_;  // of the application, on their way to be steered
  std::deque<event::Event> events_;
  std::deque<ike::LogKeys> logged_keys_;
  Counters counters_;
};

}  // namespace sallyport::sim
