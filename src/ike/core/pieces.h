// Pieces: what has come of one message that travels in numbered pieces, in IKEv1's fragments or RFC 7383's. It keeps
// and joins them; how many there are to be, which of two pieces with one number counts, and how long to wait is for
// whoever gathers them: there the versions differ. And what room a packet has for one.
#pragma once

#include <map>

#include "base/bytes.h"
#include "ike/core/datagram.h"

namespace sallyport::ike {

class Pieces {
 public:
  /// Octets of all pieces together.
  std::size_t octets() const { return octets_; }
  std::size_t count() const { return pieces_.size(); }
  bool empty() const { return pieces_.empty(); }
  bool has(std::uint16_t number) const { return pieces_.contains(number); }

  /// Takes the place of the piece that has the number already. Numbers count from 1.
  void put(std::uint16_t number, ByteView data) {
    drop(number);
    pieces_.emplace(number, to_bytes(data));
    octets_ += data.size();
  }
  void drop(std::uint16_t number) {
    const auto found = pieces_.find(number);
    if (found == pieces_.end()) return;
    octets_ -= found->second.size();
    pieces_.erase(found);
  }
  void drop_behind(std::uint16_t number) {
    while (!pieces_.empty() && pieces_.rbegin()->first > number) drop(pieces_.rbegin()->first);
  }

  /// All of 1 to `last` are there, and nothing behind.
  bool are_all(std::uint16_t last) const {
    return pieces_.size() == last && pieces_.begin()->first == 1 && pieces_.rbegin()->first == last;
  }
  Bytes join() const {
    Bytes whole;
    whole.reserve(octets_);
    for (const auto& [number, data] : pieces_) append(whole, data);
    return whole;
  }

 private:
  std::map<std::uint16_t, Bytes> pieces_;
  std::size_t octets_ = 0;
};

/// Octets of the longest message that fits into an IP packet of `packet_size` octets from this endpoint.
inline std::size_t longest_message(std::size_t packet_size, const policy::Endpoint& local) {
  constexpr std::size_t udp_header = 8;
  const std::size_t marker = local.port == kIkePort ? 0 : 4;  // RFC 3948 §2.2
  const std::size_t around = (local.address.is_v6() ? 40U : 20U) + udp_header + marker;
  return packet_size > around ? packet_size - around : 0;
}

}  // namespace sallyport::ike
