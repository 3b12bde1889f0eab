#include "cli/status_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "control/value.h"

namespace sallyport::cli {
namespace {

using control::Message;
using control::Section;

std::string_view text(const Section& section, std::string_view key) { return section.text(key).value_or("?"); }
std::uint64_t number(const Section& section, std::string_view key) {
  return control::parse_u64(section.text(key).value_or("0")).value_or(0);
}
bool truth(const Section& section, std::string_view key) {
  return control::parse_boolean(section.text(key).value_or("no")).value_or(false);
}

std::string joined(const Section& section, std::string_view key) {
  std::string all;
  if (const auto* list = section.find_list(key))
    for (const auto& item : *list) all += (all.empty() ? "" : " ") + std::string(item.text());
  return all.empty() ? "?" : all;
}

std::string end_of(const Section& sa, std::string_view key) {
  const auto* end = sa.find_section(key);
  if (end == nullptr) return "?";
  const std::string_view address = text(*end, "address");
  const bool v6 = address.find(':') != std::string_view::npos;
  return fmt::format("{}{}{}:{} ({})", v6 ? "[" : "", address, v6 ? "]" : "", text(*end, "port"), text(*end, "id"));
}

std::string direction(const Section& child, std::string_view which) {
  const auto packets = number(child, fmt::format("packets_{}", which));
  return fmt::format("{} {} packet{}, {}", which, packets, packets == 1 ? "" : "s",
                     amount(number(child, fmt::format("bytes_{}", which))));
}

/// Reasons that have occurred; empty when none has.
std::string drops_of(const Section& child) {
  std::string all;
  if (const auto* drops = child.find_section("drops"))
    for (const auto& reason : *drops)
      if (reason.value() && reason.value()->text() != "0")
        all += fmt::format("; {} dropped: {}", reason.value()->text(), reason.name());
  return all;
}

void show_child(std::string& out, const Section& child) {
  out += fmt::format("    {}: {} mode, {}{}{}{}, {}\n", text(child, "name"), text(child, "mode"),
                     child.find_section("ah")          ? "ESP in AH"
                     : text(child, "protocol") == "ah" ? "AH"
                                                       : "ESP",
                     truth(child, "udp_encap") ? " in UDP" : "",
                     truth(child, "esn") ? " with extended sequence numbers" : "",
                     truth(child, "ipcomp") ? ", compressed" : "", text(child, "proposal"));
  out += fmt::format("      {} <-> {}\n", joined(child, "local_ts"), joined(child, "remote_ts"));
  out += fmt::format("      {}; {}{}\n", direction(child, "in"), direction(child, "out"), drops_of(child));
  if (const auto* ah = child.find_section("ah"))
    out += fmt::format("      AH: {}{}; SPIs {} in, {} out\n", text(*ah, "proposal"), drops_of(*ah),
                       text(*ah, "spi_in"), text(*ah, "spi_out"));
  out += fmt::format(
      "      SPIs {} in, {} out{}\n", text(child, "spi_in"), text(child, "spi_out"),
      child.text("expires_in_s") ? fmt::format("; expires in {}", span_of_time(number(child, "expires_in_s"))) : "");
}

void show_policy(std::string& out, const Section& policy) {
  out += fmt::format("    {}: {} {} <-> {}\n", text(policy, "name"), text(policy, "mode"), joined(policy, "local_ts"),
                     joined(policy, "remote_ts"));
  out += fmt::format("      {}; {}\n", direction(policy, "in"), direction(policy, "out"));
}

std::string nat_of(const Section& sa) {
  const bool local = truth(sa, "nat_local"), remote = truth(sa, "nat_remote");
  if (!local && !remote) return {};
  return fmt::format("; NAT in front of {}", local && remote ? "both" : local ? "us" : "the peer");
}

/// What a name in the connection's addresses stands for.
void show_name(std::string& out, std::string_view name, const Section& known) {
  const auto* addresses = known.find_list("addresses");
  const bool any = addresses != nullptr && addresses->begin() != addresses->end();
  const std::string stands_for = any ? "is " + joined(known, "addresses") : "has no address";
  const auto error = known.text("error");
  out += fmt::format("  {} {}{}{}\n", name, stands_for,
                     error ? fmt::format(" ({}{})", any ? "as it was; now: " : "", *error) : "",
                     truth(known, "asked") ? "; it is being looked up" : "");
}

void show_ike_sa(std::string& out, const Section& sa) {
  out += fmt::format(
      "  IKE SA {}: IKEv{}, {}{}, we are the {}{}{}\n", text(sa, "id"), text(sa, "version"), text(sa, "state"),
      sa.text("established_s") ? fmt::format(" for {}", span_of_time(number(sa, "established_s"))) : "",
      truth(sa, "initiator") ? "initiator" : "responder", truth(sa, "resumed") ? ", resumed" : "", nat_of(sa));
  out += fmt::format("    {} ... {}\n", end_of(sa, "local"), end_of(sa, "remote"));
  if (sa.text("proposal")) out += fmt::format("    {}\n", text(sa, "proposal"));
  if (sa.text("ticket_expires_in_s"))
    out += fmt::format("    may be resumed for {}\n", span_of_time(number(sa, "ticket_expires_in_s")));
  if (sa.text("local_user")) out += fmt::format("    we are the user {}\n", text(sa, "local_user"));
  if (sa.text("remote_user")) out += fmt::format("    the peer is the user {}\n", text(sa, "remote_user"));
  for (const auto& [key, words] : {std::pair{"received", "the peer gave us"}, std::pair{"given", "we gave the peer"}})
    if (const auto* network = sa.find_section(key)) {
      std::string list;
      for (const auto& entry : *network)
        list += fmt::format("{}{} {}", list.empty() ? "" : ", ", entry.name(), text(*network, entry.name()));
      out += fmt::format("    {} {}\n", words, list);
    }
  if (const auto* children = sa.find_section("child_sas"))
    for (const auto& child : *children)
      if (child.section()) show_child(out, *child.section());
}

}  // namespace

std::string status_text(const std::vector<Message>& connections) {
  if (connections.empty()) return "no connections are configured\n";
  std::size_t width = 0;
  for (const auto& connection : connections) width = std::max(width, text(connection, "name").size());
  std::string out;
  for (const auto& connection : connections) {
    out += fmt::format("{:<{}}  {}\n", text(connection, "name"), width, text(connection, "state"));
    if (connection.text("why")) out += fmt::format("  {}\n", text(connection, "why"));
    if (const auto* names = connection.find_section("names"))
      for (const auto& name : *names)
        if (name.section()) show_name(out, name.name(), *name.section());
    if (const auto* sas = connection.find_section("ike_sas"))
      for (const auto& sa : *sas)
        if (sa.section()) show_ike_sa(out, *sa.section());
    if (const auto* policies = connection.find_section("policies"))
      for (const auto& policy : *policies)
        if (policy.section()) show_policy(out, *policy.section());
  }
  return out;
}

std::string amount(std::uint64_t octets) {
  static constexpr std::array kUnits = {"KiB", "MiB", "GiB", "TiB"};
  if (octets < 10240) return fmt::format("{} octet{}", octets, octets == 1 ? "" : "s");
  double value = static_cast<double>(octets) / 1024;
  std::size_t unit = 0;
  for (; value >= 1024 && unit + 1 < kUnits.size(); ++unit) value /= 1024;
  return fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::string span_of_time(std::uint64_t seconds) {
  const auto two = [](std::uint64_t big, const char* big_unit, std::uint64_t small, const char* small_unit) {
    return small == 0 ? fmt::format("{} {}", big, big_unit)
                      : fmt::format("{} {} {} {}", big, big_unit, small, small_unit);
  };
  if (seconds < 120) return fmt::format("{} s", seconds);
  if (seconds < 7200) return fmt::format("{} min", seconds / 60);
  if (seconds < 172800) return two(seconds / 3600, "h", seconds / 60 % 60, "min");
  return two(seconds / 86400, "d", seconds / 3600 % 24, "h");
}

}  // namespace sallyport::cli
