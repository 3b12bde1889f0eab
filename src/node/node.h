// Node: one IPsec endpoint in a box. An IKE engine, the policies that say which packets must be protected, and the will
// to keep up what is configured to be up. Sans-IO: the daemon gives it sockets and a clock, a simulation gives it
// neither.
//
// Use: any on_*() or command, then poll_effect() until it is empty, then wait for input or until next_timeout().
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "ike/engine/engine.h"
#include "node/effect.h"
#include "node/keeper.h"
#include "node/load_plan.h"
#include "node/name_book.h"
#include "node/policies.h"
#include "policy/shunt.h"

namespace sallyport::node {

/// What is to be seen of a configured connection. `why` says why it is not up.
struct ConnectionStatus {
  enum class State : std::uint8_t {
    up,
    connecting,
    on_demand,
    down
  };
  policy::ConnectionPtr connection;
  State state = State::down;
  std::optional<event::Failure> why;  // also where some of its children are up, and others are waited for
  /// Children that are wanted and not up, and when each is tried again.
  struct Waiting {
    std::string child;
    Instant until;
    std::uint32_t failures = 0;  // tries in a row that came to nothing
  };
  std::vector<Waiting> waiting;
  std::vector<NameStatus> names;  // in its addresses
  bool awaits_names = false;      // begins when they are known
  std::vector<ike::IkeSaStatus> ike_sas;
};
std::string_view to_string(ConnectionStatus::State state);

class Node {
 public:
  /// All references outlive the node.
  Node(const ike::Settings& settings, crypto::Provider& crypto, RandomSource& random, const ike::HostView& host);

  /// Replaces the configuration as one step: policies first, then what changed is closed, then start actions run, and
  /// what we had brought up of it comes up again. What means the same is not touched, be it a connection or a child.
  void load(Instant now, std::vector<policy::ConnectionPtr> connections, policy::Pad pad,
            std::vector<policy::Pool> pools = {}, policy::PolicySettings policies = {});
  /// What load() would do.
  LoadPlan plan(const std::vector<policy::ConnectionPtr>& connections) const;
  /// Closes everything and tells the peers; afterwards nothing is initiated any more.
  void shut_down(Instant now);

  void on_ike_datagram(Instant now, const ike::Datagram& datagram);
  /// A packet matched this policy and found no SA (RFC 4301 §5.1); the selectors are the packet's own.
  void on_need_sa(Instant now, policy::PolicyId policy, const policy::TrafficSelector& source,
                  const policy::TrafficSelector& destination);
  void on_peer_moved(Instant now, policy::ChildSaId id, const policy::Endpoint& remote);
  /// ESP or AH came with an SPI that the datapath does not know.
  void on_stray_packet(Instant now, const policy::Endpoint& local, const policy::Endpoint& remote, std::uint32_t spi);
  /// The host's own addresses, or its routes, have changed.
  void on_addresses_changed(Instant now);
  /// An SA will soon be used up, in sequence numbers or by the volume that it may carry.
  void on_child_runs_low(Instant now, policy::ChildSaId id);
  /// The datapath stopped using an SA: it is used up.
  void on_child_exhausted(Instant now, policy::ChildSaId id);
  /// The answer to a ResolveName.
  void on_resolved(Instant now, std::string_view name, NameAnswer answer);
  void on_timeout(Instant now);
  std::optional<Instant> next_timeout() const;
  std::optional<Effect> poll_effect();

  using InitiateError = ike::Engine::InitiateError;
  /// An empty child name: all of the connection's children.
  std::expected<void, InitiateError> initiate(Instant now, std::string_view connection, std::string_view child);
  /// Closes what matches, and returns how much did. Empty names match all. What was closed by hand stays closed until
  /// it is initiated again or a packet asks for it.
  std::size_t terminate(Instant now, std::string_view connection, std::string_view child);
  /// Fresh keys now. False: no such SA, or none that could begin with it (ike::Session::rekey).
  bool rekey(Instant now, policy::IkeSaId id);
  bool rekey(Instant now, policy::ChildSaId id);
  bool reauthenticate(Instant now, policy::IkeSaId id);
  bool redirect(Instant now, policy::IkeSaId id, const policy::GatewayId& gateway);
  bool terminate(Instant now, policy::IkeSaId id);
  bool terminate(Instant now, policy::ChildSaId id);

  /// For the user of a connection whose password is not configured (ike::Engine::lacks_password).
  void put_password(std::string_view connection, Secret password) {
    engine_.put_password(connection, std::move(password));
  }

  std::vector<ConnectionStatus> status() const;
  /// nullopt: no connection is called so.
  std::optional<ConnectionStatus> status(std::string_view connection) const;
  const std::vector<policy::ConnectionPtr>& connections() const { return engine_.connections().all(); }
  policy::ConnectionPtr find(std::string_view connection) const { return engine_.connections().find(connection); }
  const Policies& policies() const { return policies_; }
  const ike::Engine& engine() const { return engine_; }

 private:
  void drain_engine(Instant now);
  void on_event(Instant now, const event::Event& event);
  void on_up(Instant now, const std::string& connection, const std::string& child);
  void on_down(Instant now, const event::Failure& why, bool lost);
  void try_to_initiate(Instant now, const std::string& connection, const ike::ChildRequest& request);
  void forget(const LoadPlan::Item& item);
  void start(Instant now, const LoadPlan::Item& item);
  std::vector<Keeper::Target> begun_here(const std::vector<LoadPlan::Item>& items) const;
  std::expected<void, InitiateError> begin(Instant now, std::string_view connection, ike::ChildRequest request);
  policy::ConnectionPtr addressed(const policy::Connection& connection) const;
  void resolve(std::vector<std::string> names);
  void take_in_names(Instant now);
  void go_on(Instant now, const NameBook::Ready& ready);
  void fail(Instant now, event::Failure why);
  void on_redirected(Instant now, const event::Redirected& redirected);
  void follow(Instant now, const event::Redirected& redirected, const policy::IpAddress& gateway);
  void follow_names(Instant now, std::string_view name, const NameAnswer& answer);
  std::size_t give_up_names(Instant now, const std::string& connection, std::string_view child);
  void forget_wish(const Keeper::Target& target, std::span<const policy::ChildSaId> closed);
  /// Whatever has changed of them so far is in force before any effect that is yet to come.
  void publish_policies();
  bool is_up(std::string_view connection, std::string_view child) const;
  ConnectionStatus status_of(const policy::ConnectionPtr& connection, std::vector<ike::IkeSaStatus> sas) const;

  RandomSource& random_;
  ike::Engine engine_;
  Keeper keeper_;
  Policies policies_;
  NameBook names_;
  std::vector<NameBook::Ready> named_;                                    // whose names are answered, not taken in yet
  std::optional<Instant> names_due_;                                      // when they are
  Instant names_taken_in_{};                                              // the last time
  std::vector<event::Redirected> detours_;                                // to gateways whose names are being looked up
  std::map<std::string, std::deque<Instant>, std::less<>> redirections_;  // by connection, the latest
  std::map<std::string, event::Failure, std::less<>> last_failures_;      // by connection; gone when it is up
  /// Installed Child SAs, and how many of them each child has: what is up.
  std::unordered_map<policy::ChildSaId, Keeper::Target> installed_;
  std::map<Keeper::Target, std::size_t> up_;
  bool shutting_down_ = false;
  std::deque<Effect> effects_;
};

}  // namespace sallyport::node
