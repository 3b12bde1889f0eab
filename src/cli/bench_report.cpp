#include "cli/bench_report.h"

#include <fmt/format.h>

#include <algorithm>

namespace sallyport::cli {
namespace {

std::string pair(const measure::PacketTime& time) { return fmt::format("{:.0f} / {:.0f}", time.seal, time.open); }

double microseconds(Duration time) { return std::chrono::duration<double, std::micro>(time).count(); }

}  // namespace

std::vector<std::string> BenchReport::advice() const {
  measure::Figures figures{.suites = {}, .udp = {}, .ip = {}, .cores = cores};
  for (const BenchSuite& suite : suites) figures.suites.push_back(suite.datapath);
  for (const BenchTunnel& tunnel : tunnels)
    if (tunnel.speed) (tunnel.udp_encap ? figures.udp : figures.ip) = *tunnel.speed;
  return measure::advice(figures);
}

std::string suite_heading() {
  return fmt::format(
      "One core, in memory: nanoseconds to seal and to open a packet, by the cipher alone and by all of the datapath\n"
      "{:<18}{:>31}{:>33}{:>9}\n"
      "{:<18}{:>15}{:>16}{:>17}{:>16}{:>9}\n",
      "", fmt::format("{} octets", measure::small_packet), fmt::format("{} octets", measure::large_packet), "Gbit/s",
      "suite", "cipher", "datapath", "cipher", "datapath", "");
}

std::string suite_line(const BenchSuite& suite) {
  const auto& large = suite.datapath.large;
  return fmt::format("{:<18}{:>15}{:>16}{:>17}{:>16}{:>9.1f}\n", suite.suite, pair(suite.cipher_small),
                     pair(suite.datapath.small), pair(suite.cipher_large), pair(large),
                     measure::gigabits_per_second(std::max(large.seal, large.open), measure::large_packet));
}

std::string tunnel_heading() {
  return "\nTwo gateways and their applications on this machine: one TCP connection, and the way of a small datagram "
         "there "
         "and back\n";
}

std::string tunnel_line(const BenchTunnel& tunnel) {
  const std::string name = tunnel.udp_encap ? "ESP in UDP" : "ESP, IP protocol 50";
  if (!tunnel.speed) return fmt::format("{:<24}not measured: {}\n", name, tunnel.speed.error());
  return fmt::format("{:<24}{:>6.1f} Gbit/s {:>8.0f} us, 99 % within {:.0f} us\n", name,
                     tunnel.speed->gigabits_per_second, microseconds(tunnel.speed->round_trip),
                     microseconds(tunnel.speed->round_trip_p99));
}

std::string advice_lines(const BenchReport& report) {
  std::string lines = "\n";
  for (const std::string& line : report.advice()) lines += "- " + line + "\n";
  return lines;
}

}  // namespace sallyport::cli
