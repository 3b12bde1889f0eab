// Configuration: what is configured at this moment, from files and over the control socket together. It makes no
// decisions: whoever changes it tells the node.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"
#include "config/connection.h"
#include "crypto/provider.h"
#include "policy/connection.h"
#include "policy/pad.h"

namespace sallyport::daemon {

/// The files of a configuration, read and parsed. `unreadable` says which could not even be read, in one sentence.
struct ReadConfiguration {
  config::Loaded loaded;                           // without its connections:
  std::vector<policy::ConnectionPtr> connections;  // these
  std::optional<std::string> unreadable;

  bool ok() const { return !unreadable && loaded.ok(); }
};
/// `main` and the conf.d folder beside it; secret_file paths are relative to the folder of `main`. What `crypto` does
/// not have is an error.
ReadConfiguration read_configuration(const std::string& main, const crypto::Provider& crypto);

class Configuration {
 public:
  /// Replaces what came from files. `config` without its connections.
  void set_files(config::Config config, std::vector<policy::ConnectionPtr> connections);
  const config::Config& files() const { return files_; }

  // ---- Over the control socket (VICI's load-* and unload-*). A name that a file uses already is refused.
  bool put_connection(std::string name, config::ReadConnection connection);
  bool remove_connection(std::string_view name);
  std::vector<std::string> control_connections() const;
  bool put_secret(policy::SharedKey secret);
  bool remove_secret(std::string_view name);
  std::vector<std::string> control_secrets() const;
  bool put_pool(policy::Pool pool);
  bool remove_pool(std::string_view name);
  std::vector<std::string> control_pools() const;
  void clear_control_secrets() { control_secrets_.clear(); }

  /// All together, files first.
  std::vector<policy::ConnectionPtr> connections() const;
  policy::Pad pad() const;
  std::vector<policy::Pool> pools() const;
  policy::PolicySettings policies() const;

 private:
  config::Config files_;
  std::vector<policy::ConnectionPtr> file_connections_;
  std::vector<std::pair<std::string, config::ReadConnection>> control_connections_;  // by name
  policy::Pad control_secrets_;
  std::vector<policy::Pool> control_pools_;
};

}  // namespace sallyport::daemon
