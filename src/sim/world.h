// World: one clock, one seed, and everything that lives in them. One thread; nothing in it knows the real time or
// throws real dice, so the same seed and the same script give the same trace (trace.h), packet for packet.
//
//     World world(seed);
//     auto& internet = world.add<Router>("internet");
//     auto& alice = world.add<UdpHost>("alice", IpAddress::v4(192, 0, 2, 1));
//     world.connect(alice, internet, {.loss = Chance::percent(20)});
//     world.run_for(10s);
#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "sim/device.h"
#include "sim/link.h"
#include "sim/schedule.h"
#include "sim/trace.h"

namespace sallyport::sim {

class World {
 public:
  explicit World(std::uint64_t seed) : seed_(seed), random_(seed) {}

  std::uint64_t seed() const { return seed_; }
  Instant now() const { return schedule_.now(); }
  /// For whoever writes the script. Devices and links draw from streams of their own, so that one more throw here or
  /// there does not change all the others.
  RandomSource& random() { return random_; }
  /// A stream for `purpose`, from this world's seed.
  SeededRandom random_for(std::string_view purpose) const;
  Trace& trace() { return trace_; }
  const Trace& trace() const { return trace_; }
  void at(Instant when, Schedule::Action action) { schedule_.at(when, std::move(action)); }
  void after(Duration delay, Schedule::Action action) { schedule_.after(delay, std::move(action)); }

  /// Made in place as D(world, name, arguments…), and owned by the world.
  template <std::derived_from<Device> D, class... Arguments>
  D& add(std::string name, Arguments&&... arguments) {
    auto device = std::make_unique<D>(*this, std::move(name), std::forward<Arguments>(arguments)...);
    D& reference = *device;
    devices_.push_back(std::move(device));
    return reference;
  }
  /// Plugs a link into the next free port of each; `a` is end a.
  Link& connect(Device& a, Device& b, const LinkQuality& quality = {});
  const std::vector<std::unique_ptr<Link>>& links() const { return links_; }

  enum class Ended : std::uint8_t {
    time_reached,
    condition_met,
    idle,          // nothing is left to happen
    out_of_steps,  // see limit_steps(): most likely something goes round in circles
  };
  /// All run_* together do at most so many things. 50 million unless told otherwise.
  void limit_steps(std::uint64_t steps) { steps_left_ = steps; }
  Ended run_until(Instant when);
  Ended run_for(Duration duration) { return run_until(now() + duration); }
  /// Until `condition` holds, which is asked before the first thing and after each; or until `at_most` has passed.
  Ended run_until(const std::function<bool()>& condition, Duration at_most);
  /// Until nothing is left to happen, or until `at_most` has passed: protocols with timers never come to rest.
  Ended run_until_idle(Duration at_most);

 private:
  /// Does the next thing if it is due by `when`.
  bool step_by(Instant when);

  std::uint64_t seed_;
  SeededRandom random_;
  Schedule schedule_;
  Trace trace_;
  std::uint64_t steps_left_ = 50'000'000;
  std::vector<std::unique_ptr<Device>> devices_;
  std::vector<std::unique_ptr<Link>> links_;
};

}  // namespace sallyport::sim
