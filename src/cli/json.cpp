#include "cli/json.h"

#include <algorithm>
#include <array>
#include <limits>

#include <nlohmann/json.hpp>

#include "control/value.h"

namespace sallyport::cli {
namespace {

using Json = nlohmann::ordered_json;
using control::Message;
using control::Section;

/// Names and identities come from peers and files: what is not UTF-8 is replaced rather than refused.
std::string dump(const Json& json, int indent = 2) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

Json text(const Section& section, std::string_view key) {
  const auto value = section.text(key);
  return value ? Json(std::string(*value)) : Json();
}

Json as_number(std::string_view digits) {
  const auto number = control::parse_u64(digits);
  return number ? Json(*number) : Json();
}

Json as_truth(std::string_view word) {
  const auto truth = control::parse_boolean(word);
  return truth ? Json(*truth) : Json();
}

Json number(const Section& section, std::string_view key) {
  const auto value = section.text(key);
  return value ? as_number(*value) : Json();
}

Json truth(const Section& section, std::string_view key) {
  const auto value = section.text(key);
  return value ? as_truth(*value) : Json();
}

Json texts(const Section& section, std::string_view key) {
  Json all = Json::array();
  if (const auto* list = section.find_list(key))
    for (const auto& item : *list) all.push_back(std::string(item.text()));
  return all;
}

/// All key/values of a section as numbers.
Json numbers(const Section& section, std::string_view key) {
  Json all = Json::object();
  if (const auto* found = section.find_section(key))
    for (const auto& element : *found)
      if (element.value()) all[element.name()] = as_number(element.value()->text());
  return all;
}

/// One of `convert` for each section below `key`.
template <class Convert>
Json each(const Section& section, std::string_view key, Convert convert) {
  Json all = Json::array();
  if (const auto* found = section.find_section(key))
    for (const auto& element : *found)
      if (element.section()) all.push_back(convert(*element.section()));
  return all;
}

/// Of a bundle's AH; null where there is none.
Json bundled_ah(const Section* ah) {
  if (ah == nullptr) return nullptr;
  return {{"proposal", text(*ah, "proposal")},         {"spi_in", text(*ah, "spi_in")},
          {"spi_out", text(*ah, "spi_out")},           {"packets_in", number(*ah, "packets_in")},
          {"packets_out", number(*ah, "packets_out")}, {"drops", numbers(*ah, "drops")}};
}

Json child_sa(const Section& sa) {
  return {{"id", number(sa, "id")},
          {"name", text(sa, "name")},
          {"state", text(sa, "state")},
          {"mode", text(sa, "mode")},
          {"protocol", text(sa, "protocol")},
          {"udp_encap", truth(sa, "udp_encap")},
          {"ipcomp", truth(sa, "ipcomp")},
          {"esn", truth(sa, "esn")},
          {"spi_in", text(sa, "spi_in")},
          {"spi_out", text(sa, "spi_out")},
          {"proposal", text(sa, "proposal")},
          {"ah", bundled_ah(sa.find_section("ah"))},
          {"replay_window", number(sa, "replay_window")},
          {"local_ts", texts(sa, "local_ts")},
          {"remote_ts", texts(sa, "remote_ts")},
          {"packets_in", number(sa, "packets_in")},
          {"bytes_in", number(sa, "bytes_in")},
          {"packets_out", number(sa, "packets_out")},
          {"bytes_out", number(sa, "bytes_out")},
          {"drops", numbers(sa, "drops")},
          {"installed_s", number(sa, "installed_s")},
          {"rekey_in_s", number(sa, "rekey_in_s")},
          {"expires_in_s", number(sa, "expires_in_s")}};
}

Json end_of(const Section& sa, std::string_view key) {
  const auto* end = sa.find_section(key);
  if (end == nullptr) return nullptr;
  return {{"address", text(*end, "address")}, {"port", number(*end, "port")}, {"id", text(*end, "id")}};
}

/// What Mode Config gave: as texts, lists with blanks between; null: nothing.
Json network_of(const Section* network) {
  if (network == nullptr) return nullptr;
  Json all = Json::object();
  for (const auto& entry : *network) all[std::string(entry.name())] = text(*network, entry.name());
  return all;
}

Json ike_sa(const Section& sa) {
  const Json initiator = truth(sa, "initiator");
  return {{"id", number(sa, "id")},
          {"version", number(sa, "version")},
          {"state", text(sa, "state")},
          {"initiator", initiator},
          {"role", initiator == true ? "initiator" : "responder"},
          {"local", end_of(sa, "local")},
          {"remote", end_of(sa, "remote")},
          {"local_user", text(sa, "local_user")},
          {"remote_user", text(sa, "remote_user")},
          {"received", network_of(sa.find_section("received"))},
          {"given", network_of(sa.find_section("given"))},
          {"spi_initiator", text(sa, "spi_initiator")},
          {"spi_responder", text(sa, "spi_responder")},
          {"proposal", text(sa, "proposal")},
          {"nat_local", truth(sa, "nat_local")},
          {"nat_remote", truth(sa, "nat_remote")},
          {"resumed", truth(sa, "resumed")},
          {"ticket_expires_in_s", number(sa, "ticket_expires_in_s")},
          {"established_s", number(sa, "established_s")},
          {"rekey_in_s", number(sa, "rekey_in_s")},
          {"reauth_in_s", number(sa, "reauth_in_s")},
          {"expires_in_s", number(sa, "expires_in_s")},
          {"child_sas", each(sa, "child_sas", child_sa)}};
}

Json policy(const Section& policy) {
  return {{"name", text(policy, "name")},
          {"mode", text(policy, "mode")},
          {"priority", number(policy, "priority")},
          {"local_ts", texts(policy, "local_ts")},
          {"remote_ts", texts(policy, "remote_ts")},
          {"packets_in", number(policy, "packets_in")},
          {"bytes_in", number(policy, "bytes_in")},
          {"packets_out", number(policy, "packets_out")},
          {"bytes_out", number(policy, "bytes_out")}};
}

/// Values whose kind their key tells, wherever it stands.
Json typed(const std::string& key, std::string_view value) {
  static constexpr std::array kTruths = {"success", "encrypted"};
  static constexpr std::array kNumbers = {"message_id", "octets", "packets", "missing", "matches", "terminated"};
  if (std::ranges::count(kTruths, key) != 0) return as_truth(value);
  if (std::ranges::count(kNumbers, key) != 0) return as_number(value);
  return std::string(value);
}

Json tree(const Section& section) {
  Json all = Json::object();
  for (const auto& element : section) {
    if (const auto* value = element.value()) all[element.name()] = typed(element.name(), value->text());
    if (element.list()) all[element.name()] = texts(section, element.name());
    if (element.section()) all[element.name()] = tree(*element.section());
  }
  return all;
}

Json child_counters(const Section& of, const Section& child) {
  Json json = {{"connection", text(of, "connection")},
               {"child", text(child, "name")},
               {"id", number(child, "id")},
               {"spi_in", text(child, "spi_in")},
               {"spi_out", text(child, "spi_out")},
               {"inbound", numbers(child, "inbound")},
               {"outbound", numbers(child, "outbound")},
               {"drops", numbers(child, "drops")}};
  if (child.find_section("ah_drops") != nullptr) json["ah_drops"] = numbers(child, "ah_drops");
  return json;
}

/// "FROM BELOW COUNT"
Json histogram_bucket(std::string_view text) {
  Json json = Json::object();
  for (const char* key : {"from_ns", "below_ns", "bursts"}) {
    const auto end = std::min(text.find(' '), text.size());
    json[key] = as_number(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return json;
}

/// By direction and stage.
Json latency(const Section& totals) {
  Json all = Json::object();
  const auto* directions = totals.find_section("latency");
  if (directions == nullptr) return all;
  for (const auto& direction : *directions) {
    if (direction.section() == nullptr) continue;
    for (const auto& stage : *direction.section()) {
      if (stage.section() == nullptr) continue;
      Json& json = all[direction.name()][stage.name()] = numbers(*direction.section(), stage.name());
      json["buckets"] = Json::array();
      if (const auto* buckets = stage.section()->find_list("buckets"))
        for (const auto& bucket : *buckets) json["buckets"].push_back(histogram_bucket(bucket.text()));
    }
  }
  return all;
}

/// What the names in a connection's addresses stand for.
Json names_of(const Section& connection) {
  Json all = Json::array();
  if (const auto* names = connection.find_section("names"))
    for (const auto& name : *names)
      if (name.section())
        all.push_back({{"name", std::string(name.name())},
                       {"addresses", texts(*name.section(), "addresses")},
                       {"error", text(*name.section(), "error")},
                       {"asked", truth(*name.section(), "asked")}});
  return all;
}

}  // namespace

std::string status_json(const std::vector<Message>& connections) {
  Json all = Json::array();
  for (const auto& connection : connections)
    all.push_back({{"name", text(connection, "name")},
                   {"state", text(connection, "state")},
                   {"why", text(connection, "why")},
                   {"names", names_of(connection)},
                   {"ike_sas", each(connection, "ike_sas", ike_sa)},
                   {"policies", each(connection, "policies", policy)}});
  return dump({{"version", 1}, {"connections", all}});
}

std::string event_json(const Message& event) {
  Json json = {{"number", number(event, "number")}, {"time", number(event, "time")},
               {"event", text(event, "event")},     {"connection", text(event, "connection")},
               {"ike_sa", number(event, "ike_sa")}, {"text", text(event, "text")}};
  if (const auto* fields = event.find_section("fields"))
    for (const auto& field : *fields)
      if (field.value()) json["fields"][field.name()] = std::string(field.value()->text());
  return dump(json, -1);
}

std::string counters_json(const Message& totals, const std::vector<Message>& connections) {
  Json by_connection = Json::object();
  Json child_sas = Json::array();
  for (const auto& connection : connections) {
    if (const auto* child = connection.find_section("child_sa"))
      child_sas.push_back(child_counters(connection, *child));
    else
      by_connection[std::string(connection.text("connection").value_or(""))] = numbers(connection, "events");
  }
  return dump({{"events", numbers(totals, "events")},
               {"connections", by_connection},
               {"sas", numbers(totals, "sas")},
               {"inbound", numbers(totals, "inbound")},
               {"outbound", numbers(totals, "outbound")},
               {"path_mtu", numbers(totals, "path_mtu")},
               {"drops", numbers(totals, "drops")},
               {"system", numbers(totals, "system")},
               {"child_sas", child_sas},
               {"latency", latency(totals)}});
}

std::string answer_json(const Message& answer) { return dump(tree(answer)); }

std::string check_json(std::size_t connections, const std::vector<config::Diagnostic>& diagnostics) {
  Json all = Json::array();
  bool right = true;
  for (const auto& each : diagnostics) {
    const bool error = each.severity == config::Severity::error;
    right = right && !error;
    all.push_back({{"severity", error ? "error" : "warning"},
                   {"file", each.where.file},
                   {"line", each.where.line},
                   {"column", each.where.column},
                   {"message", each.message},
                   {"suggestion", each.suggestion}});
  }
  return dump({{"ok", right}, {"connections", connections}, {"diagnostics", all}});
}

std::string bench_json(const BenchReport& report) {
  const auto times = [](const measure::PacketTime& time) {
    return Json{{"seal_ns", time.seal}, {"open_ns", time.open}};
  };
  Json suites = Json::array(), tunnels = Json::array();
  for (const BenchSuite& each : report.suites) {
    Json packets = Json::array();
    packets.push_back({{"octets", measure::small_packet},
                       {"cipher", times(each.cipher_small)},
                       {"datapath", times(each.datapath.small)}});
    packets.push_back({{"octets", measure::large_packet},
                       {"cipher", times(each.cipher_large)},
                       {"datapath", times(each.datapath.large)}});
    suites.push_back({{"suite", each.suite}, {"packets", packets}});
  }
  for (const BenchTunnel& each : report.tunnels) {
    Json tunnel{{"udp_encap", each.udp_encap}};
    if (each.speed) {
      tunnel["gigabits_per_second"] = each.speed->gigabits_per_second;
      tunnel["round_trip_ns"] = each.speed->round_trip.count();
      tunnel["round_trip_p99_ns"] = each.speed->round_trip_p99.count();
    } else {
      tunnel["not_measured"] = each.speed.error();
    }
    tunnels.push_back(tunnel);
  }
  return dump({{"cores", report.cores}, {"suites", suites}, {"tunnels", tunnels}, {"advice", report.advice()}});
}

std::string text_json(std::string_view key, std::string_view text) {
  Json json;  // braces around one pair alone would be an array
  json[std::string(key)] = std::string(text);
  return dump(json);
}

}  // namespace sallyport::cli
