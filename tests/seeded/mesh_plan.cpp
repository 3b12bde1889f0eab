#include "tests/seeded/mesh_plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "tests/seeded/dice.h"

namespace sallyport::seeded {
namespace {

using namespace std::chrono_literals;
using policy::IpAddress;
using policy::Protocol;
using policy::Seconds;

Site make_site(std::size_t number, bool is_hub, Dice& dice) {
  const auto low = static_cast<std::uint8_t>(number + 1);
  Site site{.name = fmt::format("site{}", number),
            .addresses = {IpAddress::v4(192, 0, 2, low)},
            .nat = {},
            .inside = IpAddress::v4(10, low, 0, 1),
            .line = make_line(dice)};
  if (dice.percent(50)) site.clock_drift = static_cast<std::int32_t>(dice.number(0, 400)) - 200;
  if (is_hub) return site;
  using Behaviour = sim::NatSettings::Behaviour;
  constexpr std::array behaviours = {Behaviour::endpoint_independent, Behaviour::address_and_port_dependent};
  switch (dice.number(0, 3)) {
    case 0:
      site.addresses = {IpAddress::v4(192, 168, low, 2)};
      site.nat = sim::NatSettings{.outside = IpAddress::v4(203, 0, 113, low),
                                  .mapping = dice.pick(behaviours),
                                  .filtering = dice.pick(behaviours),
                                  .timeout = dice.time(25s, 120s)};
      break;
    case 1:
      site.addresses.push_back(IpAddress::v4(198, 51, 100, low));
      site.addresses.push_back(IpAddress::v4(198, 18, 0, low));
      break;
    default: break;
  }
  return site;
}

void keep_up(policy::Child& child) {
  child.keep = policy::Keep::up;
  child.start_action = child.close_action = policy::StartAction::start;
  child.dpd_action = policy::DpdAction::restart;
}

/// Soon enough for several to fall into one world.
void choose_lifetimes(policy::Connection& end, Dice& dice) {
  end.dpd_delay = Seconds(dice.number(5, 15));
  if (dice.percent(40)) {
    end.rekey_time = Seconds(dice.number(20, 120));
    end.over_time = Seconds(dice.number(30, 60));
  }
  for (policy::Child& child : end.children)
    if (dice.percent(40)) {
      child.rekey_time = Seconds(dice.number(10, 60));
      child.life_time = child.rekey_time + Seconds(60);
    }
}

/// Further key exchanges (RFC 9370), of the IKE SA, its Child SAs, or both. With dice of its own, so that the other
/// ties are what they would be without.
void choose_additional(Tie& tie, Dice& dice) {
  constexpr auto method = crypto::KeyExchangeMethod::ecp256;
  const bool ike = dice.percent(20), esp = dice.percent(20);
  sim::at_both_ends(tie.pairing, [&](policy::Connection& end) {
    for (policy::Proposal& each : end.proposals)
      if (ike) each.additional = {{1, {method}}};
    for (policy::Child& child : end.children)
      for (policy::Proposal& each : child.esp_proposals)
        if (esp && !each.key_exchange.empty()) each.additional = {{1, {method}}};
  });
}

/// Requests on one IKE SA at once. With dice of its own, as above.
void choose_windows(MeshPlan& plan) {
  Dice dice(plan.seed ^ 0x7296);
  constexpr std::array<std::uint32_t, 4> windows = {1, 2, 3, 8};
  for (Site& site : plan.sites) site.window = dice.pick(windows);
}

Tie make_tie(std::size_t left, std::size_t right, const std::vector<Site>& sites, Dice& dice) {
  constexpr std::array<std::string_view, 3> ike_words = {"aes128gcm16-prfsha256-x25519", "aes128-sha256-x25519",
                                                         "chacha20poly1305-prfsha256-x25519"};
  constexpr std::array<std::string_view, 4> esp_words = {"aes128gcm16", "aes256gcm16-esn", "aes128-sha256-noesn",
                                                         "aes128gcm16-x25519"};
  const auto end = [&](std::size_t site) {
    const std::uint8_t low = static_cast<std::uint8_t>(site + 1);
    return sim::End{sites[site].addresses.front(), fmt::format("10.{}.0.0/16", low), sites[site].name + ".example"};
  };
  Tie tie{left, right, sim::pair_up(fmt::format("tie{}{}", left, right), end(left), end(right))};
  const auto ike = sim::proposals(Protocol::ike, {dice.pick(ike_words)});
  const auto esp = sim::proposals(Protocol::esp, {dice.pick(esp_words)});
  sim::at_both_ends(tie.pairing, [&](policy::Connection& connection) {
    connection.local_addrs.clear();
    connection.mobike = true;
    connection.proposals = ike;
    for (policy::Child& child : connection.children) child.esp_proposals = esp;
    choose_lifetimes(connection, dice);
  });
  keep_up(tie.pairing.left.children[0]);
  if (sites[left].is_found())
    keep_up(tie.pairing.right.children[0]);
  else
    tie.pairing.right.remote_addrs.clear();
  return tie;
}

Mishap make_mishap(const MeshPlan& plan, Dice& dice) {
  using Kind = Mishap::Kind;
  // What is common stands here more than once.
  constexpr std::array kinds = {Kind::cut,         Kind::cut,        Kind::worsen,    Kind::crash, Kind::move,
                                Kind::move,        Kind::rebind,     Kind::rekey,     Kind::rekey, Kind::reload,
                                Kind::rekey_child, Kind::rekey_both, Kind::rekey_both};
  return {.at = dice.time(0s, plan.chaos),
          .kind = dice.pick(kinds),
          .site = dice.number(0, static_cast<std::uint32_t>(plan.sites.size() - 1)),
          .tie = dice.number(0, static_cast<std::uint32_t>(plan.ties.size() - 1)),
          .duration = dice.percent(20) ? dice.time(20s, 180s) : dice.time(0s, 20s),
          .quality = make_line(dice)};
}

}  // namespace

std::string_view to_string(Mishap::Kind kind) {
  static constexpr std::array<std::string_view, static_cast<std::size_t>(Mishap::Kind::count_)> words = {
      "cut", "change line", "crash", "move", "rebind", "rekey", "rekey child", "rekey at both ends", "reload"};
  return words[static_cast<std::size_t>(kind)];
}

sim::Configuration MeshPlan::configuration(std::size_t site) const {
  sim::Configuration all;
  for (const Tie& tie : ties) {
    if (tie.left != site && tie.right != site) continue;
    sim::Configuration one = tie.left == site ? tie.pairing.left_configuration() : tie.pairing.right_configuration();
    all.connections.insert(all.connections.end(), one.connections.begin(), one.connections.end());
    all.keys.insert(all.keys.end(), one.keys.begin(), one.keys.end());
  }
  all.ike = ike;
  all.ike.window = sites[site].window;
  all.datapath.flow_cache_size = 64;
  return all;
}

/// Two to six sites. The first stays where it is, and the others are tied to it; some also to each other, where one of
/// the two can be found.
MeshPlan make_mesh_plan(std::uint64_t seed) {
  Dice dice(seed ^ 0x3e5a);
  MeshPlan plan{.seed = seed};
  const std::uint32_t sites = dice.number(2, 6);
  for (std::size_t i = 0; i < sites; ++i) plan.sites.push_back(make_site(i, i == 0, dice));
  for (std::size_t i = 1; i < sites; ++i) {
    plan.ties.push_back(make_tie(i, 0, plan.sites, dice));
    for (std::size_t j = 1; j < i; ++j)
      if (plan.sites[j].is_found() && dice.percent(30)) plan.ties.push_back(make_tie(i, j, plan.sites, dice));
  }
  Dice additional(seed ^ 0x9370);
  for (Tie& tie : plan.ties) choose_additional(tie, additional);
  Dice tickets(seed ^ 0x5723);  // with dice of their own, so that all else is what it would be without
  for (Tie& tie : plan.ties)
    if (tickets.percent(40)) sim::at_both_ends(tie.pairing, [](policy::Connection& end) { end.resumption = true; });
  choose_windows(plan);
  plan.ike = {.retransmit_timeout = 1s, .keep_alive = 10s, .half_open_timeout = 30s, .cookie_threshold = 4};
  plan.chaos = dice.time(10s, 120s);
  const std::uint32_t mishaps = dice.number(2, 16);
  for (std::uint32_t i = 0; i < mishaps; ++i) plan.mishaps.push_back(make_mishap(plan, dice));
  std::ranges::sort(plan.mishaps, {}, &Mishap::at);
  return plan;
}

std::string to_string(const MeshPlan& plan) {
  const auto seconds = [](Duration time) { return std::chrono::duration<double>(time).count(); };
  std::string text = fmt::format("mesh {}:\n", plan.seed);
  for (const Site& site : plan.sites)
    text += fmt::format("  {}: {}{}, {} places, clock {:+} in a million, loss {} in a million, {} requests at once\n",
                        site.name, policy::to_string(site.addresses.front()), site.nat ? " behind a NAT" : "",
                        site.addresses.size(), site.clock_drift, site.line.loss.per_million, site.window);
  for (const Tie& tie : plan.ties)
    for (const policy::Connection* end : {&tie.pairing.left, &tie.pairing.right})
      text += fmt::format("  {} at {}: IKE {}, {} s{}; ESP {}, {} s\n", end->name, as_text(end->local.id.data),
                          policy::to_string(end->proposals), end->rekey_time.count(),
                          end->resumption ? ", tickets" : "", end->children.size(),
                          policy::to_string(end->children[0].proposals()), end->children[0].rekey_time.count());
  for (const Mishap& mishap : plan.mishaps)
    text += fmt::format("  {:7.3f} s  {}, {}: {} ({:.1f} s)\n", seconds(mishap.at), plan.sites[mishap.site].name,
                        plan.ties[mishap.tie].pairing.left.name, to_string(mishap.kind), seconds(mishap.duration));
  return text;
}

}  // namespace sallyport::seeded
