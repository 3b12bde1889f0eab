// Trace: all that happened in a world, in order: each packet put on a link with its fate, and notes of whoever had
// something to say. Two runs of one seed have one digest; what is kept beside it is for people: pcapng.h makes a
// capture of it, timeline.h a text.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/strong_id.h"
#include "base/time.h"

namespace sallyport::sim {

using LinkId = StrongId<struct LinkTag, std::uint32_t>;

/// Every link has two ends, a and b; each way is a world of its own.
enum class Direction : std::uint8_t {
  a_to_b,
  b_to_a
};
constexpr Direction opposite(Direction d) { return d == Direction::a_to_b ? Direction::b_to_a : Direction::a_to_b; }

/// What became of a packet on its link; several may be true of one.
enum class Fate : std::uint16_t {
  delivered = 0,
  lost = 1 << 0,
  cut = 1 << 1,         // the link was down
  too_big = 1 << 2,     // for the link's MTU
  queue_full = 1 << 3,  // the link's rate could not keep up
  taken = 1 << 4,       // by somebody on the path
  duplicated = 1 << 5,
  corrupted = 1 << 6,
  held_back = 1 << 7,  // until others have overtaken it
  forged = 1 << 8,     // put there or altered by an attacker
};
constexpr Fate operator|(Fate a, Fate b) {
  return static_cast<Fate>(static_cast<std::uint16_t>(a) | static_cast<std::uint16_t>(b));
}
constexpr Fate& operator|=(Fate& a, Fate b) { return a = a | b; }
constexpr bool has(Fate all, Fate one) {
  return (static_cast<std::uint16_t>(all) & static_cast<std::uint16_t>(one)) != 0;
}
/// Did none of it arrive?
constexpr bool is_gone(Fate fate) {
  return has(fate, Fate::lost | Fate::cut | Fate::too_big | Fate::queue_full | Fate::taken);
}
/// "lost", "corrupted, held back"; empty for a plain delivery.
std::string to_string(Fate fate);

class Trace {
 public:
  struct Packet {
    Instant at;
    std::uint64_t order;  // among all packets and notes
    LinkId link;
    Direction direction;
    Fate fate;
    Bytes bytes;  // as sent, before any corruption
  };
  struct Note {
    Instant at;
    std::uint64_t order;
    std::string who;
    std::string what;
  };
  struct LinkName {
    std::string a, b;
  };

  /// Keep the last `packets` packets and as many notes: 0, the default, keeps none and counts the digest alone.
  void keep(std::size_t packets) { capacity_ = packets; }
  bool is_keeping() const { return capacity_ > 0; }

  LinkId add_link(std::string a, std::string b);
  void packet(Instant at, LinkId link, Direction direction, Fate fate, ByteView bytes);
  /// Counts towards the digest: `what` has to be the same in every run.
  void note(Instant at, std::string_view who, std::string_view what);
  /// For people only: kept if anything is, and no part of the digest. Ask is_keeping() before making a costly text.
  void remark(Instant at, std::string_view who, std::string what);

  /// Of everything so far, kept or not.
  std::uint64_t digest() const { return digest_; }
  std::uint64_t packets_seen() const { return packets_seen_; }
  std::uint64_t bytes_seen() const { return bytes_seen_; }

  const std::vector<LinkName>& links() const { return links_; }
  const std::deque<Packet>& packets() const { return packets_; }
  const std::deque<Note>& notes() const { return notes_; }
  /// How many packets were seen before the first that is still kept.
  std::uint64_t packets_forgotten() const { return packets_seen_ - packets_.size(); }

 private:
  void count(std::uint64_t word);
  void count(ByteView bytes);

  std::size_t capacity_ = 0;
  std::uint64_t order_ = 0;
  std::uint64_t digest_ = 0x9e3779b97f4a7c15;
  std::uint64_t packets_seen_ = 0;
  std::uint64_t bytes_seen_ = 0;
  std::vector<LinkName> links_;
  std::deque<Packet> packets_;
  std::deque<Note> notes_;
};

}  // namespace sallyport::sim
