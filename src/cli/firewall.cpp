// sallyport firewall: the block that keeps unprotected packets in, as it stands in the kernel. A daemon that ends in
// peace takes it away; after one that was killed it stays, until a daemon starts again or `lift` takes it away. Works
// without a daemon, in the network namespace it is called in.
#include <net/if.h>

#include "cli/command.h"
#include "cli/json.h"
#include "cli/print.h"
#include "linux/guard.h"
#include "linux/steering.h"

namespace sallyport::cli {
namespace {

/// With a daemon running, lifting its block would open what it protects behind its back.
bool daemon_runs(const std::string& device) { return if_nametoindex(device.c_str()) != 0; }

}  // namespace

int firewall_show(const Global& global) {
  const auto rules = linux::loaded_guard(linux::Footprint{});
  if (!rules) {
    complain(rules.error().text);
    return did_not_happen;
  }
  if (global.json)
    print_line(text_json("rules", *rules));
  else
    print(rules->empty() ? "nothing is blocked\n" : *rules);
  return done;
}

int firewall_lift(const Global& global, const std::string& device) {
  linux::Footprint footprint;
  footprint.device = device;
  if (daemon_runs(device)) {
    complain("a daemon runs here (device " + device + "); stop it, and it lifts the block by itself");
    return did_not_happen;
  }
  auto steering = linux::Steering::open(footprint, 0);
  const auto cleared = steering ? steering->clear() : std::unexpected(steering.error());
  const auto lifted = linux::lift_guard(footprint);
  if (!cleared) complain(cleared.error().text);
  if (!lifted) complain(lifted.error().text);
  if (!cleared || !lifted) return did_not_happen;
  print_line(global.json ? text_json("done", "yes") : "lifted: packets pass unprotected again");
  return done;
}

}  // namespace sallyport::cli
