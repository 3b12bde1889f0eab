#include "datapath/hold_queue.h"

namespace sallyport::datapath {

std::size_t HoldQueue::push(const Packet& packet, Instant since, const Limits& limits, std::size_t& held_total) {
  const std::size_t size = packet.bytes.size();
  std::size_t cost = 0;
  const auto has_room = [&] {
    return packets_.size() < limits.packets && bytes_ + size <= limits.bytes && held_total + size <= limits.bytes_total;
  };
  while (!has_room() && !packets_.empty()) {
    drop_oldest(held_total);
    ++cost;
  }
  if (!has_room()) return cost + 1;
  packets_.push_back({sallyport::to_bytes(packet.bytes), packet.offload, since, packet.joined});
  bytes_ += size;
  held_total += size;
  return cost;
}

std::deque<HoldQueue::Held> HoldQueue::take_all(std::size_t& held_total) {
  held_total -= bytes_;
  bytes_ = 0;
  return std::exchange(packets_, {});
}

std::size_t HoldQueue::expire(Instant latest, std::size_t& held_total, std::vector<Held>* dropped) {
  std::size_t count = 0;
  for (; !packets_.empty() && packets_.front().since <= latest; ++count) {
    Held oldest = std::move(packets_.front());
    packets_.pop_front();
    bytes_ -= oldest.bytes.size();
    held_total -= oldest.bytes.size();
    if (dropped != nullptr) dropped->push_back(std::move(oldest));
  }
  return count;
}

void HoldQueue::drop_oldest(std::size_t& held_total) {
  const std::size_t size = packets_.front().bytes.size();
  bytes_ -= size;
  held_total -= size;
  packets_.pop_front();
}

}  // namespace sallyport::datapath
