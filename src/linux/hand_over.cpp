#include "linux/hand_over.h"

#include <algorithm>

namespace sallyport::linux {

SystemResult<std::unique_ptr<HandOver>> HandOver::create(std::uint32_t workers) {
  auto all = std::make_unique<HandOver>();
  for (std::uint32_t to = 0; to < workers; ++to) {
    all->inboxes_.push_back(std::make_unique<Inbox>(TRY(Waker::create())));
    for (std::uint32_t from = 0; from <= workers; ++from)
      all->inboxes_.back()->from.push_back(std::make_unique<PacketRing>());
  }
  return all;
}

bool HandOver::push(std::uint32_t from, std::uint32_t to, const HandedPacket& head, ByteView bytes) {
  return inboxes_[to]->from[from]->push(head, bytes);
}

bool HandOver::has_room(std::uint32_t from, std::size_t packets, std::size_t octets) const {
  return std::ranges::all_of(inboxes_, [&](const auto& inbox) {
    return inbox->from[from]->room() >= octets + packets * PacketRing::kOverhead;
  });
}

void HandOver::wake(std::uint32_t to) {
  Inbox& inbox = *inboxes_[to];
  if (!inbox.awake.exchange(true)) inbox.waker.wake();
}

SystemResult<EventLoop::Watch> HandOver::watch(EventLoop& loop, std::uint32_t to, std::function<void()> take) {
  Inbox& inbox = *inboxes_[to];
  return loop.watch(inbox.waker.fd(), {.readable = true}, [&inbox, take = std::move(take)](Readiness) {
    inbox.waker.drain();
    inbox.awake.store(false);  // what is pushed from now on wakes again
    take();
  });
}

}  // namespace sallyport::linux
