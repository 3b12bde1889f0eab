#include "measure/advice.h"

#include <fmt/format.h>

#include <algorithm>

namespace sallyport::measure {
namespace {

/// What is this close is alike.
constexpr double kAlike = 1.15;

double per_large_packet(const SuiteFigures& figures) { return std::max(figures.large.seal, figures.large.open); }

const SuiteFigures* find(const Figures& figures, std::string_view suite) {
  const auto found = std::ranges::find(figures.suites, suite, &SuiteFigures::suite);
  return found == figures.suites.end() ? nullptr : &*found;
}

void about_suites(const Figures& figures, std::vector<std::string>& lines) {
  if (figures.suites.empty()) return;
  const auto& best = *std::ranges::min_element(figures.suites, {}, per_large_packet);
  const auto& worst = *std::ranges::max_element(figures.suites, {}, per_large_packet);
  lines.push_back(fmt::format("{} is the fastest: one core does {:.1f} Gbit/s of packets of {} octets in memory.",
                              best.suite, gigabits_per_second(per_large_packet(best), large_packet), large_packet));
  if (const auto *gcm = find(figures, "aes128gcm16"), *chacha = find(figures, "chacha20poly1305"); gcm && chacha) {
    const double ratio = per_large_packet(*chacha) / per_large_packet(*gcm);
    if (ratio > kAlike)
      lines.push_back(fmt::format(
          "Put AES-GCM before ChaCha20-Poly1305 in esp_proposals: here it is {:.1f} times as fast.", ratio));
    else if (1 / ratio > kAlike)
      lines.push_back(
          fmt::format("Put ChaCha20-Poly1305 before AES-GCM in esp_proposals: here it is {:.1f} times as fast "
                      "(the processor has no instructions for AES).",
                      1 / ratio));
  }
  if (const auto *short_key = find(figures, "aes128gcm16"), *long_key = find(figures, "aes256gcm16");
      short_key && long_key && per_large_packet(*long_key) < kAlike * per_large_packet(*short_key))
    lines.push_back("AES-256-GCM costs hardly more than AES-128-GCM.");
  if (per_large_packet(worst) > 3 * per_large_packet(best))
    lines.push_back(fmt::format("{} takes {:.0f} times as long; keep it for peers that know nothing better.",
                                worst.suite, per_large_packet(worst) / per_large_packet(best)));
}

void about_tunnels(const Figures& figures, std::vector<std::string>& lines) {
  if (!figures.udp || !figures.ip) return;
  const double ratio = figures.udp->gigabits_per_second / figures.ip->gigabits_per_second;
  if (ratio > kAlike)
    lines.push_back(
        fmt::format("ESP in UDP is {:.1f} times as fast as ESP as an IP protocol, because the kernel takes it many "
                    "packets at a time: write encap = true where both ends run Sallyport.",
                    ratio));
  else if (1 / ratio > kAlike)
    lines.push_back(
        fmt::format("ESP as an IP protocol is {:.1f} times as fast as in UDP: leave encap as it is.", 1 / ratio));
}

}  // namespace

std::vector<std::string> advice(const Figures& figures) {
  std::vector<std::string> lines;
  about_suites(figures, lines);
  about_tunnels(figures, lines);
  if (figures.cores > 1)
    lines.push_back(fmt::format("An SA is one core's. With {} of them, several SAs share the work: leave workers = 0.",
                                figures.cores));
  else
    lines.push_back("There is one core: applications and tunnels share it.");
  return lines;
}

}  // namespace sallyport::measure
