#include "daemon/commands/sa_section.h"

#include <fmt/format.h>

#include <algorithm>

#include "daemon/commands/algorithm_names.h"
#include "diagnose/explanation.h"

namespace sallyport::daemon {
namespace {

using control::Section;

void write_algorithms(Section& section, const policy::Suite& suite) {
  const bool encrypts = suite.protocol != policy::Protocol::ah;
  if (encrypts) {
    section.set("encr-alg", vici_name(suite.encryption.cipher));
    if (const unsigned bits = vici_key_size(suite.encryption)) section.set("encr-keysize", bits);
  }
  if (suite.integrity != crypto::Integrity::none) section.set("integ-alg", vici_name(suite.integrity));
  if (suite.protocol == policy::Protocol::ike) section.set("prf-alg", vici_name(suite.prf));
  if (suite.key_exchange != crypto::KeyExchangeMethod::none) section.set("dh-group", vici_name(suite.key_exchange));
  for (std::size_t i = 0; i < suite.additional.size(); ++i)
    if (suite.additional[i] != crypto::KeyExchangeMethod::none)
      section.set(fmt::format("ake{}", i + 1), vici_name(suite.additional[i]));
}

std::string_view vici_state(ike::IkeSaStatus::State state) {
  switch (state) {
    case ike::IkeSaStatus::State::connecting: return "CONNECTING";
    case ike::IkeSaStatus::State::established: return "ESTABLISHED";
    case ike::IkeSaStatus::State::closing: break;
  }
  return "DELETING";
}

void write_direction(Section& section, std::string_view which, const datapath::Traffic& traffic,
                     const std::optional<Instant>& last, Instant now) {
  section.set(fmt::format("bytes-{}", which), traffic.bytes);
  section.set(fmt::format("packets-{}", which), traffic.packets);
  if (last) section.set(fmt::format("use-{}", which), seconds_between(*last, now));
}

void write_selectors(control::List& list, const policy::TrafficSelectors& selectors) {
  for (const auto& selector : selectors) list.add(to_string(selector));
}

/// Clients print a list that is there, even if nothing is in it.
void write_addresses(Section& section, std::string_view name, const policy::NetworkConfig& config) {
  for (const auto& address : config.addresses) section.list(name).add(to_string(address));
}

/// VICI knows one protocol of a child. Of a bundle that is ESP, and what AH has of its own goes by keys of ours.
void write_bundled_ah(Section& section, const ike::BundledAhStatus& ah) {
  section.set("ah-spi-in", spi_text(ah.spi_in));
  section.set("ah-spi-out", spi_text(ah.spi_out));
  section.set("ah-integ-alg", vici_name(ah.suite.integrity));
}

std::string_view vici_state(ike::ChildSaStatus::State state) {
  switch (state) {
    case ike::ChildSaStatus::State::installed: return "INSTALLED";
    case ike::ChildSaStatus::State::rekeyed: return "REKEYED";
    case ike::ChildSaStatus::State::deleting: return "DELETING";
    case ike::ChildSaStatus::State::deleted: break;
  }
  return "DELETED";
}

}  // namespace

std::string section_name(const ike::IkeSaStatus& sa) { return sa.connection.empty() ? "unknown" : sa.connection; }

std::string section_name(const ike::ChildSaStatus& child) { return fmt::format("{}-{}", child.name, child.id.value); }

void write_ike_sa(Section& section, const ike::IkeSaStatus& sa, Instant now) {
  section.set("uniqueid", sa.id.value);
  section.set("version", unsigned{sa.version});
  section.set("state", vici_state(sa.state));
  section.set("local-host", to_string(sa.local.address));
  section.set("local-port", sa.local.port);
  section.set("local-id", to_string(sa.local_id));
  section.set("remote-host", to_string(sa.remote.address));
  section.set("remote-port", sa.remote.port);
  section.set("remote-id", to_string(sa.remote_id));
  if (!sa.remote_user.empty()) section.set("remote-xauth-id", diagnose::printable(sa.remote_user));
  if (sa.initiator) section.set("initiator", true);
  section.set("initiator-spi", spi_text(sa.spi_initiator));
  section.set("responder-spi", spi_text(sa.spi_responder));
  if (sa.nat_local) section.set("nat-local", true);
  if (sa.nat_remote) section.set("nat-remote", true);
  if (sa.nat_local || sa.nat_remote) section.set("nat-any", true);
  if (sa.ppk) section.set("ppk", true);
  if (sa.suite) write_algorithms(section, *sa.suite);
  if (sa.established) section.set("established", seconds_between(*sa.established, now));
  if (sa.rekeys) section.set("rekey-time", seconds_between(now, *sa.rekeys));
  if (sa.reauthenticates) section.set("reauth-time", seconds_between(now, *sa.reauthenticates));
  if (sa.received) write_addresses(section, "local-vips", *sa.received);
  if (sa.given) write_addresses(section, "remote-vips", *sa.given);
}

void write_child_sa(Section& section, const ike::ChildSaStatus& child, const std::optional<datapath::SaStatus>& traffic,
                    Instant now) {
  section.set("name", child.name);
  section.set("uniqueid", child.id.value);
  section.set("reqid", child.id.value);
  section.set("state", vici_state(child.state));
  section.set("mode", child.mode == policy::Mode::tunnel ? "TUNNEL" : "TRANSPORT");
  section.set("protocol", to_string(child.suite.protocol));
  if (child.udp_encap) section.set("encap", true);
  section.set("spi-in", spi_text(child.spi_in));
  section.set("spi-out", spi_text(child.spi_out));
  if (child.bundled_ah) write_bundled_ah(section, *child.bundled_ah);
  if (child.ipcomp) {
    section.set("cpi-in", fmt::format("{:04x}", child.ipcomp->cpi_in));
    section.set("cpi-out", fmt::format("{:04x}", child.ipcomp->cpi_out));
  }
  write_algorithms(section, child.suite);
  if (child.suite.extended_sequence_numbers()) section.set("esn", "1");
  const datapath::SaStatus known = traffic.value_or(datapath::SaStatus{});
  write_direction(section, "in", known.counters.inbound, known.last_inbound, now);
  write_direction(section, "out", known.counters.outbound, known.last_outbound, now);
  if (child.rekeys) section.set("rekey-time", seconds_between(now, *child.rekeys));
  if (child.expires) section.set("life-time", seconds_between(now, *child.expires));
  section.set("install-time", seconds_between(child.installed, now));
  write_selectors(section.list("local-ts"), child.local_ts);
  write_selectors(section.list("remote-ts"), child.remote_ts);
}

std::int64_t seconds_between(Instant earlier, Instant later) {
  return std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::seconds>(later - earlier).count());
}

std::string spi_text(std::uint32_t spi) { return fmt::format("{:08x}", spi); }
std::string spi_text(std::uint64_t spi) { return fmt::format("{:016x}", spi); }

}  // namespace sallyport::daemon
