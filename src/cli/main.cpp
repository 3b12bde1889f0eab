// sallyport: the command line. Here are its words; what they do is in the file of each command.
#include <cstdlib>
#include <functional>

#include <CLI/CLI.hpp>

#include "cli/command.h"

namespace {

using namespace sallyport::cli;

struct Words {
  Global global;
  UpOptions up;
  DownOptions down;
  EventsOptions events;
  CaptureOptions capture;
  BenchOptions bench;
  bool reauth = false;
  std::string connection;
  std::string gateway;
  std::vector<std::string> files;
  bool dry_run = false;
  std::string device = "sally0";
  std::function<int()> run;
};

void add_sessions(CLI::App& app, Words& words) {
  auto* up_command = app.add_subcommand("up", "brings a connection or one child up, and waits for it");
  up_command->add_option("NAME[/CHILD]", words.up.target)->required();
  up_command->add_option("--timeout", words.up.timeout_s, "seconds; 0: for as long as it takes")->capture_default_str();
  up_command->add_flag("-v,--verbose", words.up.verbose, "draws the exchange");
  up_command->callback([&] { words.run = [&] { return up(words.global, words.up); }; });

  auto* down_command = app.add_subcommand("down", "closes a connection or one child");
  down_command->add_option("NAME[/CHILD]", words.down.target)->required();
  down_command->add_option("--timeout", words.down.timeout_s, "seconds; 0: for as long as it takes")
      ->capture_default_str();
  down_command->callback([&] { words.run = [&] { return down(words.global, words.down); }; });

  auto* rekey_command = app.add_subcommand("rekey", "makes fresh keys for a connection or one child now");
  rekey_command->add_option("NAME[/CHILD]", words.connection)->required();
  rekey_command->add_flag("--reauth", words.reauth, "the peers prove anew who they are, on another IKE SA");
  rekey_command->callback([&] { words.run = [&] { return rekey(words.global, words.connection, words.reauth); }; });

  auto* redirect_command = app.add_subcommand("redirect", "sends a connection's clients to another gateway");
  redirect_command->add_option("NAME", words.connection)->required();
  redirect_command->add_option("GATEWAY", words.gateway, "its address, or its name")->required();
  redirect_command->callback(
      [&] { words.run = [&] { return redirect(words.global, words.connection, words.gateway); }; });

  auto* status_command = app.add_subcommand("status", "every connection: up, connecting, on demand, or down and why");
  status_command->add_option("NAME", words.connection);
  status_command->callback([&] { words.run = [&] { return status(words.global, words.connection); }; });
}

void add_insight(CLI::App& app, Words& words) {
  auto* events_command = app.add_subcommand("events", "what has happened, one event a line");
  events_command->add_option("NAME", words.events.connection, "of this connection alone");
  events_command->add_flag("-f,--follow", words.events.follow, "and what happens from here on");
  events_command->callback([&] { words.run = [&] { return events(words.global, words.events); }; });

  auto* counters_command = app.add_subcommand("counters", "exchanges, packets, and drops by reason");
  counters_command->add_option("NAME", words.connection, "of this connection alone");
  counters_command->callback([&] { words.run = [&] { return counters(words.global, words.connection); }; });

  auto* trace_command = app.add_subcommand("trace", "the last negotiation of a connection, drawn");
  trace_command->add_option("NAME", words.connection)->required();
  trace_command->callback([&] { words.run = [&] { return trace(words.global, words.connection); }; });
}

void add_capture(CLI::App& app, Words& words) {
  CaptureOptions& options = words.capture;
  auto* command = app.add_subcommand("capture", "what enters and leaves IPsec, into a file for Wireshark");
  command->add_option("FILE", options.file, "a pcapng file; - is standard output")->required();
  command->add_option("NAME[/CHILD]", options.target, "packets of this connection or child alone");
  command->add_option("--peer", options.peer, "packets of the peer with this outer address alone");
  command->add_option("--only", options.only, "inner, outer, ike; may be said again")
      ->check(CLI::IsMember({"inner", "outer", "ike"}))
      ->expected(1)
      ->take_all();
  command->add_option("--count", options.count, "ends after so many packets; 0: any number")->capture_default_str();
  command->add_option("--duration", options.duration_s, "ends after so many seconds; 0: never")->capture_default_str();
  command->add_option("--size", options.size_mib, "ends before the file is larger, in MiB")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 20))
      ->capture_default_str();
  command->add_option("--rate", options.rate, "takes no more packets a second")
      ->check(CLI::Range(1U, 100'000'000U))
      ->capture_default_str();
  command->add_option("--snap", options.snap, "octets kept of each packet; 0: all")->capture_default_str();
  command->add_flag("--keys", options.keys, "writes keys to FILE.keys: whoever can read it can read the traffic");
  command->callback([&] { words.run = [&] { return capture(words.global, words.capture); }; });
}

void add_bench(CLI::App& app, Words& words) {
  auto* command =
      app.add_subcommand("bench", "what this machine does with packets, and what to configure; needs no daemon");
  command->add_option("--seconds", words.bench.seconds, "for each suite")
      ->check(CLI::Range(0.01, 60.0))
      ->capture_default_str();
  command->add_flag("!--no-tunnels", words.bench.tunnels, "only packets in memory; tunnels take root");
  command->callback([&] { words.run = [&] { return bench(words.global, words.bench); }; });
}

void add_configuration(CLI::App& app, Words& words) {
  auto* reload_command = app.add_subcommand("reload", "has the daemon read its configuration again");
  reload_command->add_flag("--dry-run", words.dry_run, "only says what that would do");
  reload_command->callback([&] { words.run = [&] { return reload(words.global, words.dry_run); }; });

  auto* check_command = app.add_subcommand("check", "whether configuration files are right; needs no daemon");
  check_command->add_option("FILE", words.files, "default: those that the daemon reads");
  check_command->callback([&] { words.run = [&] { return check(words.global, words.files); }; });

  auto* psk = app.add_subcommand("psk", "pre-shared keys")->require_subcommand(1);
  psk->add_subcommand("generate", "a key that nobody can guess")->callback([&] {
    words.run = [&] { return psk_generate(words.global); };
  });

  auto* firewall = app.add_subcommand("firewall", "the block on unprotected packets")->require_subcommand(1);
  firewall->add_subcommand("show", "the rules as they stand in the kernel")->callback([&] {
    words.run = [&] { return firewall_show(words.global); };
  });
  auto* lift = firewall->add_subcommand("lift", "takes away what a daemon that was killed has left");
  lift->add_option("--device", words.device, "the daemon's [datapath] device")->capture_default_str();
  lift->callback([&] { words.run = [&] { return firewall_lift(words.global, words.device); }; });
}

}  // namespace

int main(int argc, char** argv) {
  Words words;
  if (const char* socket = std::getenv("SALLYPORT_CONTROL")) words.global.control = socket;
  CLI::App app("Sallyport: IPsec sessions from the command line.", "sallyport");
  app.add_option("--control", words.global.control, "the daemon's control socket; SALLYPORT_CONTROL replaces it")
      ->capture_default_str();
  app.add_flag("--json", words.global.json, "for programs");
  app.require_subcommand(1);
  app.fallthrough();
  app.failure_message(CLI::FailureMessage::simple);
  add_sessions(app, words);
  add_insight(app, words);
  add_capture(app, words);
  add_bench(app, words);
  add_configuration(app, words);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? done : wrong_words;
  }
  return words.run();
}
