// The keys of a child.
#include <fmt/format.h>

#include <array>

#include "config/connection_draft.h"
#include "config/policy_values.h"
#include "config/values.h"

namespace sallyport::config {
namespace {

using policy::Child;
using policy::DpdAction;
using policy::Keep;
using policy::Mode;
using policy::StartAction;

void read_mode(Child& c, const ConfigNode& node, Diagnostics& diagnostics) {
  // Those of "pass" and "drop" are read as shunts.
  static constexpr std::array<std::string_view, 7> words = {"tunnel", "transport",       "pass", "drop",
                                                            "beet",   "transport_proxy", "iptfs"};
  const auto found = read_word(node, diagnostics, words, std::span(words).first(4));
  if (found && *found > 3) report_unsupported_value(node, diagnostics);
  if (found && *found < 2) c.mode = *found == 0 ? Mode::tunnel : Mode::transport;
}

// swanctl's second words for the same are understood as well.
constexpr auto kStartWords = std::to_array<Word<StartAction>>({{"none", StartAction::none},
                                                               {"trap", StartAction::trap},
                                                               {"start", StartAction::start},
                                                               {"clear", StartAction::none},
                                                               {"route", StartAction::trap},
                                                               {"restart", StartAction::start},
                                                               {"trap|start", kNotYet},
                                                               {"start|trap", kNotYet}});

constexpr auto kDpdWords = std::to_array<Word<DpdAction>>({{"clear", DpdAction::clear},
                                                           {"trap", DpdAction::trap},
                                                           {"restart", DpdAction::restart},
                                                           {"none", DpdAction::clear},
                                                           {"route", DpdAction::trap},
                                                           {"start", DpdAction::restart}});

constexpr auto kKeepWords =
    std::to_array<Word<Keep>>({{"up", Keep::up}, {"on-demand", Keep::on_demand}, {"manual", Keep::manual}});

constexpr auto kFragmentWords = std::to_array<Word<bool>>({{"after", false}, {"before", true}});

constexpr std::uint64_t kMostPriority = 0xffffffff;
constexpr std::uint64_t kLeastWindow = 64;
constexpr std::uint64_t kMostWindow = 1048576;

void read_replay_window(Child& c, const ConfigNode& node, Diagnostics& diagnostics) {
  const auto window = read_number(node, diagnostics, 0, kMostWindow);
  if (window && *window != 0 && *window < kLeastWindow) {
    diagnostics.error(
        node.origin(),
        fmt::format("{}: {} is neither 0 nor a number from {} to {}", node.path(), *window, kLeastWindow, kMostWindow),
        fmt::format("write {}, or 0 for no check at all", kLeastWindow));
  } else {
    assign(c.replay_window, window);
  }
}

void read_tfc_padding(Child& c, const ConfigNode& node, Diagnostics& diagnostics) {
  if (node.kind() == ConfigNode::Kind::text && node.text() == "mtu") {
    c.tfc_padding = {.to_path_mtu = true};
  } else if (const auto size = read_number(node, diagnostics, 0, 65535)) {
    c.tfc_padding = {.least_size = static_cast<std::uint16_t>(*size)};
  }
}

std::optional<std::uint64_t> read_packets(const ConfigNode& node, Diagnostics& diagnostics) {
  return read_number(node, diagnostics, 0, kMostVolume);
}

constexpr auto kChildKeys = std::to_array<Key<Child>>({
    {{"mode", "tunnel, transport, pass, drop", "tunnel",
      "whole packets in new ones, or the payload between the two hosts alone; pass and drop: no SA, this traffic goes "
      "in clear, or nowhere"},
     read_mode},
    {{"local_ts", "selectors", "dynamic", "our side's traffic: \"10.1.0.0/16\", \"dynamic[tcp/443]\""},
     [](Child& c, const ConfigNode& n, Diagnostics& d) { assign(c.local_ts, read_selectors(n, d)); }},
    {{"remote_ts", "selectors", "dynamic", "the peer's side's traffic"},
     [](Child& c, const ConfigNode& n, Diagnostics& d) { assign(c.remote_ts, read_selectors(n, d)); }},
    {{"esp_proposals", "proposals", "default",
      "algorithms of ESP, best first; a key exchange in them is for forward secrecy"},
     [](Child& c, const ConfigNode& n, Diagnostics& d) {
       assign(c.esp_proposals, read_proposals(n, policy::Protocol::esp, d));
     }},
    {{"ah_proposals", "proposals", "",
      "algorithms of AH, instead of ESP: what passes is authentic, and in clear; IKEv1: with esp_proposals, around it"},
     [](Child& c, const ConfigNode& n, Diagnostics& d) {
       assign(c.ah_proposals, read_proposals(n, policy::Protocol::ah, d));
     }},
    {{"keep", "up, on-demand, manual", "",
      "the state that it is kept in for ever; start_action, close_action and dpd_action follow from it"},
     [](Child& c, const ConfigNode& n, Diagnostics& d) {
       if (const auto keep = read_word(n, d, kKeepWords); keep.has_value()) c.keep = keep;
     }},
    {{"start_action", "none, trap, start", "none",
      "what brings it up: a command, the first matching packet, the daemon's start"},
     [](Child& c, const ConfigNode& n, Diagnostics& d) { assign(c.start_action, read_word(n, d, kStartWords)); }},
    {{"close_action", "none, trap, start", "none", "what is done when the peer closes it"},
     [](Child& c, const ConfigNode& n, Diagnostics& d) { assign(c.close_action, read_word(n, d, kStartWords)); }},
    {{"dpd_action", "clear, trap, restart", "clear", "what is done when the peer is found dead"},
     [](Child& c, const ConfigNode& n, Diagnostics& d) { assign(c.dpd_action, read_word(n, d, kDpdWords)); }},
    {{"rekey_time", "time", "1h, or life_time / 1.1", "when it gets fresh keys; 0: never"},
     [](Child& c, const ConfigNode& n, Diagnostics& d) { assign(c.rekey_time, read_time(n, d)); }},
    {{"life_time", "time", "rekey_time * 1.1", "when it is closed if it could not be rekeyed; 0: never"},
     [](Child& c, const ConfigNode& n, Diagnostics& d) { assign(c.life_time, read_time(n, d)); }},
    {{"rand_time", "time", "life_time - rekey_time", "up to so much is taken off rekey_time at random"},
     [](Child& c, const ConfigNode& n, Diagnostics& d) { assign(c.rand_time, read_time(n, d)); }},
    {{"rekey_bytes", "octets", "0", "fresh keys after so many octets in either direction; 0: never"},
     [](Child& c, const ConfigNode& n, Diagnostics& d) { assign(c.rekey_volume.bytes, read_octets(n, d)); }},
    {{"life_bytes", "octets", "rekey_bytes * 1.1", "closed after so many octets; IKEv1 negotiates it; 0: never"},
     [](Child& c, const ConfigNode& n, Diagnostics& d) { assign(c.life_volume.bytes, read_octets(n, d)); }},
    {{"rand_bytes", "octets", "life_bytes - rekey_bytes", "up to so much is taken off rekey_bytes at random"},
     [](Child& c, const ConfigNode& n, Diagnostics& d) { assign(c.rand_volume.bytes, read_octets(n, d)); }},
    {{"rekey_packets", "number", "0", "fresh keys after so many packets in either direction; 0: never"},
     [](Child& c, const ConfigNode& n, Diagnostics& d) { assign(c.rekey_volume.packets, read_packets(n, d)); }},
    {{"life_packets", "number", "rekey_packets * 1.1", "closed after so many packets; 0: never"},
     [](Child& c, const ConfigNode& n, Diagnostics& d) { assign(c.life_volume.packets, read_packets(n, d)); }},
    {{"rand_packets", "number", "life_packets - rekey_packets", "up to so much is taken off rekey_packets at random"},
     [](Child& c, const ConfigNode& n, Diagnostics& d) { assign(c.rand_volume.packets, read_packets(n, d)); }},
    {{"replay_window", "0, 64 to 1048576", "4096",
      "packets that may come out of order; 0: replayed packets are not noticed"},
     read_replay_window},
    {{"copy_df", "boolean", "yes", "the inner packet's don't-fragment bit goes to the outer one"},
     [](Child& c, const ConfigNode& n, Diagnostics& d) { assign(c.copy_df, read_boolean(n, d)); }},
    {{"copy_ecn", "boolean", "yes", "congestion marks go from header to header (RFC 6040)"},
     [](Child& c, const ConfigNode& n, Diagnostics& d) { assign(c.copy_ecn, read_boolean(n, d)); }},
    {{"fragment", "after, before", "after",
      "a packet that does not fit and may be fragmented is: its ESP packet, or itself beforehand; tunnels"},
     [](Child& c, const ConfigNode& n, Diagnostics& d) { assign(c.fragment_before, read_word(n, d, kFragmentWords)); }},
    {{"ipcomp", "boolean", "no", "packets are compressed inside of ESP, if the peer agrees (RFC 3173); IKEv2"},
     [](Child& c, const ConfigNode& n, Diagnostics& d) { assign(c.ipcomp, read_boolean(n, d)); }},
    {{"tfc_padding", "number, mtu", "0",
      "ESP packets have at least so many octets, or all that the path takes, against traffic analysis; tunnels of "
      "IKEv2"},
     read_tfc_padding},
    {{"priority", "number", "0",
      "of its policy among all: 1 goes before 2, and any number before 0, which is by how much is selected"},
     [](Child&, const ConfigNode&, Diagnostics&) {}},

    {{"sha256_96", "boolean", "no", "SHA-256 cut to 96 bits, for old peers", "no"}},
    {{"updown", "command", "", "program to run when it comes and goes"}},
    {{"hostaccess", "boolean", "no", "passed to that program", "no"}},
    {{"policies", "boolean", "yes", "whether policies are installed", "yes"}},
    {{"policies_fwd_out", "boolean", "no", "outbound forward policies", "no"}},
    {{"inactivity", "time", "0s", "closing when idle", "0"}},
    {{"reqid", "number", "0", "fixed reqid", "0"}},
    {{"interface", "name", "", "restricts policies to an interface"}},
    {{"mark_in", "mark", "0", "netfilter mark", "0"}},
    {{"mark_in_sa", "boolean", "no", "the mark is on the SA too", "no"}},
    {{"mark_out", "mark", "0", "netfilter mark", "0"}},
    {{"set_mark_in", "mark", "0", "netfilter mark to set", "0"}},
    {{"set_mark_out", "mark", "0", "netfilter mark to set", "0"}},
    {{"if_id_in", "number", "0", "XFRM interface", "0"}},
    {{"if_id_out", "number", "0", "XFRM interface", "0"}},
    {{"label", "text", "", "security label"}},
    {{"label_mode", "system, simple, selinux", "system", "what labels mean", "system"}},
    {{"per_cpu_sas", "boolean, encap", "no", "an SA for each processor (RFC 9611)", "no"}},
    {{"hw_offload", "no, crypto, packet, auto", "no", "offload to the network card", "no"}},
    {{"copy_dscp", "out, in, yes, no", "out", "the inner packet's DSCP goes to the outer one", "out"}},
    {{"icmp", "boolean", "no", "forwards ICMP errors that belong to the traffic", "no"}},
});

/// Of the keys of a child, those that mean something without an SA.
constexpr auto kShuntKeys = std::to_array<Key<ReadShunt>>({
    {{"mode", "", "", ""}, [](ReadShunt&, const ConfigNode&, Diagnostics&) {}},
    {{"local_ts", "", "", ""},
     [](ReadShunt& s, const ConfigNode& n, Diagnostics& d) { assign(s.shunt.local_ts, read_selectors(n, d)); }},
    {{"remote_ts", "", "", ""},
     [](ReadShunt& s, const ConfigNode& n, Diagnostics& d) { assign(s.shunt.remote_ts, read_selectors(n, d)); }},
    {{"start_action", "", "", ""},
     [](ReadShunt& s, const ConfigNode& n, Diagnostics& d) { assign(s.start_action, read_word(n, d, kStartWords)); }},
    {{"priority", "", "", ""}, [](ReadShunt&, const ConfigNode&, Diagnostics&) {}},
});

}  // namespace

std::span<const Key<Child>> child_keys() { return kChildKeys; }
std::span<const Key<ReadShunt>> shunt_keys() { return kShuntKeys; }

std::uint32_t read_priority(const ConfigNode& child, Diagnostics& diagnostics) {
  const ConfigNode* priority = child.find("priority");
  if (priority == nullptr) return 0;
  return static_cast<std::uint32_t>(read_number(*priority, diagnostics, 0, kMostPriority).value_or(0));
}

std::optional<policy::SpdAction> shunt_action(const ConfigNode& child) {
  static constexpr auto words = std::to_array<Word<policy::SpdAction>>(
      {{"pass", policy::SpdAction::bypass}, {"drop", policy::SpdAction::discard}});
  const ConfigNode* mode = child.find("mode");
  Diagnostics unheard;
  return mode != nullptr ? read_word(*mode, unheard, words) : std::nullopt;
}

}  // namespace sallyport::config
