// The configuration of a daemon: TOML text in, policy values out, or diagnostics with file, line and column. Reads no
// files itself: who calls, brings their text.
//
// The tree and the names of its keys are those of swanctl.conf; key_reference_markdown() lists them. Several files are
// read as if they were one, but nothing may be said twice.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/time.h"
#include "config/diagnostic.h"
#include "config/secrets.h"
#include "policy/connection.h"
#include "policy/network_config.h"
#include "policy/pad.h"
#include "policy/shunt.h"

namespace sallyport::config {

enum class Backend : std::uint8_t {
  automatic,
  userspace
};

struct DatapathConfig {
  Backend backend = Backend::automatic;
  std::string device = "sally0";  // the TUN device's name, at most 15 octets
  std::uint32_t workers = 0;      // 0: one for each core
  std::uint16_t mtu = 0;          // of the device; 0: what the SAs take
  bool tcp_mss = true;            // lowered to what the SAs take
  bool answer_refused = false;    // by ICMP: what policy discards, or no SA takes

  friend bool operator==(const DatapathConfig&, const DatapathConfig&) = default;
};

enum class LogLevel : std::uint8_t {
  error,
  warning,
  info,
  debug,
  trace
};

/// The IKE engine's numbers are those of ike::Settings, under strongswan.conf's names.
struct DaemonConfig {
  LogLevel log = LogLevel::info;
  std::string keylog;  // the folder for Wireshark's key files; empty: none
  Duration retransmit_timeout = std::chrono::seconds(4);
  double retransmit_base = 1.8;
  std::uint32_t retransmit_tries = 5;
  double retransmit_jitter = 0.1;  // share of each wait, 0 to 1, taken off at random
  policy::Seconds keep_alive{20};  // 0: none
  policy::Seconds half_open_timeout{30};
  std::uint32_t cookie_threshold = 30;     // half-open IKE SAs; 0: always ask for a cookie
  std::uint32_t cookie_threshold_ip = 10;  // the same of one source
  std::uint32_t block_threshold = 100;     // of one source, and overdue
  std::uint32_t puzzle_threshold = 200;    // half-open IKE SAs
  std::uint8_t puzzle_difficulty = 16;     // zero bits at most; 0: whatever the initiator likes
  std::uint8_t puzzle_limit = 20;          // zero bits, as the initiator; 0: no puzzle is solved
  std::uint32_t half_open_limit = 1000;
  std::uint32_t window = 8;            // IKEv2 requests on one IKE SA at once
  std::uint16_t fragment_size = 1280;  // octets of the IP packet
  std::uint16_t max_packet = 10000;    // octets

  friend bool operator==(const DaemonConfig&, const DaemonConfig&) = default;
};

struct Config {
  std::vector<policy::Connection> connections;  // in the order of their writing
  policy::PolicySettings policies;
  policy::Pad secrets;
  std::vector<policy::Pool> pools;
  DatapathConfig datapath;
  DaemonConfig daemon;
};

struct SourceFile {
  std::string name;  // as diagnostics and origins are to call it
  std::string text;  // may hold secrets: the caller wipes it
};

struct Loaded {
  Config config;                        // of use only when ok()
  std::vector<Diagnostic> diagnostics;  // by file, line and column

  bool ok() const;
};

/// `files` in the order of precedence of their diagnostics; `read_secret_file` may be empty when no secret is in a
/// file.
Loaded parse(std::span<const SourceFile> files, const ReadSecretFile& read_secret_file = {});

/// Every key with its type, default and meaning, as Markdown tables.
std::string key_reference_markdown();

}  // namespace sallyport::config
