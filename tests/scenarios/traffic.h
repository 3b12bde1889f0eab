// Traffic: what alice's network and bob's say to each other while something happens to their SAs, and how much of it
// got lost.
#pragma once

#include "tests/scenarios/stage.h"

namespace sallyport::scenarios {

/// Messages both ways, one each 50 ms, and what became of them.
class Traffic {
 public:
  Traffic(sim::World& world, Host& alice, Host& bob, const IpAddress& from = alice_inside)
      : world_(world), alice_(alice), bob_(bob), from_(from) {
    step();
  }
  void stop() { *running_ = false; }
  std::size_t sent() const { return to_bob_.size() + to_alice_.size(); }
  std::size_t lost() const { return missing(to_bob_, bob_) + missing(to_alice_, alice_); }

 private:
  static std::size_t missing(const std::vector<sim::MessageNumber>& sent, const Host& at) {
    return static_cast<std::size_t>(
        std::ranges::count_if(sent, [&](sim::MessageNumber number) { return at.application().arrived(number) == 0; }));
  }
  void step() {
    if (!*running_) return;
    to_bob_.push_back(alice_.application().send_udp({from_, 4000}, {bob_inside, 4001}));
    to_alice_.push_back(bob_.application().send_udp({bob_inside, 4001}, {from_, 4000}));
    world_.after(50ms, [this, running = running_] {
      if (*running) step();
    });
  }

  sim::World& world_;
  Host& alice_;
  Host& bob_;
  IpAddress from_;
  std::shared_ptr<bool> running_ = std::make_shared<bool>(true);
  std::vector<sim::MessageNumber> to_bob_, to_alice_;
};

}  // namespace sallyport::scenarios
