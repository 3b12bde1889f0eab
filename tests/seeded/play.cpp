#include "tests/seeded/play.h"

#include <fmt/format.h>

#include "sim/damage.h"
#include "sim/on_path_attacker.h"
#include "sim/pcapng.h"
#include "sim/router.h"
#include "sim/timeline.h"
#include "sim/world.h"

namespace sallyport::seeded {
namespace {

using namespace std::chrono_literals;
using sim::Host;
using sim::Link;

constexpr std::size_t recorded_by_attacker = 30;
constexpr std::size_t packets_kept = 20'000;
constexpr std::uint64_t most_steps = 200'000;  // some hundred times of what a world takes

class Play {
 public:
  Play(const Plan& plan, sim::Cryptography cryptography, bool record)
      : plan_(plan),
        world_(plan.seed),
        left_(world_.add<Host>("left", std::vector{plan.left_address}, cryptography, configuration(Side::left))),
        right_(world_.add<Host>("right", std::vector{plan.right_address}, cryptography, configuration(Side::right))),
        random_(world_.random_for("play")) {
    world_.limit_steps(most_steps);
    if (record) world_.trace().keep(packets_kept);
    connect();
    attacker_.emplace(*right_link_);
    attacker_->record(recorded_by_attacker);
    secrecy_.emplace(world_);
    left_.start();
    right_.start();
  }

  Outcome run(bool record) {
    for (const Action& action : plan_.script) {
      run_until(sim::Schedule::start_of_time + action.at);
      act(action);
    }
    run_until(sim::Schedule::start_of_time + plan_.chaos);
    settle_down();
    check_end();
    return outcome(record);
  }

 private:
  void connect() {
    auto& internet = world_.add<sim::Router>("internet");
    if (plan_.nat) {
      nat_ = &world_.add<sim::NatBox>("nat", plan_.nat_settings);
      left_link_ = &world_.connect(left_, *nat_, plan_.left_line);
      internet.attach(*nat_, plan_.nat_settings.outside, {.delay = 1ms});
    } else {
      left_link_ = &internet.attach(left_, plan_.left_address, plan_.left_line);
    }
    right_link_ = &internet.attach(right_, plan_.right_address, plan_.right_line);
  }

  sim::Configuration configuration(Side side) const {
    const bool is_left = side == Side::left;
    sim::Configuration all = is_left ? plan_.pairing.left_configuration() : plan_.pairing.right_configuration();
    all.ike = is_left ? plan_.left_ike : plan_.right_ike;
    all.datapath.flow_cache_size = 64;
    return all;
  }
  Host& host(Side side) { return side == Side::left ? left_ : right_; }
  Link& line(Side side) { return side == Side::left ? *left_link_ : *right_link_; }
  const policy::IpAddress& inside(Side side) const {
    return side == Side::left ? plan_.left_inside : plan_.right_inside;
  }
  static Side other(Side side) { return side == Side::left ? Side::right : Side::left; }

  void run_until(Instant when) {
    if (world_.run_until(when) == sim::World::Ended::out_of_steps) complain("the world goes round in circles");
    check_always();
  }
  void complain(std::string violation) { violations_.push_back(std::move(violation)); }
  void complain(const sim::Violations& more) { violations_.insert(violations_.end(), more.begin(), more.end()); }

  void act(const Action& action);
  void ping(Side side) { host(side).application().ping(inside(side), inside(other(side))); }
  void crash(Side side, Duration duration);
  void cut(Side side, Duration duration);
  void mutate();

  void settle_down();
  void check_always();
  void check_end();
  void check_pings();
  static bool has_lan(const Host& host) {
    return std::ranges::any_of(host.installed(), [](const auto& entry) { return entry.second.child == "lan"; });
  }
  bool is_up() const { return has_lan(left_) && has_lan(right_); }
  Outcome outcome(bool record);

  const Plan& plan_;
  sim::World world_;
  Host& left_;
  Host& right_;
  sim::NatBox* nat_ = nullptr;
  Link* left_link_ = nullptr;
  Link* right_link_ = nullptr;
  SeededRandom random_;
  std::optional<sim::OnPathAttacker> attacker_;
  std::optional<sim::SecrecyWatch> secrecy_;
  sim::Violations violations_;
};

void Play::act(const Action& action) {
  using Kind = Action::Kind;
  if (world_.trace().is_keeping())
    world_.trace().remark(world_.now(), host(action.side).name(), fmt::format("** {}", to_string(action.kind)));
  switch (action.kind) {
    case Kind::initiate: host(action.side).initiate("office"); break;
    case Kind::initiate_both:
      left_.initiate("office");
      right_.initiate("office");
      break;
    case Kind::ping: ping(action.side); break;
    case Kind::burst:
      for (int i = 0; i < 10; ++i)
        host(action.side).application().send_udp({inside(action.side), 7}, {inside(other(action.side)), 7});
      break;
    case Kind::terminate: host(action.side).terminate("office"); break;
    case Kind::terminate_child: host(action.side).terminate("office", "lan"); break;
    case Kind::rekey: host(action.side).rekey("office"); break;
    case Kind::rekey_child: host(action.side).rekey("office", "lan"); break;
    case Kind::rekey_both:
      for (Host* each : {&left_, &right_}) each->rekey("office", action.duration < 10s ? "" : "lan");
      break;
    case Kind::crash: crash(action.side, action.duration); break;
    case Kind::reload: host(action.side).load(configuration(action.side)); break;
    case Kind::rebind:
      if (nat_) nat_->rebind();
      break;
    case Kind::cut: cut(action.side, action.duration); break;
    case Kind::worsen: line(action.side).set_quality(action.quality); break;
    case Kind::replay: attacker_->replay(sim::OnPathAttacker::everything()); break;
    case Kind::mutate: mutate(); break;
    case Kind::count_: break;
  }
}

void Play::crash(Side side, Duration duration) {
  host(side).crash();
  world_.after(duration, [this, side] { host(side).start(); });
}

void Play::cut(Side side, Duration duration) {
  line(side).set_up(false);
  world_.after(duration, [this, side] { line(side).set_up(true); });
}

void Play::mutate() {
  const auto recorded = attacker_->recorded();
  for (const auto& packet : recorded) attacker_->inject(packet.direction, sim::mutate(packet.packet, random_));
}

void Play::settle_down() {
  for (Link* link : {left_link_, right_link_}) link->set_quality({.delay = 5ms});
  const Instant calm_from = world_.now();
  for (int part = 1; part <= 4; ++part) run_until(calm_from + part * plan_.calm / 4);
}

void Play::check_always() {
  for (const Host* host : {&left_, &right_}) {
    complain(sim::check_bookkeeping(*host));
    complain(sim::check_bounds(*host, {.half_open = 100}));
  }
}

void Play::check_end() {
  const std::array<const Host*, 2> both = {&left_, &right_};
  // An SA may come to its configured end at just this moment; then its halves go within a round trip.
  world_.run_until([&] { return sim::check_pairs(both).empty(); }, 3s);
  complain(sim::check_pairs(both));
  if (plan_.secret) complain(secrecy_->violations());
  if (!plan_.compatible && is_up()) complain("what cannot come up is up");
  if (plan_.compatible) check_pings();
  for (const Host* host : both) {
    std::map<sim::MessageNumber, std::size_t> times;
    for (const auto& arrival : host->application().arrivals())
      if (++times[arrival.number] == 2)
        complain(fmt::format("message {:x} arrived at {} twice", arrival.number.value, host->name()));
    if (!plan_.compatible && !host->application().arrivals().empty())
      complain(fmt::format("a message arrived at {} without a common configuration", host->name()));
  }
}

/// Whatever is up carries packets in both directions; where a packet may bring it up, it does.
void Play::check_pings() {
  for (const Side side : {Side::left, Side::right}) {
    const policy::Connection& connection = side == Side::left ? plan_.pairing.left : plan_.pairing.right;
    const bool on_demand = connection.children[0].start_action == policy::StartAction::trap &&
                           !connection.remote_addrs.empty() &&
                           (side == Side::left ? plan_.left_can_begin : plan_.right_can_begin);
    if (!on_demand && !is_up()) continue;
    // An SA that ends by its lifetime in just this moment takes the packet with it: the second try has a fresh one.
    bool answered = false;
    for (int attempt = 0; attempt < 2 && !answered; ++attempt) {
      const auto number = host(side).application().ping(inside(side), inside(other(side)));
      world_.run_until([&] { return host(side).application().answered(number); }, 3s);
      answered = host(side).application().answered(number);
      if (!on_demand && !is_up()) return;
    }
    if (!answered)
      complain(fmt::format("{} cannot reach the other, though {}", host(side).name(),
                           is_up() ? "SAs are up" : "a packet may bring it up"));
  }
  check_always();
}

Outcome Play::outcome(bool record) {
  Outcome outcome{.violations = violations_,
                  .digest = world_.trace().digest(),
                  .packets = world_.trace().packets_seen(),
                  .up_at_the_end = is_up()};
  for (const Host* host : {&left_, &right_}) {
    outcome.ike_sas += host->count<event::IkeSaEstablished>();
    outcome.rekeyed += host->count<event::IkeSaRekeyed>() + host->count<event::ChildSaRekeyed>();
    outcome.delivered += host->application().arrivals().size();
  }
  if (record) {
    outcome.timeline = sim::to_timeline(world_.trace());
    outcome.capture = sim::to_pcapng(world_.trace());
  }
  return outcome;
}

}  // namespace

Outcome play(const Plan& plan, sim::Cryptography cryptography, bool record) {
  return Play(plan, cryptography, record).run(record);
}

}  // namespace sallyport::seeded
