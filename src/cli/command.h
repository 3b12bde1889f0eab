// The commands of `sallyport`, each in a file of its own name. Each returns the exit status of the program.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/message.h"

namespace sallyport::cli {

/// What stands before the command.
struct Global {
  std::string control = "/run/sallyport/control.sock";
  bool json = false;
};

enum ExitStatus {
  done = 0,
  did_not_happen = 1,
  wrong_words = 2,
  no_daemon = 3
};

/// NAME or NAME/CHILD.
struct Target {
  std::string connection;
  std::string child;  // empty: all

  static Target of(std::string_view text);
  std::string text() const { return child.empty() ? connection : connection + "/" + child; }
};

struct UpOptions {
  std::string target;
  unsigned timeout_s = 30;  // 0: for as long as it takes
  bool verbose = false;
};
int up(const Global& global, const UpOptions& options);

struct DownOptions {
  std::string target;
  unsigned timeout_s = 10;
};
int down(const Global& global, const DownOptions& options);

int rekey(const Global& global, const std::string& target, bool reauth);
int redirect(const Global& global, const std::string& connection, const std::string& gateway);

int status(const Global& global, const std::string& connection);

struct EventsOptions {
  std::string connection;
  bool follow = false;
};
int events(const Global& global, const EventsOptions& options);

int reload(const Global& global, bool dry_run);
int check(const Global& global, const std::vector<std::string>& files);
int counters(const Global& global, const std::string& connection);
int trace(const Global& global, const std::string& connection);

struct CaptureOptions {
  std::string file;    // "-": standard output
  std::string target;  // empty: all connections
  std::string peer;
  std::vector<std::string> only;  // inner, outer, ike; none: all of them
  std::uint64_t count = 0;        // packets; 0: any number
  unsigned duration_s = 60;       // 0: until it is interrupted, or another bound is reached
  std::uint64_t size_mib = 64;
  unsigned rate = 10'000;  // packets a second
  unsigned snap = 0;       // octets of each packet; 0: all
  bool keys = false;
};
int capture(const Global& global, const CaptureOptions& options);

struct BenchOptions {
  double seconds = 1;  // for each suite
  bool tunnels = true;
};
int bench(const Global& global, const BenchOptions& options);

int psk_generate(const Global& global);
int firewall_show(const Global& global);
int firewall_lift(const Global& global, const std::string& device);

}  // namespace sallyport::cli
