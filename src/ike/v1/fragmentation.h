// IKEv1's fragmentation ([MS-IKEE] §2.2.3.1, which follows Cisco's): a long message goes in several datagrams, each an
// ISAKMP header with one FRAGMENT payload in the clear, to a peer that has announced the vendor id "FRAGMENTATION".
//
//   message, header and all:  [ 1 | 2 | 3 … ]     fragments:  HDR, FRAG(1)  HDR, FRAG(2)  HDR, FRAG(3, last)
//
// Fragments are authentic to nobody; only the message within may be. Nothing announces how many there will be, and
// peers give all their messages one fragment id. So what is heard last of a fragment counts, nothing is kept for long,
// and never more than a fixed number of octets.
#pragma once

#include <optional>
#include <vector>

#include "ike/core/pieces.h"
#include "ike/core/settings.h"
#include "ike/v1/isakmp_sa.h"
#include "wire/ikev1/fragment_payload.h"
#include "wire/ikev1/message.h"

namespace sallyport::ike::v1 {

// ---- Who speaks of it ----

/// Says that we take fragments, unless the connection says no.
void announce_fragmentation(wire::ikev1::PayloadChain& payloads, const policy::Connection& connection);
bool says_fragmentation(const wire::ikev1::PayloadChain& payloads);
/// Whether messages of ours that are too long leave in fragments.
bool sends_fragments(const IsakmpSa& sa);

// ---- Cutting ----

/// The fragments of `message`, each a message of at most `longest` octets. None: it is no longer than that, or cannot
/// be cut so small (there are at most 255 fragments). The same message has the same fragments every time, so that a
/// repetition completes what got lost of it.
std::vector<Bytes> cut_into_fragments(ByteView message, std::size_t longest);

// ---- Putting together ----

class Reassembly {
 public:
  struct Limits {
    std::size_t message = 0;   // octets of the longest message
    std::size_t octets = 0;    // of all that is kept; at least one message's
    std::size_t messages = 4;  // incomplete ones
    Duration patience{};       // with a message whose first fragment is there
  };

  /// Takes a datagram that is a fragment. The message, when this completes it; nullopt while more is to come.
  /// ErrorCode::malformed for a fragment that cannot be, or a message that is none of the fragments' ISAKMP SA;
  /// ErrorCode::exhausted for a message beyond the limits, of which nothing is kept.
  Result<std::optional<Bytes>> take(Instant now, const Limits& limits, const policy::Endpoint& remote,
                                    ByteView datagram);

  /// Forgets what waited too long.
  void expire(Instant now, const Limits& limits);
  /// When there is something to forget.
  std::optional<Instant> next_expiry(const Limits& limits) const;
  void clear() { incomplete_.clear(); }
  /// All that is kept.
  std::size_t octets() const;

 private:
  struct Key {
    policy::Endpoint remote;
    std::uint64_t cookie_i = 0, cookie_r = 0;
    std::uint16_t id = 0;

    friend bool operator==(const Key&, const Key&) = default;
  };
  struct Incomplete {
    Key key;
    Instant began{};
    Pieces pieces;
    std::optional<std::uint8_t> last = {};

    void put(const wire::ikev1::FragmentPayload& fragment);
    bool is_complete() const { return last && pieces.are_all(*last); }
  };
  using List = std::vector<Incomplete>;  // the oldest first

  List::iterator find_or_begin(Instant now, const Limits& limits, const Key& key);
  void make_room(const Limits& limits, const Key& for_this);

  List incomplete_;
};

/// For the fragments of one ISAKMP SA.
inline Reassembly::Limits fragment_limits(const Settings& settings) {
  return {.message = settings.max_packet, .octets = 2 * settings.max_packet, .patience = settings.half_open_timeout};
}

}  // namespace sallyport::ike::v1
