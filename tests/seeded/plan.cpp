#include "tests/seeded/plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "tests/seeded/dice.h"

namespace sallyport::seeded {
namespace {

using namespace std::chrono_literals;
using policy::IpAddress;
using policy::Protocol;
using sim::Chance;

Side side(Dice& dice) { return dice.percent(50) ? Side::left : Side::right; }

// What costs little time: what it is about is the messages, not the arithmetic.
constexpr std::array<std::string_view, 4> ike_words = {"aes128gcm16-prfsha256-x25519", "aes256gcm16-prfsha384-ecp256",
                                                       "chacha20poly1305-prfsha256-x25519", "aes128-sha256-x25519"};
constexpr std::array<std::string_view, 6> esp_words = {
    "aes128gcm16",         "aes256gcm16-esn",    "chacha20poly1305-noesn",
    "aes128-sha256-noesn", "aes256ctr-sha1-esn", "aes128gcm16-x25519"};

void choose_places(Plan& plan, Dice& dice) {
  if (dice.percent(20)) {
    plan.left_address = *IpAddress::parse("2001:db8:a::1");
    plan.right_address = *IpAddress::parse("2001:db8:b::1");
    return;
  }
  plan.left_address = IpAddress::v4(192, 0, 2, 1);
  plan.right_address = IpAddress::v4(198, 51, 100, 2);
  if (!dice.percent(35)) return;
  plan.nat = true;
  plan.left_address = IpAddress::v4(192, 168, 1, 2);
  using Behaviour = sim::NatSettings::Behaviour;
  constexpr std::array behaviours = {Behaviour::endpoint_independent, Behaviour::address_and_port_dependent};
  plan.nat_settings = {.outside = IpAddress::v4(203, 0, 113, 7),
                       .mapping = dice.pick(behaviours),
                       .filtering = dice.pick(behaviours),
                       .timeout = dice.time(25s, 120s)};
}

void choose_networks(Plan& plan, Dice& dice) {
  const bool six = dice.percent(20);
  const bool transport = !plan.nat && dice.percent(20);
  std::string left_network = six ? "fd00:a::/64" : "10.1.0.0/16", right_network = six ? "fd00:b::/64" : "10.2.0.0/16";
  plan.left_inside = six ? *IpAddress::parse("fd00:a::1") : IpAddress::v4(10, 1, 0, 1);
  plan.right_inside = six ? *IpAddress::parse("fd00:b::1") : IpAddress::v4(10, 2, 0, 1);
  if (transport) {
    plan.left_inside = plan.left_address;
    plan.right_inside = plan.right_address;
  }
  plan.pairing = sim::pair_up("office", {plan.left_address, left_network, "left.example"},
                              {plan.right_address, right_network, "right.example"});
  if (transport) sim::use_transport_mode(plan.pairing);
  if (plan.nat || (!transport && dice.percent(10))) plan.pairing.right.remote_addrs.clear();
  if (dice.percent(15)) plan.pairing.left.encap = true;
}

policy::StartAction start_action(Dice& dice) {
  constexpr std::array all = {policy::StartAction::none, policy::StartAction::trap, policy::StartAction::start};
  return dice.pick(all);
}

void choose_lifetimes(policy::Connection& connection, Dice& dice) {
  constexpr std::array dpd_actions = {policy::DpdAction::clear, policy::DpdAction::trap, policy::DpdAction::restart};
  constexpr std::array<std::uint32_t, 3> tries = {0, 1, 3};
  using policy::Seconds;
  connection.dpd_delay = Seconds(dice.number(5, 15));
  connection.keyingtries = dice.pick(tries);
  if (dice.percent(20)) {
    connection.rekey_time = Seconds(dice.number(20, 200));
    connection.over_time = Seconds(dice.number(1, 20));
  }
  for (policy::Child& child : connection.children) {
    child.start_action = start_action(dice);
    child.close_action = dice.percent(30) ? policy::StartAction::start : policy::StartAction::none;
    child.dpd_action = dice.pick(dpd_actions);
    if (!dice.percent(20)) continue;
    child.rekey_time = Seconds(dice.number(10, 100));
    child.life_time = child.rekey_time + Seconds(10);
  }
}

void choose_algorithms(Plan& plan, Dice& dice) {
  const std::string_view common = dice.pick(ike_words), guess = dice.pick(ike_words);
  const auto esp = sim::proposals(Protocol::esp, {dice.pick(esp_words)});
  // The left one's first guess may be a group that the right one does not take.
  plan.pairing.left.proposals = sim::proposals(Protocol::ike, {guess, common});
  plan.pairing.right.proposals = sim::proposals(Protocol::ike, {common});
  sim::at_both_ends(plan.pairing, [&](policy::Connection& end) {
    if (dice.percent(25)) {  // one end alone may know of the second child
      const bool is_left = &end == &plan.pairing.left;
      end.children.push_back(end.children[0]);
      end.children.back().name = "lab";
      end.children.back().local_ts = sim::selectors({is_left ? "10.11.0.0/16" : "10.12.0.0/16"});
      end.children.back().remote_ts = sim::selectors({is_left ? "10.12.0.0/16" : "10.11.0.0/16"});
    }
    for (policy::Child& child : end.children) child.esp_proposals = esp;
  });
}

constexpr std::array<std::string_view, 3> ikev1_words = {"aes128-sha256-ecp256", "aes256-sha384-ecp384",
                                                         "aes128-sha1-ecp256"};
constexpr std::array<std::string_view, 4> ikev1_esp_words = {"aes128gcm16-noesn", "aes256gcm16-esn",
                                                             "aes128-sha256-noesn", "aes128gcm16-ecp256"};
constexpr std::array<std::string_view, 2> ah_words = {"sha256-noesn", "sha1-esn"};

/// One world in three is about IKEv1; of those, some have an end that would rather speak IKEv2, or that begins in the
/// other mode. With dice of its own, so that the other worlds are what they would be without.
void choose_version(Plan& plan, Versions versions) {
  Dice dice(plan.seed ^ 0x12e1);
  const bool ikev1 = dice.percent(33);
  if (versions == Versions::ikev2 || (versions == Versions::both && !ikev1)) return;
  policy::Connection &left = plan.pairing.left, &right = plan.pairing.right;
  left.version = right.version = policy::IkeVersion::v1;
  left.aggressive = right.aggressive = dice.percent(40);
  // Aggressive Mode settles on the group of its first proposal.
  const std::string_view common = dice.pick(ikev1_words), other = dice.pick(ikev1_words);
  left.proposals =
      left.aggressive ? sim::proposals(Protocol::ike, {common, other}) : sim::proposals(Protocol::ike, {other, common});
  right.proposals = sim::proposals(Protocol::ike, {common});
  const auto esp = sim::proposals(Protocol::esp, {dice.pick(ikev1_esp_words)});
  sim::at_both_ends(plan.pairing, [&](policy::Connection& end) {
    for (policy::Child& child : end.children) child.esp_proposals = esp;
  });
  policy::Connection& odd = side(dice) == Side::left ? left : right;
  if (dice.percent(15)) odd.version = policy::IkeVersion::any;
  if (dice.percent(10)) odd.aggressive = !odd.aggressive;
  // Whoever would rather begin with what the other does not take can only answer.
  const auto can_begin = [&](const policy::Connection& end, const policy::Connection& peer) {
    const bool speaks =
        end.version == peer.version || end.version == policy::IkeVersion::v1 || versions != Versions::both;
    return speaks && (!end.aggressive || peer.aggressive);
  };
  plan.left_can_begin = can_begin(left, right);
  plan.right_can_begin = can_begin(right, left);
}

/// A gateway that asks for puzzles, mostly when it has nothing to do. With dice of its own, as above.
void choose_puzzles(Plan& plan) {
  Dice dice(plan.seed ^ 0x8019);
  constexpr std::array<std::uint32_t, 3> thresholds = {0, 1, 200};
  for (ike::Settings* settings : {&plan.left_ike, &plan.right_ike}) {
    settings->puzzle_threshold = dice.pick(thresholds);
    settings->puzzle_difficulty = static_cast<std::uint8_t>(dice.number(1, 10));
  }
}

/// Requests on one IKE SA at once. With dice of its own, as above.
void choose_windows(Plan& plan) {
  Dice dice(plan.seed ^ 0x7296);
  constexpr std::array<std::uint32_t, 4> windows = {1, 2, 3, 8};
  for (ike::Settings* settings : {&plan.left_ike, &plan.right_ike}) settings->window = dice.pick(windows);
}

/// Further key exchanges (RFC 9370) of IKE SAs, of Child SAs, or of both; at one end perhaps as a matter of choice.
/// With dice of its own, as above.
void choose_additional(Plan& plan) {
  Dice dice(plan.seed ^ 0x9370);
  if (plan.pairing.left.version == policy::IkeVersion::v1 || plan.pairing.right.version == policy::IkeVersion::v1)
    return;
  const bool ike = dice.percent(15), esp = dice.percent(15), optional = dice.percent(30);
  const auto add = [&](policy::Connection& end, policy::Proposal& to, bool may_be_left_out) {
    using Method = crypto::KeyExchangeMethod;
    if (to.key_exchange.empty()) return;
    const bool is_curve = to.key_exchange.front() == Method::ecp256;
    to.additional = {{2, {is_curve ? Method::x25519 : Method::ecp256}}};  // no method serves twice
    if (may_be_left_out && &end == &plan.pairing.left) to.additional[0].methods.push_back(Method::none);
  };
  sim::at_both_ends(plan.pairing, [&](policy::Connection& end) {
    for (policy::Proposal& each : end.proposals)
      if (ike) add(end, each, optional);
    for (policy::Child& child : end.children)
      for (policy::Proposal& each : child.esp_proposals)
        if (esp) add(end, each, false);
  });
}

/// AH instead of ESP, where no NAT and no UDP are in the way.
void choose_protocol(Plan& plan) {
  Dice dice(plan.seed ^ 0xa4);
  if (plan.nat || plan.pairing.left.encap || !dice.percent(10)) return;
  plan.secret = false;
  const auto ah = sim::proposals(Protocol::ah, {dice.pick(ah_words)});
  sim::at_both_ends(plan.pairing, [&](policy::Connection& end) {
    for (policy::Child& child : end.children) {
      child.ah_proposals = ah;
      child.esp_proposals.clear();
    }
  });
}

/// Tickets at both ends, or at one that is alone with them. With dice of its own, as above.
void choose_resumption(Plan& plan) {
  Dice dice(plan.seed ^ 0x5723);
  if (plan.pairing.left.version == policy::IkeVersion::v1) return;
  const bool both = dice.percent(30), one = dice.percent(5);
  plan.pairing.left.resumption = both || one;
  plan.pairing.right.resumption = both;
}

void choose_disagreement(Plan& plan, Dice& dice) {
  if (!dice.percent(10)) return;
  plan.compatible = false;
  policy::Connection& right = plan.pairing.right;
  switch (dice.number(0, 3)) {
    case 0: plan.pairing.right_secret = "something else"; break;
    case 1: right.proposals = sim::proposals(Protocol::ike, {"aes256-sha512-ecp521"}); break;
    case 2: right.remote.id = policy::Identity::fqdn("nobody.example"); break;
    default:
      for (policy::Child& child : right.children)
        (plan.secret ? child.esp_proposals : child.ah_proposals) =
            plan.secret ? sim::proposals(Protocol::esp, {"aes192gcm16-noesn"})
                        : sim::proposals(Protocol::ah, {"sha512-noesn"});
  }
}

// Gives up after 41 s at the most, so that a world is over soon.
ike::Settings make_settings(Dice& dice) {
  constexpr std::array<std::uint32_t, 3> thresholds = {0, 1, 30};
  return {.retransmit_timeout = 1s,
          .keep_alive = 10s,
          .half_open_timeout = dice.time(5s, 40s),
          .cookie_threshold = dice.pick(thresholds),
          .half_open_limit = 100,
          .confirm_after = dice.time(1s, 10s)};
}

Action make_action(Dice& dice, Duration chaos) {
  using Kind = Action::Kind;
  // What is common stands here more than once.
  constexpr std::array kinds = {
      Kind::initiate,  Kind::initiate, Kind::initiate_both,   Kind::ping,   Kind::ping,   Kind::ping, Kind::burst,
      Kind::terminate, Kind::crash,    Kind::terminate_child, Kind::reload, Kind::rebind, Kind::cut,  Kind::worsen,
      Kind::replay,    Kind::mutate};
  return {.at = dice.time(0s, chaos),
          .kind = dice.pick(kinds),
          .side = side(dice),
          .duration = dice.time(0s, 20s),
          .quality = make_line(dice)};
}

/// Fresh keys by hand, at one end or at both. With dice of its own, as above.
void add_rekeying(Plan& plan) {
  using Kind = Action::Kind;
  constexpr std::array kinds = {Kind::rekey, Kind::rekey_child, Kind::rekey_both};
  Dice dice(plan.seed ^ 0x4e7);
  const std::uint32_t times = dice.number(0, 6);
  for (std::uint32_t i = 0; i < times; ++i)
    plan.script.push_back({.at = dice.time(Duration(0), plan.chaos),
                           .kind = dice.pick(kinds),
                           .side = side(dice),
                           .duration = dice.time(Duration(0), 20s)});
}

}  // namespace

std::string_view to_string(Action::Kind kind) {
  static constexpr std::array<std::string_view, static_cast<std::size_t>(Action::Kind::count_)> words = {
      "initiate",
      "initiate at both ends",
      "ping",
      "burst",
      "terminate",
      "terminate child",
      "rekey",
      "rekey child",
      "rekey at both ends",
      "crash",
      "reload",
      "rebind",
      "cut",
      "change line",
      "replay",
      "mutate"};
  return words[static_cast<std::size_t>(kind)];
}

Plan make_plan(std::uint64_t seed, Versions versions) {
  Dice dice(seed ^ 0x5a11e9027);  // not the stream of the world itself
  Plan plan{.seed = seed};
  choose_places(plan, dice);
  plan.left_line = make_line(dice);
  plan.right_line = make_line(dice);
  choose_networks(plan, dice);
  choose_algorithms(plan, dice);
  choose_version(plan, versions);
  choose_protocol(plan);
  choose_additional(plan);
  choose_resumption(plan);
  choose_disagreement(plan, dice);
  for (policy::Connection* end : {&plan.pairing.left, &plan.pairing.right}) choose_lifetimes(*end, dice);
  plan.left_ike = make_settings(dice);
  plan.right_ike = make_settings(dice);
  choose_puzzles(plan);
  choose_windows(plan);
  plan.chaos = dice.time(10s, 90s);
  plan.calm = 110s;  // liveness 15 s, giving up 41 s, and what a closing IKE SA is kept for, 40 s
  const std::uint32_t actions = dice.number(2, 14);
  for (std::uint32_t i = 0; i < actions; ++i) plan.script.push_back(make_action(dice, plan.chaos));
  add_rekeying(plan);
  std::ranges::sort(plan.script, {}, &Action::at);
  return plan;
}

std::string to_string(const Plan& plan) {
  const auto line = [](const sim::LinkQuality& quality) {
    return fmt::format("loss {}, duplication {}, reordering {}, corruption {} in a million", quality.loss.per_million,
                       quality.duplication.per_million, quality.reordering.per_million, quality.corruption.per_million);
  };
  const auto seconds = [](Duration time) { return std::chrono::duration<double>(time).count(); };
  std::string text = fmt::format("world {}: {} {} {}{}\n  left line:  {}\n  right line: {}\n", plan.seed,
                                 policy::to_string(plan.left_address), plan.nat ? "behind a NAT, to" : "to",
                                 policy::to_string(plan.right_address), plan.compatible ? "" : ", which disagree",
                                 line(plan.left_line), line(plan.right_line));
  for (const policy::Connection* end : {&plan.pairing.left, &plan.pairing.right}) {
    const policy::Child& child = end->children[0];
    text += fmt::format(
        "  {}: IKEv{}{}, {} children, {}, start {}, close {}, dpd {}, {} s, lifetimes {} {} s, IKE {}, {} {}\n",
        end->local.id.data.empty() ? "" : as_text(end->local.id.data), static_cast<int>(end->version),
        end->aggressive ? " aggressive" : "", end->children.size(), policy::to_string(child.mode),
        policy::to_string(child.start_action), policy::to_string(child.close_action),
        policy::to_string(child.dpd_action), end->dpd_delay.count(), end->rekey_time.count(), child.rekey_time.count(),
        policy::to_string(end->proposals), policy::to_string(child.protocol()), policy::to_string(child.proposals()));
  }
  for (const Action& action : plan.script)
    text += fmt::format("  {:7.3f} s  {}: {} ({:.1f} s)\n", seconds(action.at),
                        action.side == Side::left ? "left" : "right", to_string(action.kind), seconds(action.duration));
  return text;
}

}  // namespace sallyport::seeded
