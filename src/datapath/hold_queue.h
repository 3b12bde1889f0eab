// HoldQueue: clear packets that wait for an SA to come, so that the packet which brings a session up is not lost.
// Bounded in number, octets and time; the oldest go first.
#pragma once

#include <deque>

#include "base/time.h"
#include "datapath/verdicts.h"

namespace sallyport::datapath {

class HoldQueue {
 public:
  struct Limits {
    std::uint32_t packets;
    std::uint32_t bytes;
    std::uint32_t bytes_total;  // over all queues that share a `held_total`
  };
  struct Held {
    Bytes bytes;
    Offload offload;
    Instant since;
    bool joined = false;  // as Packet's
  };

  /// Takes a copy. Returns how many packets it cost: older ones that made room, or this one when no room could be made.
  std::size_t push(const Packet& packet, Instant since, const Limits& limits, std::size_t& held_total);
  /// Takes out everything, in the order it came.
  std::deque<Held> take_all(std::size_t& held_total);
  /// Drops what has waited since `latest` or longer, into `dropped` if that is not null; returns how many.
  std::size_t expire(Instant latest, std::size_t& held_total, std::vector<Held>* dropped = nullptr);

  bool empty() const { return packets_.empty(); }
  std::size_t size() const { return packets_.size(); }
  /// Of the oldest packet; the queue must not be empty.
  Instant since() const { return packets_.front().since; }

 private:
  void drop_oldest(std::size_t& held_total);

  std::deque<Held> packets_;
  std::size_t bytes_ = 0;
};

}  // namespace sallyport::datapath
