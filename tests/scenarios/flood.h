// What the stories about strangers by the million have in common: an honest initiator's first message, of which eve,
// from anywhere, makes as many as she likes.
#pragma once

#include <cstdlib>

#include "tests/scenarios/squatter.h"
#include "tests/scenarios/stage.h"

namespace sallyport::scenarios {

class FloodStage : public Stage {
 protected:
  /// How many messages `host` has turned away for this reason; of one source, or of all but that one.
  static std::size_t rejections(const Host& host, event::MessageRejected::Reason reason,
                                const std::function<bool(const policy::Endpoint&)>& from = {}) {
    return static_cast<std::size_t>(std::ranges::count_if(host.events(), [&](const event::Event& event) {
      const auto* rejected = std::get_if<event::MessageRejected>(&event);
      return rejected && rejected->reason == reason && (!from || from(rejected->remote));
    }));
  }
  /// alice's first message of `pairing` to `victim` as it was on the wire; it never arrived, and both forget it.
  Bytes a_first_message(const Pairing& pairing, Host& victim) {
    mallory.record(1);
    mallory.take(OnPathAttacker::everything());
    alice.load(pairing.left_configuration());
    victim.load(pairing.right_configuration());
    alice.initiate("office");
    pass(1ms);
    Bytes recorded = mallory.recorded().front().packet;
    alice.terminate("office");
    alice.restart();
    mallory.forget_rules();
    mallory.record(0);
    return recorded;
  }
  void flood(std::uint64_t count, Duration duration, const Bytes& original) {
    eve.flood(count, duration,
              [original](RandomSource& random) { return sim::OffPathAttacker::spoofed_ike_sa_init(original, random); });
  }
  /// A million, or as many as SALLYPORT_FLOOD says, over a hundred seconds; the most sessions that the victim had
  /// meanwhile.
  std::size_t flood_for_100_seconds(const Bytes& original, Host& victim) {
    const char* count = std::getenv("SALLYPORT_FLOOD");
    const int in_a_second = (count ? std::atoi(count) : 1'000'000) / 100;
    world.trace().keep(0);
    SeededRandom random(1);
    std::size_t most = 0;
    for (int second = 0; second < 100; ++second) {
      // Straight into the victim's port: the net's own work would take longer than the victim's.
      for (int i = 0; i < in_a_second; ++i) {
        victim.on_packet(0, sim::OffPathAttacker::spoofed_ike_sa_init(original, random));
        most = std::max(most, victim.node()->engine().sessions());
      }
      pass(1s);
    }
    return most;
  }

  /// At an address of its own, of as many as are wanted.
  Squatter& a_squatter(const Bytes& original) {
    const auto number = static_cast<std::uint8_t>(squatters_.size() + 1);
    const IpAddress address = IpAddress::v4(203, 0, 113, number);
    auto& host = world.add<sim::UdpHost>("squatter-" + std::to_string(number), address);
    internet.attach(host, address, {.delay = 1ms});
    squatters_.push_back(std::make_unique<Squatter>(host, original, number));
    return *squatters_.back();
  }

 private:
  std::vector<std::unique_ptr<Squatter>> squatters_;

 protected:
  sim::OffPathAttacker& eve = world.add<sim::OffPathAttacker>("eve");
  Link& eve_link = internet.attach(eve, IpAddress::v4(203, 0, 113, 66), {.delay = 1ms});
};

}  // namespace sallyport::scenarios
