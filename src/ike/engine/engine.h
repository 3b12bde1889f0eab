// Engine: one host's worth of IKE. Bytes, time and commands in; Outputs out. It finds the session that a message
// belongs to, admits new ones, and knows nothing of sockets, clocks or threads.
//
// Use: any on_*() or command, then poll_output() until it is empty, then wait for input or until next_timeout().
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "ike/core/datagram.h"
#include "ike/core/environment.h"
#include "ike/core/output.h"
#include "ike/core/session.h"
#include "ike/core/settings.h"
#include "ike/core/status.h"

namespace sallyport::ike {

class Engine {
 public:
  /// All references outlive the engine. `random` serves keys, nonces, SPIs and jitter.
  Engine(const Settings& settings, crypto::Provider& crypto, RandomSource& random, const HostView& host);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// What is configured from now on. Sessions that exist keep the connection that they were made with, until closed.
  void load(Instant now, std::vector<policy::ConnectionPtr> connections, policy::Pad pad,
            std::vector<policy::Pool> pools = {});

  /// Connections that mean the same, at other addresses: of those that are another object, the sessions go by that one
  /// from now on.
  void replace(Instant now, std::vector<policy::ConnectionPtr> connections);

  void on_datagram(Instant now, const Datagram& datagram);
  void on_timeout(Instant now);
  std::optional<Instant> next_timeout() const;
  std::optional<Output> poll_output();

  enum class InitiateError : std::uint8_t {
    unknown_connection,
    unknown_child,
    no_remote_address,
    no_route,
    version_not_built,
    busy
  };
  /// Brings a child up over the connection's IKE SA, which is made if there is none. Without a child's name, all of the
  /// connection's children. How it ends is told by events.
  std::expected<void, InitiateError> initiate(Instant now, std::string_view connection, ChildRequest request);
  /// The same on another IKE SA, with the gateway that the connection's has sent us to (event::Redirected).
  std::expected<void, InitiateError> follow(Instant now, const event::Redirected& redirected,
                                            const policy::IpAddress& gateway);
  /// Sends the client of an IKE SA to another gateway. False: no such IKE SA, or the client would not go.
  bool redirect(Instant now, policy::IkeSaId id, const policy::GatewayId& gateway);
  /// Closes an IKE SA with its children, or one child, and tells the peer. False: no such SA.
  bool terminate(Instant now, policy::IkeSaId id, event::FailureKind why = event::FailureKind::closed_by_user);
  bool terminate(Instant now, policy::ChildSaId id, event::FailureKind why = event::FailureKind::closed_by_user);
  /// Fresh keys now, for an IKE SA or a Child SA. False: there is no such SA, or none that could begin with it
  /// (Session::rekey).
  bool rekey(Instant now, policy::IkeSaId id);
  bool rekey(Instant now, policy::ChildSaId id);
  /// The peers of an IKE SA prove anew who they are, now. False: as of rekey().
  bool reauthenticate(Instant now, policy::IkeSaId id);
  /// An authentic ESP packet came from another address or port (RFC 7296 §2.23).
  void on_peer_moved(Instant now, policy::ChildSaId id, const policy::Endpoint& remote);
  /// ESP or AH came with an SPI that nobody here knows; ports are 0 where it was not in UDP.
  void on_stray_packet(Instant now, const policy::Endpoint& local, const policy::Endpoint& remote, std::uint32_t spi);
  /// The host's own addresses, or its routes, have changed: HostView has the new ones.
  void on_addresses_changed(Instant now);

  /// True for a connection that needs a password that neither the configuration has nor anybody said. What is said here
  /// lasts until it is forgotten, or the peer refuses it.
  bool lacks_password(const policy::Connection& connection) const;
  void put_password(std::string_view connection, Secret password);
  void forget_password(std::string_view connection);

  /// An IKE SA of the connection is there, or on its way, for its further children to go to.
  bool has_session(std::string_view connection) const;
  const policy::AddressPools& pools() const;
  const policy::ConnectionTable& connections() const;
  const policy::Pad& pad() const;
  /// In the order in which they came to be. Of what both ends have closed there is nothing to be seen.
  std::vector<IkeSaStatus> status() const;
  /// Of one connection, without a look at the others.
  std::vector<IkeSaStatus> status(std::string_view connection) const;
  /// nullopt: there is none, or nothing to be seen of it any more.
  std::optional<IkeSaStatus> status(policy::IkeSaId id) const;
  /// Nothing is up, and the peers have answered for each Child SA.
  bool has_said_goodbye() const;
  /// For bounds and tests.
  std::size_t sessions() const;
  std::size_t half_open() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sallyport::ike
