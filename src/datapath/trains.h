// TrainBuilder: lays the ESP packets of a burst end to end in memory, so that packets of one size for one destination
// are one Send, which UDP_SEGMENT sends with one call. Only the last packet of a train may be shorter than the others.
#pragma once

#include "datapath/arena.h"
#include "datapath/sad.h"
#include "datapath/tunnel.h"
#include "datapath/verdicts.h"

namespace sallyport::datapath {

/// Send::extension_headers as they stand in the clear packet.
struct HeaderTail {
  ByteView octets;
  std::uint8_t first_header = 0;
  std::optional<std::size_t> protocol_field;  // offset of the next header field that is to name ESP, or UDP
};

class TrainBuilder {
 public:
  struct Limits {
    std::size_t packets;
    std::size_t bytes;
  };
  explicit TrainBuilder(const Limits& limits) : limits_(limits) {}

  /// Forgets the last burst; `sends` is where this one's go.
  void begin_burst(std::vector<Send>& sends);
  /// The packets that follow belong to another SA.
  void close_train() { is_open_ = false; }

  /// Room for an ESP packet of `size` octets (at most largest_packet), to be filled by the caller. A packet with a
  /// header tail is always a train of its own. `more` is how many octets of the same kind are known to come, this
  /// packet included, so that a long train is not cut in two for want of room.
  std::uint8_t* add(const Sa& sa, std::size_t size, const OuterFields& fields, const HeaderTail& tail = {},
                    std::size_t more = 0);

  /// The same for up to `wanted` packets of one size without header tails, as many as one train takes: they lie end to
  /// end. `like_last`: the packet before differs in nothing but size.
  struct Row {
    std::uint8_t* first;
    std::size_t count;
  };
  Row add_row(const Sa& sa, std::size_t size, const OuterFields& fields, std::size_t wanted, bool like_last);

  /// What fits into a UDP datagram over IPv4.
  static constexpr std::size_t largest_packet = 65507;

 private:
  bool has_room(std::size_t size) const;
  bool continues(std::size_t size, const OuterFields& fields) const;
  void start(const Sa& sa, std::size_t size, const OuterFields& fields, const HeaderTail& tail);

  Limits limits_;
  Arena arena_;
  std::vector<Send>* sends_ = nullptr;
  bool is_open_ = false;
  std::size_t packets_ = 0;  // in the open train
};

}  // namespace sallyport::datapath
