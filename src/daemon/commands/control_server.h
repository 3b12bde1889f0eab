// ControlServer: the daemon's end of the control protocol (VICI). It listens on a Unix socket, serves a bounded number
// of clients in the daemon's event loop, hands their requests to the commands, and tells them what happens.
#pragma once

#include <memory>
#include <string>

#include "linux/system_error.h"

namespace sallyport::daemon {

class Daemon;

class ControlServer {
 public:
  /// Clients at a time; who comes later waits in the socket's queue until one has gone.
  static constexpr std::size_t kMostClients = 64;

  /// Serves while it lives. `daemon` outlives it; its loop must not turn any more thereafter.
  static linux::SystemResult<std::unique_ptr<ControlServer>> listen(Daemon& daemon, const std::string& socket);
  ~ControlServer();

 private:
  struct Parts;
  explicit ControlServer(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace sallyport::daemon
