// EarlyPackets: ESP and AH that came by an SPI of ours before its keys did. An initiator offers its SPI and learns the
// keys from the answer; the responder has them when it answers, and what it then sends may overtake that. So the newest
// few packets of each offered SPI wait, if they come from the peer that it was offered to. A stranger can make nothing
// wait: it would have to know an SPI that has so far been said to one peer alone, and under encryption.
#pragma once

#include <deque>
#include <map>
#include <vector>

#include "base/time.h"
#include "datapath/verdicts.h"

namespace sallyport::datapath {

class EarlyPackets {
 public:
  struct Limits {
    std::uint32_t packets;  // per SPI
    std::uint32_t bytes;    // likewise
    std::uint32_t bytes_total;
  };
  struct Held {
    Bytes bytes;
    Datagram from;  // but for its bytes
    Instant since;
  };

  explicit EarlyPackets(const Limits& limits) : limits_(limits) {}

  void offer(policy::Protocol protocol, std::uint32_t spi, const policy::IpAddress& peer);
  /// Nothing came of the offer. How many packets had waited.
  std::size_t withdraw(policy::Protocol protocol, std::uint32_t spi);
  /// The keys have come: what waited is free.
  void release(policy::Protocol protocol, std::uint32_t spi);

  /// Takes a copy. nullopt: that SPI was not offered, or not to where this comes from. Else how many packets it cost:
  /// older ones that made room, or this one when no room could be made.
  std::optional<std::size_t> hold(policy::Protocol protocol, std::uint32_t spi, const Datagram& from, ByteView packet,
                                  Instant now);
  /// Takes out what is free, each SPI's in the order it came.
  std::vector<Held> take_released() { return std::exchange(released_, {}); }
  bool has_released() const { return !released_.empty(); }
  /// Drops what has waited since `latest` or longer; returns how many.
  std::size_t expire(Instant latest);
  /// Of the packet that has waited longest; nullopt: none waits.
  std::optional<Instant> since() const;

 private:
  struct Offered {
    policy::IpAddress peer;
    std::deque<Held> packets = {};
    std::size_t bytes = 0;
  };
  struct Spi {
    policy::Protocol protocol;
    std::uint32_t spi;

    friend auto operator<=>(const Spi&, const Spi&) = default;
  };

  void drop_oldest(Offered& offered);

  Limits limits_;
  std::map<Spi, Offered> offered_;  // as many as Child SAs are being negotiated that we began
  std::vector<Held> released_;
  std::size_t bytes_total_ = 0;
};

}  // namespace sallyport::datapath
