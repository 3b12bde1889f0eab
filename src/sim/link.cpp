#include "sim/link.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/damage.h"
#include "sim/world.h"

namespace sallyport::sim {

Link::Link(World& world, LinkId id, End a, End b, const LinkQuality& quality)
    : world_(world),
      id_(id),
      ways_{Way{.quality = quality, .to = b}, Way{.quality = quality, .to = a}},
      random_(world.random_for(fmt::format("link {}", id.value))) {}

Instant Link::now() const { return world_.now(); }

void Link::set_quality(const LinkQuality& quality) {
  for (Way& way : ways_) way.quality = quality;
}

void Link::set_up(bool up) {
  for (Way& way : ways_) way.quality.up = up;
}

Fate Link::send(Direction direction, Bytes packet) {
  Fate fate = Fate::delivered;
  for (Tap* tap : taps_) {
    const Tap::Verdict verdict = tap->on_packet(*this, direction, packet);
    if (verdict != Tap::Verdict::pass) fate |= verdict == Tap::Verdict::take ? Fate::taken : Fate::forged;
    if (verdict == Tap::Verdict::take) break;
  }
  // The trace wants the packet as it was sent, and its fate; the fate is known only when the packet has been used up.
  Bytes sent = packet;
  if (!is_gone(fate)) fate |= carry(way(direction), std::move(packet));
  world_.trace().packet(world_.now(), id_, direction, fate, sent);
  return fate;
}

void Link::inject(Direction direction, Bytes packet) {
  Way& there = way(direction);
  world_.trace().packet(world_.now(), id_, direction, Fate::forged, packet);
  arrive(there, world_.now() + there.quality.delay, std::move(packet));
}

std::optional<Instant> Link::transmit(Way& way, std::size_t size) {
  const std::uint64_t rate = way.quality.bits_per_second;
  if (rate == 0) return world_.now();
  const auto time_for = [rate](std::size_t octets) {
    return Duration(static_cast<std::int64_t>(octets * 8 * 1'000'000'000ULL / rate));
  };
  const Instant start = std::max(way.busy_until, world_.now());
  if (start - world_.now() > time_for(way.quality.queue_limit)) return std::nullopt;
  way.busy_until = start + time_for(size);
  return way.busy_until;
}

Fate Link::carry(Way& way, Bytes packet) {
  const LinkQuality& quality = way.quality;
  if (!quality.up) return Fate::cut;
  if (packet.size() > quality.mtu) return Fate::too_big;
  const auto sent = transmit(way, packet.size());
  if (!sent) return Fate::queue_full;
  if (quality.loss.strikes(random_)) return Fate::lost;

  Fate fate = Fate::delivered;
  const std::size_t copies = quality.duplication.strikes(random_) ? 2 : 1;
  if (copies > 1) fate |= Fate::duplicated;
  for (std::size_t i = 0; i < copies; ++i) {
    Bytes copy = i + 1 < copies ? packet : std::move(packet);
    if (quality.corruption.strikes(random_)) {
      fate |= Fate::corrupted;
      flip_bits(copy, random_);
    }
    Instant arrival = *sent + quality.delay;
    if (quality.jitter.count() > 0)
      arrival += Duration(static_cast<std::int64_t>(random_.below(quality.jitter.count())));
    if (quality.reordering.strikes(random_)) {
      fate |= Fate::held_back;
      arrival += quality.hold_back;
    } else {
      arrival = way.last_arrival = std::max(arrival, way.last_arrival);
    }
    arrive(way, arrival, std::move(copy));
  }
  return fate;
}

void Link::arrive(const Way& way, Instant at, Bytes packet) {
  world_.at(at,
            [to = way.to, packet = std::move(packet)]() mutable { to.device->on_packet(to.port, std::move(packet)); });
}

}  // namespace sallyport::sim
