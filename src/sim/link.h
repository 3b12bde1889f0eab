// Link: a wire between two devices that is as bad as you like, each way by itself. Everything about it may change while
// packets are under way; those already sent arrive as they would have.
#pragma once

#include <memory>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "sim/chance.h"
#include "sim/device.h"
#include "sim/trace.h"

namespace sallyport::sim {

/// One direction of a link.
struct LinkQuality {
  bool up = true;
  Duration delay = std::chrono::milliseconds(10);
  /// Up to so much more, drawn anew for each packet. Alone it never lets one packet overtake another.
  Duration jitter{0};
  Chance loss{};
  Chance duplication{};
  /// A packet that is struck waits for `hold_back` more, and later ones overtake it.
  Chance reordering{};
  Duration hold_back = std::chrono::milliseconds(40);
  /// One to three bits flip behind the IP header, in a way that the UDP checksum does not show: a checksum that does
  /// show it is a loss, and `loss` has that.
  Chance corruption{};
  std::uint32_t mtu = 1500;           // octets
  std::uint64_t bits_per_second = 0;  // 0: as fast as you like
  std::size_t queue_limit = 65536;    // octets that may wait for a link of limited speed
};

class Link;

/// Somebody on the path, who sees each packet before the link's own accidents befall it.
class Tap {
 public:
  enum class Verdict : std::uint8_t {
    pass,
    altered,
    take
  };
  virtual ~Tap() = default;
  virtual Verdict on_packet(Link& link, Direction direction, Bytes& packet) = 0;
};

class Link {
 public:
  struct End {
    Device* device;
    PortNumber port;
  };
  Link(World& world, LinkId id, End a, End b, const LinkQuality& quality);

  LinkId id() const { return id_; }
  Instant now() const;
  LinkQuality& quality(Direction direction) { return way(direction).quality; }
  const LinkQuality& quality(Direction direction) const { return ways_[static_cast<std::size_t>(direction)].quality; }
  /// Both directions alike.
  void set_quality(const LinkQuality& quality);
  void set_up(bool up);

  /// Puts a packet on the link. What is returned may be looked at as a sender would: too_big, cut, queue_full.
  Fate send(Direction direction, Bytes packet);
  /// As if it had come from the sending end, but past the taps and past all accidents.
  void inject(Direction direction, Bytes packet);

  /// The tap outlives the link, or is removed before it goes. Taps see a packet in the order they were added.
  void add_tap(Tap& tap) { taps_.push_back(&tap); }
  void remove_tap(Tap& tap) { std::erase(taps_, &tap); }

 private:
  struct Way {
    LinkQuality quality;
    End to;
    Instant busy_until{};    // the sender's queue is empty then
    Instant last_arrival{};  // so that jitter alone never reorders
  };
  Way& way(Direction direction) { return ways_[static_cast<std::size_t>(direction)]; }

  /// Takes the packet into the sending queue; nullopt when that is full. When its last bit is on the wire.
  std::optional<Instant> transmit(Way& way, std::size_t size);
  /// Draws the accidents, schedules what arrives, and says what happened.
  Fate carry(Way& way, Bytes packet);
  void arrive(const Way& way, Instant at, Bytes packet);

  World& world_;
  LinkId id_;
  std::array<Way, 2> ways_;
  SeededRandom random_;
  std::vector<Tap*> taps_;
};

}  // namespace sallyport::sim
