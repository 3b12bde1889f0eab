#include "sim/nat_box.h"

#include "sim/world.h"

namespace sallyport::sim {
namespace {

constexpr std::uint16_t first_port = 1024;

}  // namespace

NatBox::NatBox(World& world, std::string name, NatSettings settings)
    : Device(world, std::move(name)),
      settings_(std::move(settings)),
      random_(world.random_for("nat " + this->name())) {}

NatBox::Key NatBox::key(const policy::Endpoint& inside_source, const policy::Endpoint& remote) const {
  if (settings_.mapping == NatSettings::Behaviour::endpoint_independent) return {inside_source, std::nullopt};
  return {inside_source, remote};
}

std::optional<policy::Endpoint> NatBox::mapped(const policy::Endpoint& inside_source,
                                               const policy::Endpoint& remote) const {
  const auto found = mappings_.find(key(inside_source, remote));
  if (found == mappings_.end()) return std::nullopt;
  return policy::Endpoint{settings_.outside, found->second.outside_port};
}

void NatBox::forget_expired() {
  std::erase_if(mappings_, [this](const auto& entry) {
    const Mapping& mapping = entry.second;
    if (world().now() - mapping.last_used < settings_.timeout) return false;
    by_port_.erase(mapping.outside_port);
    return true;
  });
}

void NatBox::rebind() {
  worn_.clear();
  for (const auto& [port, key] : by_port_) worn_.insert(port);
  mappings_.clear();
  by_port_.clear();
  ++counters_.rebound;
  world().trace().note(world().now(), name(), "forgets its mappings");
}

void NatBox::rebind_at_random(Duration mean, Instant end) {
  const Duration pause(static_cast<std::int64_t>(1 + random_.below(2 * static_cast<std::uint64_t>(mean.count()))));
  if (world().now() + pause > end) return;
  world().after(pause, [this, mean, end] {
    rebind();
    rebind_at_random(mean, end);
  });
}

std::uint16_t NatBox::free_port() {
  for (;;) {
    const auto port = static_cast<std::uint16_t>(first_port + random_.below(65536 - first_port));
    if (!by_port_.contains(port) && !worn_.contains(port)) return port;
  }
}

NatBox::Mapping* NatBox::open(const policy::Endpoint& inside_source, const policy::Endpoint& remote) {
  const Key wanted = key(inside_source, remote);
  auto found = mappings_.find(wanted);
  if (found == mappings_.end()) {
    if (mappings_.size() >= settings_.capacity) return nullptr;
    found = mappings_.emplace(wanted, Mapping{free_port(), {}, {}}).first;
    by_port_.emplace(found->second.outside_port, wanted);
  }
  found->second.last_used = world().now();
  found->second.asked.insert(remote);
  return &found->second;
}

bool NatBox::admits(const Mapping& mapping, const policy::Endpoint& remote) const {
  return settings_.filtering == NatSettings::Behaviour::endpoint_independent || mapping.asked.contains(remote);
}

void NatBox::on_packet(PortNumber port, Bytes packet) {
  forget_expired();
  const auto udp = parse_udp(packet);
  if (!udp) {
    ++counters_.not_udp;
  } else if (port == inside) {
    outward(*udp);
  } else {
    inward(*udp);
  }
}

void NatBox::outward(const UdpView& udp) {
  const Mapping* mapping = open(udp.source, udp.destination);
  if (!mapping) {
    ++counters_.full;
    return;
  }
  ++counters_.outbound;
  send(outside, build_udp({settings_.outside, mapping->outside_port}, udp.destination, udp.payload, udp.fields));
}

void NatBox::inward(const UdpView& udp) {
  const auto known = by_port_.find(udp.destination.port);
  if (udp.destination.address != settings_.outside || known == by_port_.end() ||
      !admits(mappings_.at(known->second), udp.source)) {
    ++counters_.unsolicited;
    return;
  }
  ++counters_.inbound;
  send(inside, build_udp(udp.source, known->second.first, udp.payload, udp.fields));
}

}  // namespace sallyport::sim
