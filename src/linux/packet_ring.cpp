#include "linux/packet_ring.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <type_traits>

#include "base/check.h"

namespace sallyport::linux {
namespace {

constexpr std::align_val_t kAlignment{64};

}  // namespace

static_assert(std::is_trivially_copyable_v<HandedPacket>);

PacketRing::PacketRing(std::size_t octets)
    : size_(octets), memory_(static_cast<std::uint8_t*>(operator new(octets, kAlignment))) {
  ASSERT((octets & (octets - 1)) == 0);
}

void PacketRing::Free::operator()(std::uint8_t* memory) const { operator delete(memory, kAlignment); }

/// A multiple of a cache line, so that a record's head never lies across the end.
std::size_t PacketRing::room_of(std::size_t octets) {
  const std::size_t needed = sizeof(Record) + octets + datapath::Packet::trailer_room;
  return (needed + cache_line - 1) / cache_line * cache_line;
}

bool PacketRing::push(const HandedPacket& head, ByteView bytes) {
  const std::size_t room = room_of(bytes.size());
  std::size_t written = written_.load(std::memory_order_relaxed);
  const std::size_t to_end = size_ - (written & (size_ - 1));
  // Where not even a head fits before the end, there is nothing to say that it goes on at the beginning.
  const std::size_t skipped = to_end < room ? to_end : 0;
  if (written + skipped + room - popped_seen_ > size_) {
    popped_seen_ = popped_.load(std::memory_order_acquire);
    if (written + skipped + room - popped_seen_ > size_) return false;
  }
  if (skipped != 0) {
    if (skipped >= sizeof(Record)) {
      Record record;
      record.octets = Record::wraps;
      std::memcpy(at(written), &record, sizeof record);
    }
    written += skipped;
  }
  Record record{head, bytes.size()};
  std::memcpy(at(written), &record, sizeof record);
  if (!bytes.empty()) std::memcpy(at(written) + sizeof record, bytes.data(), bytes.size());
  written_.store(written + room, std::memory_order_release);
  return true;
}

static_assert(sizeof(HandedPacket) + sizeof(std::size_t) + datapath::Packet::trailer_room + 64 <=
              PacketRing::kOverhead);

/// One packet may lie before the end of the memory and leave what is behind it unused.
std::size_t PacketRing::room() const {
  constexpr std::size_t largest = 65536 + kOverhead;
  const std::size_t free = size_ - (written_.load(std::memory_order_relaxed) - popped_.load(std::memory_order_acquire));
  return free - std::min(free, largest);
}

std::optional<PacketRing::Entry> PacketRing::next() {
  const std::size_t written = written_.load(std::memory_order_acquire);
  for (;;) {
    if (looked_at_ == written) return std::nullopt;
    const std::size_t to_end = size_ - (looked_at_ & (size_ - 1));
    if (to_end < sizeof(Record)) {
      looked_at_ += to_end;
      continue;
    }
    Record record;
    std::memcpy(static_cast<void*>(&record), at(looked_at_), sizeof record);
    if (record.octets == Record::wraps) {
      looked_at_ += to_end;
      continue;
    }
    std::uint8_t* bytes = at(looked_at_) + sizeof record;
    looked_at_ += room_of(record.octets);
    return Entry{record.head, {bytes, record.octets}};
  }
}

void PacketRing::pop() { popped_.store(looked_at_, std::memory_order_release); }

}  // namespace sallyport::linux
