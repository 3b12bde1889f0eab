#include "sim/world.h"

#include "base/check.h"

namespace sallyport::sim {

PortNumber Device::port_of(const Link& link) const {
  for (PortNumber port = 0; port < ports_.size(); ++port)
    if (ports_[port].link == &link) return port;
  ASSERT(false && "the link is not plugged in here");
  return 0;
}

Fate Device::send(PortNumber port, Bytes packet) {
  ASSERT(port < ports_.size());
  return ports_[port].link->send(ports_[port].outward, std::move(packet));
}

std::size_t Device::mtu(PortNumber port) const {
  ASSERT(port < ports_.size());
  return ports_[port].link->quality(ports_[port].outward).mtu;
}

SeededRandom World::random_for(std::string_view purpose) const {
  std::uint64_t mixed = seed_ ^ 0xcbf29ce484222325;
  for (const char letter : purpose) mixed = (mixed ^ static_cast<std::uint8_t>(letter)) * 0x100000001b3;
  return SeededRandom(mixed);
}

Link& World::connect(Device& a, Device& b, const LinkQuality& quality) {
  const LinkId id = trace_.add_link(a.name(), b.name());
  links_.push_back(
      std::make_unique<Link>(*this, id, Link::End{&a, a.ports_.size()}, Link::End{&b, b.ports_.size()}, quality));
  Link& link = *links_.back();
  a.ports_.push_back({&link, Direction::a_to_b});
  b.ports_.push_back({&link, Direction::b_to_a});
  return link;
}

bool World::step_by(Instant when) {
  const auto next = schedule_.next();
  if (!next || *next > when || steps_left_ == 0) return false;
  --steps_left_;
  return schedule_.step();
}

World::Ended World::run_until(Instant when) {
  while (step_by(when)) {
  }
  if (steps_left_ == 0) return Ended::out_of_steps;
  if (when > now()) schedule_.idle_until(when);
  return Ended::time_reached;
}

World::Ended World::run_until(const std::function<bool()>& condition, Duration at_most) {
  const Instant end = now() + at_most;
  do {
    if (condition()) return Ended::condition_met;
  } while (step_by(end));
  if (steps_left_ == 0) return Ended::out_of_steps;
  schedule_.idle_until(end);
  return Ended::time_reached;
}

World::Ended World::run_until_idle(Duration at_most) {
  const Instant end = now() + at_most;
  while (step_by(end)) {
  }
  if (steps_left_ == 0) return Ended::out_of_steps;
  if (schedule_.empty()) return Ended::idle;
  schedule_.idle_until(end);
  return Ended::time_reached;
}

}  // namespace sallyport::sim
