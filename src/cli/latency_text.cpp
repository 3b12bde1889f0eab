#include "cli/latency_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <map>

#include "control/value.h"

namespace sallyport::cli {
namespace {

using control::Section;

constexpr double kWidest = 40;  // characters of the longest bar

std::uint64_t number(const Section& section, std::string_view key) {
  return control::parse_u64(section.text(key).value_or("0")).value_or(0);
}

/// "FROM BELOW COUNT"; what is none counts nothing.
std::array<std::uint64_t, 3> bucket(std::string_view text) {
  std::array<std::uint64_t, 3> numbers{};
  for (std::uint64_t& each : numbers) {
    const auto end = std::min(text.find(' '), text.size());
    const auto parsed = control::parse_u64(text.substr(0, end));
    if (!parsed) return {};
    each = *parsed;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return numbers;
}

/// Bursts by the power of two that their time begins in.
std::map<int, std::uint64_t> by_power(const Section& histogram) {
  std::map<int, std::uint64_t> powers;
  const auto* buckets = histogram.find_list("buckets");
  for (std::size_t i = 0; buckets != nullptr && i < buckets->size(); ++i) {
    const auto [from, below, count] = bucket((*buckets)[i].text());
    if (count != 0) powers[static_cast<int>(std::bit_width(from))] += count;
  }
  return powers;
}

std::string bars(const std::map<int, std::uint64_t>& powers) {
  std::uint64_t most = 1;
  for (const auto& [power, count] : powers) most = std::max(most, count);
  std::string out;
  for (int power = powers.begin()->first; power <= powers.rbegin()->first; ++power) {
    const auto found = powers.find(power);
    const std::uint64_t count = found == powers.end() ? 0 : found->second;
    // What is there is seen, however little of the whole it is.
    const int length = static_cast<int>(kWidest * static_cast<double>(count) / static_cast<double>(most));
    std::string bar;
    for (int i = 0; i < std::max(length, count == 0 ? 0 : 1); ++i) bar += "█";
    const std::uint64_t below = power >= 64 ? UINT64_MAX : std::uint64_t{1} << power;
    out += fmt::format("  below {:>8} {:>12}{}{}\n", short_time(below), count, bar.empty() ? "" : "  ", bar);
  }
  return out;
}

}  // namespace

std::string short_time(std::uint64_t nanoseconds) {
  const auto ns = static_cast<double>(nanoseconds);
  if (nanoseconds < 1000) return fmt::format("{} ns", nanoseconds);
  if (ns < 999.95e3) return fmt::format("{:.1f} us", ns / 1e3);
  if (ns < 999.95e6) return fmt::format("{:.1f} ms", ns / 1e6);
  return fmt::format("{:.1f} s", ns / 1e9);
}

std::string latency_text(std::string_view title, const Section& direction) {
  const Section* whole = direction.find_section("whole");
  if (whole == nullptr) return {};
  const auto powers = by_power(*whole);
  if (powers.empty()) return {};
  std::string out =
      fmt::format("{}\n  {} bursts: median {}, 99 % {}, 99.9 % {}, longest {}\n", title, number(*whole, "bursts"),
                  short_time(number(*whole, "median_ns")), short_time(number(*whole, "p99_ns")),
                  short_time(number(*whole, "p999_ns")), short_time(number(*whole, "longest_ns")));
  out += "  of which at the median";
  const char* separator = " ";
  for (const char* stage : {"read", "work", "write"}) {
    const Section* part = direction.find_section(stage);
    if (part == nullptr) continue;
    out += fmt::format("{}{} {}", separator, stage, short_time(number(*part, "median_ns")));
    separator = ", ";
  }
  return out + "\n" + bars(powers);
}

}  // namespace sallyport::cli
