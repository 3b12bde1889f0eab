// What a connection's keys may each say alone, and together may not; and the times that follow from one another. A
// check passes over keys that could not be read, which were complained about already.
#include <fmt/format.h>

#include <algorithm>

#include "config/connection_draft.h"

namespace sallyport::config {
namespace {

using policy::AddressRange;
using policy::Child;
using policy::Connection;
using policy::Seconds;
using policy::SelectorTemplate;
using policy::StartAction;

struct Families {
  bool v4 = false;
  bool v6 = false;

  bool none() const { return !v4 && !v6; }
  friend Families operator&(Families a, Families b) { return {a.v4 && b.v4, a.v6 && b.v6}; }
};

Families families_of(const AddressRange& range) { return {!range.first.is_v6(), range.first.is_v6()}; }

Families families_of(const std::vector<AddressRange>& ranges) {
  if (ranges.empty()) return {true, true};
  Families all;
  for (const AddressRange& range : ranges) {
    all.v4 |= !range.first.is_v6();
    all.v6 |= range.first.is_v6();
  }
  return all;
}

/// Those of the addresses between which the SA itself may run.
Families outer_families(const Connection& c) {
  const Families either{true, true};  // of which family a name's are, nobody knows yet
  return (c.local_names.empty() ? families_of(c.local_addrs) : either) &
         (c.remote_names.empty() ? families_of(c.remote_addrs) : either);
}

/// Is there a packet that both select, one by its source and the other by its destination?
bool can_meet(const SelectorTemplate& local, const SelectorTemplate& remote, Families outer) {
  const Families of_local = local.dynamic ? outer : families_of(local.fixed.addresses);
  const Families of_remote = remote.dynamic ? outer : families_of(remote.fixed.addresses);
  const auto a = local.fixed.protocol, b = remote.fixed.protocol;
  return !(of_local & of_remote).none() && (a == 0 || b == 0 || a == b);
}

void check_rounds(const ConnectionDraft& draft, Diagnostics& diagnostics) {
  for (const std::string side : {"local", "remote"}) {
    const std::string key = side + ".auth";
    if (draft.written.has(key)) continue;
    const Origin where = draft.written.origin_of(draft.written.has(side) ? side : "");
    diagnostics.error(
        where, fmt::format("{}.{}: missing; swanctl's default, pubkey, is not supported yet", draft.written.path, key),
        fmt::format("write auth = \"psk\" in [{}.{}]", draft.written.path, side));
  }
  for (const auto& [side, round] :
       {std::pair{"local", &draft.connection.local}, std::pair{"remote", &draft.connection.remote}})
    if (round->method == policy::AuthMethod::xauth)
      draft.written.error(
          std::string(side) + ".auth", "XAUTH comes behind another proof of identity", diagnostics,
          fmt::format("write auth = \"psk\" here, and \"xauth\" in [{}.{}2]", draft.written.path, side));
  if (policy::has_wildcards(draft.connection.local.id))
    draft.written.error("local.id", "we are one name, not a pattern for several", diagnostics);
}

/// What IKEv1 has nothing like has to be said of IKEv2 alone: else a peer could choose to do without it.
void check_ikev2_alone(const ConnectionDraft& draft, Diagnostics& diagnostics) {
  const Connection& c = draft.connection;
  const bool v2 = c.version == policy::IkeVersion::v2;
  for (const auto& [side, round] : {std::pair{"local", &c.local}, std::pair{"remote", &c.remote}})
    if (round->method == policy::AuthMethod::null && !v2)
      draft.written.error(std::string(side) + ".auth", "only IKEv2 has ends that prove nothing", diagnostics,
                          "write version = 2");
  if (c.remote.method == policy::AuthMethod::null && c.remote.id.kind != policy::Identity::Kind::any &&
      c.remote.id.kind != policy::Identity::Kind::null)
    draft.written.error("remote.id", "nobody proves this name where auth is \"null\"", diagnostics,
                        "leave remote.id out");
  if (draft.written.has("ppk_id") && !v2)
    draft.written.error("ppk_id", "only IKEv2 has postquantum preshared keys", diagnostics, "write version = 2");
  if (c.resumption && c.version == policy::IkeVersion::v1)
    draft.written.error("resumption", "only IKEv2 has tickets", diagnostics,
                        "leave resumption out, or write version = 2");
  if (c.resumption && (c.local.method == policy::AuthMethod::null || c.remote.method == policy::AuthMethod::null))
    draft.written.error("resumption", "there is no proof to go on from where auth is \"null\"", diagnostics,
                        "leave resumption out");
  if (c.ppk_required && draft.written.usable({"ppk_id"}) && c.ppk_id.kind == policy::Identity::Kind::any)
    draft.written.error("ppk_required", "ppk_id does not say which key that is", diagnostics);
}

/// Who gets inner addresses, and who gives them.
void check_remote_access(const ConnectionDraft& draft, Diagnostics& diagnostics) {
  const Connection& c = draft.connection;
  if (!c.vips.empty() && !c.pools.empty())
    draft.written.error("pools", "a connection either asks for inner addresses, with vips, or gives them", diagnostics,
                        "leave one of the two out");
  if (c.local_xauth() && c.remote_xauth())
    draft.written.error("", "both sides are to say a user name and a password", diagnostics,
                        "leave the second round of one side out");
  for (const ChildDraft& child : draft.children) {
    const bool dynamic = std::ranges::any_of(child.child.local_ts, &SelectorTemplate::dynamic);
    if (c.vips.empty()) continue;
    if (child.child.mode == policy::Mode::transport)
      child.written.error("mode", "an inner address, of vips, needs tunnel mode", diagnostics,
                          "write mode = \"tunnel\"");
    else if (dynamic && child.child.start_action == StartAction::trap)
      child.written.error(child.child.keep ? "keep" : "start_action",
                          "no packet has the inner address before the gateway has given it", diagnostics,
                          child.child.keep ? "write keep = \"up\"" : "write start_action = \"start\"");
  }
}

void check_addresses(const ConnectionDraft& draft, Diagnostics& diagnostics) {
  if (!draft.written.usable({"local_addrs", "remote_addrs"})) return;
  if (outer_families(draft.connection).none())
    draft.written.error("remote_addrs", "local_addrs and remote_addrs have no address family in common", diagnostics);
}

void check_rekeying(const ConnectionDraft& draft, Diagnostics& diagnostics) {
  const Connection& c = draft.connection;
  for (const auto& [key, time] : {std::pair{"rekey_time", c.rekey_time}, std::pair{"reauth_time", c.reauth_time}}) {
    if (!draft.written.usable({key, "rand_time"}) || time == Seconds(0) || c.rand_time < time) continue;
    draft.written.error("rand_time",
                        fmt::format("{} s is not shorter than {}, {} s", c.rand_time.count(), key, time.count()),
                        diagnostics, fmt::format("it is taken off {}, and something has to be left", key));
  }
  if (c.version == policy::IkeVersion::v1 && draft.written.has("rekey_time") && draft.written.has("reauth_time") &&
      c.rekey_time != Seconds(0) && c.reauth_time != Seconds(0))
    draft.written.warning("reauth_time", "IKEv1 has no fresh keys without another proof: the shorter of the two counts",
                          diagnostics, "leave rekey_time out");
}

void check_lifetimes(const ChildDraft& draft, Diagnostics& diagnostics) {
  const Child& c = draft.child;
  if (!draft.written.usable({"rekey_time", "life_time", "rand_time"}) || c.rekey_time == Seconds(0)) return;
  if (c.life_time != Seconds(0) && c.rekey_time >= c.life_time) {
    draft.written.error(draft.written.has("rekey_time") ? "rekey_time" : "life_time",
                        fmt::format("rekeying after {} s comes too late for a life_time of {} s", c.rekey_time.count(),
                                    c.life_time.count()),
                        diagnostics, "rekey_time has to be shorter than life_time");
  } else if (c.rand_time >= c.rekey_time) {
    draft.written.error(
        "rand_time",
        fmt::format("{} s is not shorter than rekey_time, {} s", c.rand_time.count(), c.rekey_time.count()),
        diagnostics, "it is taken off rekey_time, and something has to be left");
  }
}

void check_volume(const ChildDraft& draft, std::string_view unit, std::uint64_t rekey, std::uint64_t life,
                  std::uint64_t rand, Diagnostics& diagnostics) {
  const std::string rekey_key = fmt::format("rekey_{}", unit), life_key = fmt::format("life_{}", unit);
  const std::string rand_key = fmt::format("rand_{}", unit);
  if (!draft.written.usable({rekey_key, life_key, rand_key}) || rekey == 0) return;
  if (life != 0 && rekey >= life)
    draft.written.error(draft.written.has(rekey_key) ? rekey_key : life_key,
                        fmt::format("rekeying after {} {} comes too late for a life of {}", rekey, unit, life),
                        diagnostics, fmt::format("{} has to be smaller than {}", rekey_key, life_key));
  else if (rand >= rekey)
    draft.written.error(rand_key, fmt::format("{} is not smaller than {}, {}", rand, rekey_key, rekey), diagnostics,
                        fmt::format("it is taken off {}, and something has to be left", rekey_key));
}

/// Only IKEv1 negotiates a bundle of ESP and AH: in IKEv2 a Child SA has one protocol (RFC 7296 §3.3.1). And AH passes
/// no NAT, so it does not pretend that there is one.
void check_protocol(const ConnectionDraft& draft, const ChildDraft& child, Diagnostics& diagnostics) {
  if (!child.written.has("ah_proposals")) return;
  if (child.written.has("esp_proposals") && draft.connection.version != policy::IkeVersion::v1)
    child.written.error("ah_proposals", "only IKEv1 has ESP and AH together", diagnostics,
                        "leave one of esp_proposals and ah_proposals out, or write version = 1");
  if (draft.connection.encap)
    child.written.error("ah_proposals", "AH does not go in UDP, and encap is on", diagnostics,
                        "write esp_proposals, or leave encap out");
}

/// RFC 4303 §2.7: the receiver must know where the packet ends, and must have agreed (RFC 7296 §1.3.1).
void check_tfc_padding(const ConnectionDraft& draft, const ChildDraft& child, Diagnostics& diagnostics) {
  if (!child.child.tfc_padding.any()) return;
  const auto refuse = [&](const char* why, const char* remedy) {
    child.written.error("tfc_padding", why, diagnostics, remedy);
  };
  if (child.child.mode == policy::Mode::transport)
    refuse("packets of transport mode do not say where the padding begins", "write mode = \"tunnel\"");
  else if (child.child.esp_proposals.empty())
    refuse("AH has no padding", "write esp_proposals");
  else if (draft.connection.version == policy::IkeVersion::v1)
    refuse("in IKEv1 a peer cannot say whether it takes it", "write version = 2");
}

void check_ipcomp(const ConnectionDraft& draft, const ChildDraft& child, Diagnostics& diagnostics) {
  if (!child.child.ipcomp) return;
  if (!child.child.ah_proposals.empty())
    child.written.error("ipcomp", "it is compressed inside of ESP alone", diagnostics, "leave ah_proposals out");
  else if (child.child.tfc_padding.any())
    child.written.error("ipcomp", "tfc_padding would undo it", diagnostics, "leave one of the two out");
  else if (draft.connection.version == policy::IkeVersion::v1)
    child.written.error("ipcomp", "not supported yet in IKEv1", diagnostics, "write version = 2");
}

void check_fragment(const ChildDraft& child, Diagnostics& diagnostics) {
  if (child.child.fragment_before && child.child.mode == policy::Mode::transport)
    child.written.error("fragment", "transport mode takes whole packets alone", diagnostics,
                        "write fragment = \"after\", or mode = \"tunnel\"");
}

/// Transport mode is between the two hosts themselves (RFC 4301 §4.1).
void check_transport_selectors(const ChildDraft& draft, Diagnostics& diagnostics) {
  if (draft.child.mode != policy::Mode::transport) return;
  const auto check = [&](std::string_view key, const policy::SelectorTemplates& selectors) {
    if (!draft.written.usable({key})) return;
    for (const SelectorTemplate& each : selectors)
      if (!each.dynamic && !is_host(each.fixed.addresses))
        draft.written.error(
            key, fmt::format("transport mode is between two hosts, and {} is more than one", to_string(each)),
            diagnostics, "write \"dynamic\" for the host itself, or mode = \"tunnel\"");
  };
  check("local_ts", draft.child.local_ts);
  check("remote_ts", draft.child.remote_ts);
}

void check_selectors(const ConnectionDraft& draft, const ChildDraft& child, Diagnostics& diagnostics) {
  check_transport_selectors(child, diagnostics);
  if (!child.written.usable({"local_ts", "remote_ts"})) return;
  const bool addresses_known = draft.written.usable({"local_addrs", "remote_addrs"});
  const Families outer = addresses_known ? outer_families(draft.connection) : Families{true, true};
  if (outer.none()) return;
  for (const SelectorTemplate& local : child.child.local_ts)
    for (const SelectorTemplate& remote : child.child.remote_ts)
      if (can_meet(local, remote, outer)) return;
  child.written.error(child.written.has("remote_ts") ? "remote_ts" : "local_ts",
                      "no packet can match both local_ts and remote_ts: address families or protocols differ",
                      diagnostics);
}

/// A shunt is in force from the start or not at all: there is nothing to wait for, and no command that puts it in.
void check_shunt(const ShuntDraft& draft, Diagnostics& diagnostics) {
  const policy::Shunt& shunt = draft.read.shunt;
  const std::string mode = fmt::format("mode = \"{}\"", to_string(shunt.action));
  if (draft.written.usable({"start_action"}) && draft.read.start_action != StartAction::trap)
    draft.written.error("start_action", fmt::format("{} is in force from the start", mode), diagnostics,
                        "write start_action = \"trap\"");
  if (!draft.written.has("local_ts") && !draft.written.has("remote_ts"))
    draft.written.error("", fmt::format("{} does not say for which traffic", mode), diagnostics,
                        "write local_ts and remote_ts");
  if (!draft.written.usable({"local_ts", "remote_ts"})) return;
  for (const SelectorTemplate& local : shunt.local_ts)
    for (const SelectorTemplate& remote : shunt.remote_ts)
      if (can_meet(local, remote, {true, true})) return;
  draft.written.error(draft.written.has("remote_ts") ? "remote_ts" : "local_ts",
                      "no packet can match both local_ts and remote_ts: address families or protocols differ",
                      diagnostics);
}

/// It does not follow a name: what it is for has to be written.
void check_names(const ConnectionDraft& draft, const ShuntDraft& shunt, Diagnostics& diagnostics) {
  const auto check = [&](std::string_view key, const policy::SelectorTemplates& selectors, bool named) {
    if (named && std::ranges::any_of(selectors, &SelectorTemplate::dynamic))
      shunt.written.error(shunt.written.has(key) ? key : "",
                          fmt::format("{} is \"dynamic\", and the connection's address is a name", key), diagnostics,
                          fmt::format("write the addresses in {}", key));
  };
  // Without an address of our own, ours is the one that reaches the peer.
  const policy::Connection& c = draft.connection;
  const bool remote_named = !c.remote_names.empty();
  check("local_ts", shunt.read.shunt.local_ts, !c.local_names.empty() || (remote_named && c.local_addrs.empty()));
  check("remote_ts", shunt.read.shunt.remote_ts, remote_named);
}

void check_actions(const ConnectionDraft& draft, const ChildDraft& child, Diagnostics& diagnostics) {
  const auto& addresses = draft.connection.remote_addrs;
  const bool named = !draft.connection.remote_names.empty();
  if (!draft.written.usable({"remote_addrs"}) || named || (!addresses.empty() && is_host(addresses.front()))) return;
  const std::string suggestion = fmt::format("give the peer's address in {}.remote_addrs", draft.written.path);
  const auto refuse = [&](std::string_view key, std::string_view value) {
    child.written.error(
        key, fmt::format("\"{}\" needs a peer to go to, and remote_addrs does not begin with one address", value),
        diagnostics, suggestion);
  };
  if (child.child.keep) {
    if (child.child.start_action != StartAction::none) refuse("keep", to_string(*child.child.keep));
    return;
  }
  if (child.child.start_action != StartAction::none) refuse("start_action", to_string(child.child.start_action));
  if (child.child.close_action != StartAction::none) refuse("close_action", to_string(child.child.close_action));
  if (child.child.dpd_action != policy::DpdAction::clear) refuse("dpd_action", to_string(child.child.dpd_action));
}

/// As of times: of the three, those that were not written follow from the others.
void complete_volume(const Written& written, std::string_view unit, std::uint64_t& rekey, std::uint64_t& life,
                     std::uint64_t& rand) {
  const auto has = [&](std::string_view which) { return written.has(fmt::format("{}_{}", which, unit)); };
  if (has("rekey") && !has("life")) life = rekey + rekey / 10;
  if (has("life") && !has("rekey")) rekey = life - life / 11;
  if (!has("rand")) rand = std::min(life > rekey ? life - rekey : rekey / 10, rekey / 2);
}

}  // namespace

void check_further_round(const ConfigNode& section, const policy::AuthRound& round, const ConnectionDraft& draft,
                         Diagnostics& diagnostics) {
  const std::string key = section.name() + ".auth";
  const bool local = section.name().starts_with("local");
  const auto& rounds = local ? draft.connection.further_local : draft.connection.further_remote;
  if (!draft.written.usable({key})) return;
  if (round.method != policy::AuthMethod::xauth)
    diagnostics.error(draft.written.origin_of(draft.written.has(key) ? key : section.name()),
                      fmt::format("{}: the only second round that is supported is XAUTH", section.path()),
                      "write auth = \"xauth\"");
  else if (draft.connection.version != policy::IkeVersion::v1)
    draft.written.error(key, "only IKEv1 has XAUTH", diagnostics, "write version = 1");
  else if (rounds.size() > 1)
    draft.written.error(key, "one round of XAUTH is enough", diagnostics);
}

void complete_times(ConnectionDraft& draft) {
  Connection& c = draft.connection;
  if (c.reauth_time != Seconds(0) && !draft.written.has("rekey_time")) c.rekey_time = Seconds(0);
  if (!draft.written.has("over_time")) c.over_time = std::max(c.rekey_time, c.reauth_time) / 10;
  if (!draft.written.has("rand_time")) c.rand_time = std::min(c.over_time, c.phase1_time() / 2);
  for (ChildDraft& each : draft.children) {
    Child& child = each.child;
    const bool rekey = each.written.has("rekey_time"), life = each.written.has("life_time");
    if (rekey && !life) child.life_time = child.rekey_time + child.rekey_time / 10;
    if (life && !rekey) child.rekey_time = child.life_time * 10 / 11;
    complete_volume(each.written, "bytes", child.rekey_volume.bytes, child.life_volume.bytes, child.rand_volume.bytes);
    complete_volume(each.written, "packets", child.rekey_volume.packets, child.life_volume.packets,
                    child.rand_volume.packets);
    if (each.written.has("rand_time")) continue;
    const Seconds margin =
        child.life_time > child.rekey_time ? child.life_time - child.rekey_time : child.rekey_time / 10;
    child.rand_time = std::min(margin, child.rekey_time / 2);
  }
}

void complete_protocols(ConnectionDraft& draft) {
  for (ChildDraft& each : draft.children)
    if (each.written.has("ah_proposals") && !each.written.has("esp_proposals")) each.child.esp_proposals.clear();
}

void check_combinations(const ConnectionDraft& draft, Diagnostics& diagnostics) {
  for (const ShuntDraft& shunt : draft.shunts) {
    check_shunt(shunt, diagnostics);
    check_names(draft, shunt, diagnostics);
  }
  if (draft.children.empty() && !draft.shunts.empty()) return;  // there is nobody to speak with
  check_rounds(draft, diagnostics);
  check_ikev2_alone(draft, diagnostics);
  check_remote_access(draft, diagnostics);
  check_addresses(draft, diagnostics);
  check_rekeying(draft, diagnostics);
  for (const ChildDraft& child : draft.children) {
    check_lifetimes(child, diagnostics);
    const Child& c = child.child;
    check_volume(child, "bytes", c.rekey_volume.bytes, c.life_volume.bytes, c.rand_volume.bytes, diagnostics);
    check_volume(child, "packets", c.rekey_volume.packets, c.life_volume.packets, c.rand_volume.packets, diagnostics);
    check_protocol(draft, child, diagnostics);
    check_tfc_padding(draft, child, diagnostics);
    check_ipcomp(draft, child, diagnostics);
    check_fragment(child, diagnostics);
    check_selectors(draft, child, diagnostics);
    check_actions(draft, child, diagnostics);
  }
  if (draft.children.empty())
    draft.written.warning("", "no children: it brings up an IKE SA that protects nothing", diagnostics,
                          fmt::format("add [{}.children.NAME]", draft.written.path));
}

}  // namespace sallyport::config
