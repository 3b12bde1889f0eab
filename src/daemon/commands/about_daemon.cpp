// version and stats: what this daemon is, and how it is doing.
#include <fmt/chrono.h>
#include <sys/utsname.h>

#include "daemon/commands/command_list.h"
#include "daemon/daemon.h"
#include "linux/clock.h"

namespace sallyport::daemon {
namespace {

using control::Message;
using control::Section;

void write_queues(Section& section) {
  for (const char* priority : {"critical", "high", "medium", "low"}) section.set(priority, 0);
}

/// "3 minutes", as a person would say it.
std::string in_words(std::int64_t seconds) {
  const auto say = [](std::int64_t number, const char* unit) {
    return fmt::format("{} {}{}", number, unit, number == 1 ? "" : "s");
  };
  if (seconds < 120) return say(seconds, "second");
  if (seconds < 7200) return say(seconds / 60, "minute");
  if (seconds < 172800) return say(seconds / 3600, "hour");
  return say(seconds / 86400, "day");
}

}  // namespace

Answer version(Daemon&, const Message&) {
  Message answer;
  utsname system{};
  uname(&system);
  answer.set("daemon", "sallyportd");
  answer.set("version", SALLYPORT_VERSION);
  answer.set("sysname", std::string_view(system.sysname));
  answer.set("release", std::string_view(system.release));
  answer.set("machine", std::string_view(system.machine));
  return answer;
}

/// It has one thread and no job queues: charon's figures of those are zeros here.
Answer stats(Daemon& daemon, const Message&) {
  Message answer;
  auto& uptime = answer.section("uptime");
  uptime.set("running", in_words((linux::wall_clock_now() - daemon.started()).count()));
  uptime.set("since", fmt::format("{:%b %d %H:%M:%S %Y} UTC",
                                  fmt::gmtime(static_cast<std::time_t>(daemon.started().time_since_epoch().count()))));
  auto& workers = answer.section("workers");
  workers.set("total", 1);
  workers.set("idle", 0);
  write_queues(workers.section("active"));
  write_queues(answer.section("queues"));
  answer.set("scheduled", 0);
  auto& ike_sas = answer.section("ikesas");
  ike_sas.set("total", daemon.node().engine().sessions());
  ike_sas.set("half-open", daemon.node().engine().half_open());
  answer.list("plugins");
  return answer;
}

}  // namespace sallyport::daemon
