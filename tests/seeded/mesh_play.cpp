#include "tests/seeded/mesh_play.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/pcapng.h"
#include "sim/router.h"
#include "sim/timeline.h"
#include "sim/world.h"

namespace sallyport::seeded {
namespace {

using namespace std::chrono_literals;
using sim::Host;
using sim::Link;

constexpr std::size_t packets_kept = 50'000;
constexpr std::uint64_t most_steps = 2'000'000;  // some hundred times of what a mesh takes
/// By then whatever was begun over bad lines has been answered, or given up.
constexpr Duration aftermath = 45s;
/// From there to all ties up: a peer is missed (15 s of silence, giving up after 41 s), and a keeper that has
/// failed often tries every five minutes.
constexpr Duration bound = 8min;
constexpr Duration stream_pause = 250ms;
constexpr int stream_rounds = 120;

class MeshPlay {
 public:
  MeshPlay(const MeshPlan& plan, sim::Cryptography cryptography, bool record) : plan_(plan), world_(plan.seed) {
    world_.limit_steps(most_steps);
    if (record) world_.trace().keep(packets_kept);
    auto& internet = world_.add<sim::Router>("internet");
    for (std::size_t i = 0; i < plan.sites.size(); ++i) connect(i, internet, cryptography);
    secrecy_.emplace(world_);
    nonces_.emplace(lines_);
    for (Place& place : places_) place.host->start();
  }

  Outcome run(bool record) {
    for (const Mishap& mishap : plan_.mishaps) {
      run_until(sim::Schedule::start_of_time + mishap.at);
      befall(mishap);
    }
    run_until(sim::Schedule::start_of_time + plan_.chaos);
    settle_down();
    if (comes_up()) check_stream();
    check_end();
    return outcome(record);
  }

 private:
  struct Place {
    Host* host = nullptr;
    sim::NatBox* nat = nullptr;
    Link* line = nullptr;
    std::size_t address = 0;  // where it is, of its addresses
  };

  void connect(std::size_t number, sim::Router& internet, sim::Cryptography cryptography) {
    const Site& site = plan_.sites[number];
    Place place;
    place.host =
        &world_.add<Host>(site.name, std::vector{site.addresses.front()}, cryptography, plan_.configuration(number));
    place.host->set_clock_drift(site.clock_drift);
    if (site.nat) {
      place.nat = &world_.add<sim::NatBox>(site.name + "'s NAT", *site.nat);
      place.line = &world_.connect(*place.host, *place.nat, site.line);
      internet.attach(*place.nat, site.nat->outside, {.delay = 1ms});
    } else {
      place.line = &internet.attach(*place.host, site.addresses.front(), site.line);
      for (const auto& address : site.addresses) internet.add_route({address, address.bits()}, *place.line);
    }
    lines_.push_back(place.line);
    places_.push_back(place);
  }

  void run_until(Instant when) {
    if (world_.run_until(when) == sim::World::Ended::out_of_steps) complain("the world goes round in circles");
    check_always();
  }
  void complain(std::string violation) { violations_.push_back(std::move(violation)); }
  void complain(const sim::Violations& more) { violations_.insert(violations_.end(), more.begin(), more.end()); }

  Host& host(std::size_t site) { return *places_[site].host; }
  const Host& host(std::size_t site) const { return *places_[site].host; }
  std::vector<const Host*> hosts() const {
    std::vector<const Host*> all;
    for (const Place& place : places_) all.push_back(place.host);
    return all;
  }

  void befall(const Mishap& mishap);
  void move(Place& place, const Site& site);
  void settle_down();
  bool comes_up();
  void check_stream();
  void check_always();
  void check_end();
  Outcome outcome(bool record);

  /// Child SAs of the tie at one of its ends, but for what both ends have closed.
  static std::size_t children_of(const Host& host, const std::string& tie);
  bool is_up(const Tie& tie) const {
    const std::string& name = tie.pairing.left.name;
    return children_of(host(tie.left), name) == 1 && children_of(host(tie.right), name) == 1;
  }
  bool all_up() const {
    return std::ranges::all_of(plan_.ties, [&](const Tie& tie) { return is_up(tie); }) &&
           sim::check_pairs(hosts()).empty();
  }

  const MeshPlan& plan_;
  sim::World world_;
  std::vector<Place> places_;
  std::vector<Link*> lines_;
  std::optional<sim::SecrecyWatch> secrecy_;
  std::optional<sim::NonceWatch> nonces_;
  sim::Violations violations_;
};

void MeshPlay::befall(const Mishap& mishap) {
  using Kind = Mishap::Kind;
  Place& place = places_[mishap.site];
  const Tie& tie = plan_.ties[mishap.tie];
  const std::string& name = tie.pairing.left.name;
  if (world_.trace().is_keeping())
    world_.trace().remark(world_.now(), place.host->name(), fmt::format("** {} {}", to_string(mishap.kind), name));
  switch (mishap.kind) {
    case Kind::cut:
      place.line->set_up(false);
      world_.after(mishap.duration, [&place] { place.line->set_up(true); });
      break;
    case Kind::worsen: place.line->set_quality(mishap.quality); break;
    case Kind::crash:
      place.host->crash();
      world_.after(mishap.duration, [&place] { place.host->start(); });
      break;
    case Kind::move: move(place, plan_.sites[mishap.site]); break;
    case Kind::rebind:
      if (place.nat) place.nat->rebind();
      break;
    case Kind::rekey: host(tie.left).rekey(name); break;
    case Kind::rekey_child: host(tie.right).rekey(name, "lan"); break;
    case Kind::rekey_both:
      for (const std::size_t end : {tie.left, tie.right}) host(end).rekey(name, mishap.duration < 10s ? "" : "lan");
      break;
    case Kind::reload: place.host->load(plan_.configuration(mishap.site)); break;
    case Kind::count_: break;
  }
}

void MeshPlay::move(Place& place, const Site& site) {
  if (site.addresses.size() == 1) return;
  place.address = (place.address + 1) % site.addresses.size();
  place.host->change_address(site.addresses[place.address]);
}

/// What was cut or crashed for longer than the chaos comes back by itself, at the latest now.
void MeshPlay::settle_down() {
  for (Place& place : places_) {
    place.line->set_quality({.delay = 5ms});
    place.host->start();
  }
  run_until(world_.now() + 100ms);
}

bool MeshPlay::comes_up() {
  run_until(world_.now() + aftermath);
  const Instant end = world_.now() + bound;
  // A renewal may be under way at any single moment: what is asked is that there are moments without.
  while (world_.now() < end && !all_up()) run_until(world_.now() + 1s);
  for (const Tie& tie : plan_.ties)
    if (!is_up(tie))
      complain(fmt::format("{} has {} Child SAs at {} and {} at {}", tie.pairing.left.name,
                           children_of(host(tie.left), tie.pairing.left.name), host(tie.left).name(),
                           children_of(host(tie.right), tie.pairing.left.name), host(tie.right).name()));
  return all_up();
}

std::size_t MeshPlay::children_of(const Host& host, const std::string& tie) {
  std::size_t count = 0;
  for (const ike::IkeSaStatus& sa : host.ike_sas())
    if (sa.connection == tie)
      count += static_cast<std::size_t>(std::ranges::count_if(
          sa.children, [](const auto& child) { return child.state != ike::ChildSaStatus::State::deleted; }));
  return count;
}

/// Nothing is lost where nothing but keys changes.
void MeshPlay::check_stream() {
  struct Sent {
    const Tie* tie;
    bool to_right;
    sim::MessageNumber number;
  };
  std::vector<Sent> sent;
  for (int round = 0; round < stream_rounds; ++round) {
    for (const Tie& tie : plan_.ties)
      for (const bool to_right : {true, false}) {
        const std::size_t from = to_right ? tie.left : tie.right, to = to_right ? tie.right : tie.left;
        const auto number =
            host(from).application().send_udp({plan_.sites[from].inside, 7}, {plan_.sites[to].inside, 7});
        sent.push_back({&tie, to_right, number});
      }
    run_until(world_.now() + stream_pause);
  }
  run_until(world_.now() + 1s);
  for (const Sent& one : sent) {
    const std::size_t to = one.to_right ? one.tie->right : one.tie->left;
    if (const std::size_t times = host(to).application().arrived(one.number); times != 1)
      complain(fmt::format("message {:x} of {} arrived at {} {} times", one.number.value, one.tie->pairing.left.name,
                           host(to).name(), times));
  }
}

void MeshPlay::check_always() {
  for (const Place& place : places_) {
    complain(sim::check_bookkeeping(*place.host));
    complain(sim::check_bounds(*place.host, {.ike_sas = 48, .child_sas = 64, .half_open = 100}));
    complain(nonces_->check_keys(*place.host));
  }
}

void MeshPlay::check_end() {
  // A renewal may be under way; then its halves go within a round trip.
  const auto all = hosts();
  world_.run_until([&] { return sim::check_pairs(all).empty(); }, 3s);
  complain(sim::check_pairs(all));
  complain(secrecy_->violations());
  complain(nonces_->violations());
}

Outcome MeshPlay::outcome(bool record) {
  Outcome outcome{.violations = violations_,
                  .digest = world_.trace().digest(),
                  .packets = world_.trace().packets_seen(),
                  .up_at_the_end = std::ranges::all_of(plan_.ties, [&](const Tie& tie) { return is_up(tie); })};
  for (const Host* each : hosts()) {
    outcome.ike_sas += each->count<event::IkeSaEstablished>();
    outcome.rekeyed += each->count<event::IkeSaRekeyed>() + each->count<event::ChildSaRekeyed>();
    outcome.delivered += each->application().arrivals().size();
  }
  if (record) {
    outcome.timeline = sim::to_timeline(world_.trace());
    outcome.capture = sim::to_pcapng(world_.trace());
  }
  return outcome;
}

}  // namespace

Outcome play(const MeshPlan& plan, sim::Cryptography cryptography, bool record) {
  return MeshPlay(plan, cryptography, record).run(record);
}

}  // namespace sallyport::seeded
