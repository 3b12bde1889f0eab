// Reassembler: puts the fragments of clear packets together, where the whole has to be seen before it can be decided on
// (RFC 4301 §7; RFC 791 §3.2, RFC 8200 §4.5). Bounded in datagrams, fragments, octets and time. Fragments that overlap
// or contradict each other end their datagram, and what still comes of it goes the same way (RFC 5722).
#pragma once

#include <compare>
#include <map>
#include <optional>

#include "base/time.h"
#include "datapath/flow.h"

namespace sallyport::datapath {

class Reassembler {
 public:
  struct Limits {
    std::uint32_t datagrams = 64;
    std::uint32_t fragments = 256;            // of one datagram
    std::uint32_t bytes_total = 1024 * 1024;  // of all that waits, with what it costs to keep it
  };
  explicit Reassembler(const Limits& limits) : limits_(limits) {}

  struct Taken {
    std::optional<Bytes> whole;  // this was the last one that was missing
    std::size_t lost = 0;        // fragments that will never be part of anything: this one, or others with it
  };
  /// Takes a copy. `fragment` must be one. A whole IPv6 packet has no fragment header any more, and a whole IPv4 packet
  /// may be fragmented again.
  Taken add(Instant now, const wire::IpPacket& fragment);
  /// Gives up what has waited since `latest` or longer; returns how many fragments.
  std::size_t expire(Instant latest);
  /// Since when the oldest has waited; nullopt: none does.
  std::optional<Instant> since() const;

  std::size_t octets() const { return cost_; }

 private:
  struct Key {
    AddressNumber source, destination;
    std::uint32_t id = 0;
    std::uint8_t protocol = 0;  // IPv4's; IPv6 tells datagrams apart without it
    bool v6 = false;
    friend auto operator<=>(const Key&, const Key&) = default;
  };
  struct Incomplete {
    Instant since;
    Bytes headers;                          // of the first fragment, as it came
    std::map<std::uint16_t, Bytes> pieces;  // by offset; they do not overlap
    std::size_t octets = 0;                 // in the pieces
    std::optional<std::size_t> end;         // of the datagram, once its last fragment has come
    std::size_t cost = 0;
    bool spoiled = false;
  };
  using Table = std::map<Key, Incomplete>;

  static Key key_of(const wire::IpPacket& fragment);
  bool fits_in(const Incomplete& datagram, std::size_t offset, ByteView piece, bool is_last) const;
  std::size_t make_room(std::size_t wanted, const Key& keep);
  std::size_t spoil(Incomplete& datagram);
  std::size_t forget(Table::iterator place);

  Limits limits_;
  Table table_;
  std::size_t cost_ = 0;
};

}  // namespace sallyport::datapath
