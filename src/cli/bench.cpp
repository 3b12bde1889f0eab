// sallyport bench: what this machine does with packets, and what that means for its configuration. Needs no daemon;
// its own tunnels are in networks that nobody else sees.
#include <fmt/format.h>

#include <cstdio>
#include <thread>

#include "cli/bench_report.h"
#include "cli/command.h"
#include "cli/json.h"
#include "cli/print.h"

namespace sallyport::cli {
namespace {

using measure::large_packet, measure::small_packet;

/// Those that peers agree on most, from the best to what only the oldest need.
constexpr std::string_view kSuites[] = {"aes128gcm16",   "aes256gcm16", "chacha20poly1305", "aes128ccm16",
                                        "aes128-sha256", "aes128-sha1", "3des-md5"};
/// All tunnels are of the default suite.
constexpr std::string_view kTunnelSuite = "aes128gcm16";

/// nullopt: this machine lacks it.
std::optional<BenchSuite> measure_suite(std::string_view suite, Duration time) {
  BenchSuite figures{.suite = std::string(suite)};
  for (auto [octets, cipher, datapath] : {std::tuple(small_packet, &figures.cipher_small, &figures.datapath.small),
                                          std::tuple(large_packet, &figures.cipher_large, &figures.datapath.large)}) {
    const auto bare = measure::measure_cipher(suite, octets, time);
    const auto whole = measure::measure_datapath(suite, octets, time);
    if (!bare || !whole) return std::nullopt;
    *cipher = *bare;
    *datapath = *whole;
  }
  figures.datapath.suite = figures.suite;
  return figures;
}

void show(const std::string& lines) {
  print(lines);
  std::fflush(stdout);  // the next figure takes a while
}

}  // namespace

int bench(const Global& global, const BenchOptions& options) {
  const auto time = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(options.seconds));
  const bool shown = !global.json;
  BenchReport report{.cores = std::max(std::thread::hardware_concurrency(), 1u)};
  if (shown) show(suite_heading());
  for (const std::string_view suite : kSuites) {
    auto figures = measure_suite(suite, time / 4);
    if (!figures) continue;
    if (shown) show(suite_line(*figures));
    report.suites.push_back(std::move(*figures));
  }
  if (options.tunnels) {
    if (shown) show(tunnel_heading());
    for (const bool udp_encap : {true, false}) {
      BenchTunnel tunnel{.udp_encap = udp_encap, .speed = measure::measure_tunnel(kTunnelSuite, udp_encap, 2 * time)};
      if (shown) show(tunnel_line(tunnel));
      report.tunnels.push_back(std::move(tunnel));
    }
  }
  if (shown)
    show(advice_lines(report));
  else
    print_line(bench_json(report));
  return done;
}

}  // namespace sallyport::cli
