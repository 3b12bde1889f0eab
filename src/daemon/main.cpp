// sallyportd: the daemon, in the foreground.
#include <cstdio>

#include <CLI/CLI.hpp>

#include "crypto/openssl/provider_openssl.h"
#include "daemon/daemon.h"

namespace {

using sallyport::daemon::ReadConfiguration;

void print_diagnostics(const ReadConfiguration& read) {
  if (read.unreadable) std::fprintf(stderr, "sallyportd: %s\n", read.unreadable->c_str());
  for (const auto& diagnostic : read.loaded.diagnostics)
    std::fprintf(stderr, "%s\n", sallyport::config::to_string(diagnostic).c_str());
}

}  // namespace

int main(int argc, char** argv) {
  sallyport::daemon::Options options;
  bool check = false;
  CLI::App app("Sallyport's IPsec daemon. SIGHUP reloads the configuration, SIGTERM closes every SA and ends it.",
               "sallyportd");
  app.add_option("--config", options.config, "configuration; conf.d/*.toml beside it is read as well")
      ->capture_default_str();
  app.add_option("--control", options.control, "the control socket")->capture_default_str();
  app.add_option("--state-dir", options.state_dir,
                 "what outlives the daemon: crash-secret, by which peers learn of a restart at once")
      ->capture_default_str();
  app.add_flag("--check", check, "only say whether the configuration is right");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }

  ReadConfiguration read =
      sallyport::daemon::read_configuration(options.config, *sallyport::crypto::make_openssl_provider());
  print_diagnostics(read);
  if (!read.ok()) return 1;
  if (check) return 0;
  auto daemon = sallyport::daemon::Daemon::start(options, std::move(read));
  if (!daemon) {
    std::fprintf(stderr, "sallyportd: %s\n", daemon.error().text.c_str());
    return 1;
  }
  return (*daemon)->run() ? 0 : 1;
}
