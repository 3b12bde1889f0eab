// HandOver: how threads give each other packets that are the other's: a ring from each to each worker. Rarely needed:
// the kernel steers what is on the wire by SPI (spi_steering.h), and what leaves by flow, as soon as an answer has
// come.
#pragma once

#include <vector>

#include "linux/event_loop.h"
#include "linux/packet_ring.h"
#include "linux/waker.h"

namespace sallyport::linux {

class HandOver {
 public:
  static SystemResult<std::unique_ptr<HandOver>> create(std::uint32_t workers);

  std::uint32_t workers() const { return static_cast<std::uint32_t>(inboxes_.size()); }
  /// By which number the thread of IKE gives packets away.
  std::uint32_t ike() const { return workers(); }

  /// From the thread of worker `from`, or of IKE. False: `to` is so far behind that there is no room.
  bool push(std::uint32_t from, std::uint32_t to, const HandedPacket& head, ByteView bytes);
  /// From the same thread: whether everybody could take so many packets of so many octets together. Who reads no more
  /// where it could not leaves them where they are, and loses none.
  bool has_room(std::uint32_t from, std::size_t packets, std::size_t octets) const;
  /// After some pushes.
  void wake(std::uint32_t to);

  /// In the thread of worker `to`: `take` is called in each turn of its loop in which there is something. It calls
  /// for_each(), then pop().
  SystemResult<EventLoop::Watch> watch(EventLoop& loop, std::uint32_t to, std::function<void()> take);
  template <class Visit>
  void for_each(std::uint32_t to, Visit visit) {
    for (auto& ring : inboxes_[to]->from)
      while (auto entry = ring->next()) visit(*entry);
  }
  void pop(std::uint32_t to) {
    for (auto& ring : inboxes_[to]->from) ring->pop();
  }

 private:
  struct Inbox {
    Waker waker;
    std::atomic<bool> awake = false;  // who has something to do soon need not be woken again
    std::vector<std::unique_ptr<PacketRing>> from;
  };
  std::vector<std::unique_ptr<Inbox>> inboxes_;
};

}  // namespace sallyport::linux
