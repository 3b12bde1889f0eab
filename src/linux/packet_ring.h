// PacketRing: packets on their way from one thread to another, in order, without a lock: one thread pushes, one pops.
// Packets are copied into it, and lie there in one piece until they are popped. When it is full, nothing more fits.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>

#include "datapath/verdicts.h"

namespace sallyport::linux {

/// What one thread has read and another one is to work on: a clear packet from the TUN, or ESP or AH from the wire.
struct HandedPacket {
  bool clear = false;
  bool joined = false;          // of a clear packet, as datapath::Packet's
  datapath::Offload offload;    // of a clear packet
  datapath::Datagram datagram;  // of a protected one: all but its octets
};

class PacketRing {
 public:
  /// `octets`: a power of two, and more than twice the largest packet. Memory that is never used is never touched.
  explicit PacketRing(std::size_t octets = std::size_t{2} << 20);

  // ---- The one thread

  /// False: there was no room.
  bool push(const HandedPacket& head, ByteView bytes);
  /// Octets that surely fit into it in packets of any sizes, but for what each of them costs beside (kOverhead).
  std::size_t room() const;
  static constexpr std::size_t kOverhead = 256;

  // ---- The other

  struct Entry {
    HandedPacket head;
    ByteSpan bytes;  // until pop(); behind it are datapath::Packet::trailer_room octets that are nobody's
  };
  /// The next after those that were looked at since the last pop(); nullopt: there is none.
  std::optional<Entry> next();
  /// Gives the room of all that were looked at back.
  void pop();

 private:
  struct Record {
    HandedPacket head;
    std::size_t octets = 0;  // of the packet; or wraps: what follows is at the beginning
    static constexpr std::size_t wraps = SIZE_MAX;
  };
  static std::size_t room_of(std::size_t octets);
  std::uint8_t* at(std::size_t position) const { return memory_.get() + (position & (size_ - 1)); }

  static constexpr std::size_t cache_line = 64;
  struct Free {
    void operator()(std::uint8_t* memory) const;
  };
  std::size_t size_;
  std::unique_ptr<std::uint8_t[], Free> memory_;
  // Positions only grow.
  alignas(cache_line) std::atomic<std::size_t> written_ = 0;  // by who pushes
  std::size_t popped_seen_ = 0;                               // what it last saw of popped_
  alignas(cache_line) std::atomic<std::size_t> popped_ = 0;   // by who pops
  std::size_t looked_at_ = 0;
};

}  // namespace sallyport::linux
