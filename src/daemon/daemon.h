// Daemon: the node, the datapath and the machine, joined in one event loop. It carries out the node's effects, feeds it
// datagrams and time, and offers the control commands (daemon/commands) what they need.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "daemon/configuration.h"
#include "daemon/journal.h"
#include "daemon/workers.h"
#include "linux/event_loop.h"
#include "linux/guard_ruleset.h"
#include "linux/system_error.h"
#include "node/node.h"

namespace sallyport::daemon {

class KeyRing;

struct Options {
  std::string config = "/etc/sallyport/sallyport.toml";
  std::string control = "/run/sallyport/control.sock";
  std::string state_dir = "/var/lib/sallyport";
};

class Daemon {
 public:
  /// Takes sockets, device and routes, sets the guard, and loads the configuration. An error: what the system refused;
  /// nothing of ours is left behind, but for a guard that was there before. `read` has no errors.
  static linux::SystemResult<std::unique_ptr<Daemon>> start(const Options& options, ReadConfiguration read);
  ~Daemon();

  /// Until SIGTERM or SIGINT; every SA is closed towards its peer, and nothing is left behind.
  Result<void> run();

  // ---- For the commands
  node::Node& node();
  Workers& workers();
  /// What all workers and IKE's own sockets have counted.
  Workers::Totals totals();
  /// Who sees all packets from now on; nullptr: nobody. It outlives the daemon, or is taken away before.
  void set_tap(linux::PacketTap* tap);
  bool has_tap() const;
  KeyRing& keys();
  Journal& journal();
  Configuration& configuration();
  const crypto::Provider& crypto() const;
  linux::EventLoop& loop();
  Instant now() const;
  /// Since when it runs.
  WallTime started() const;

  /// Applies what `configuration()` holds now: policies, guard, steering, then connections.
  void apply_configuration();
  struct Reload {
    ReadConfiguration read;
    node::LoadPlan plan;
  };
  /// Reads the files again, in a thread of its own, while all else goes on; then applies them in one step, and calls
  /// `done`. With `dry_run`, or when they have errors, nothing changes. One after the other.
  void reload(bool dry_run, std::function<void(const Reload&)> done);
  /// What policies that bypass or discard have done, as long as they have been in force.
  std::map<policy::PolicyId, linux::PolicyTraffic> policy_traffic() const;
  /// Carries out what the node has queued; to be called after each command that changed something.
  void settle();
  /// From any thread: lets the event loop turn, and so whoever asks for time be asked again.
  void wake();
  /// Ends run().
  void stop();

 private:
  struct Parts;
  explicit Daemon(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace sallyport::daemon
