// RFC 7383: a protected message that is too long for a datagram goes in several, each an IKE header with an SKF payload
// that is protected by itself, to a peer that has announced IKEV2_FRAGMENTATION_SUPPORTED as we have.
//
//   inner payloads:  [ 1 | 2 | 3 ]     fragments:  HDR, SKF{1 of 3}   HDR, SKF{2 of 3}   HDR, SKF{3 of 3}
//
// What is put together here is authentic already, piece by piece. So only the peer can make it grow, and it not beyond
// a bound.
#pragma once

#include <map>
#include <optional>

#include "ike/core/environment.h"
#include "ike/core/pieces.h"
#include "ike/v2/protection.h"

namespace sallyport::ike::v2 {

/// Fragments of one message that we take at most: so many are 64 KiB in the smallest packets that we send.
inline constexpr std::uint16_t kMostFragments = 256;

// ---- Who speaks of it (in IKE_SA_INIT alone) ----

/// Whether any of the connections that may be meant lets us take fragments.
bool wants_fragmentation(const policy::Candidates& candidates);
inline bool wants_fragmentation(const policy::Connection& connection) {
  return connection.fragmentation != policy::Fragmentation::no;
}
void announce_fragmentation(wire::ikev2::PayloadChain& payloads);
bool says_fragmentation(const wire::ikev2::PayloadChain& payloads);

// ---- Putting together ----

/// The fragments of one message (RFC 7383 §2.6).
class Reassembly {
 public:
  enum class Verdict : std::uint8_t {
    wanted,    // open it
    repeated,  // it is here already
    refused    // it cannot belong to what is here, or is of too many
  };
  /// Before a fragment has cost a decryption.
  Verdict judge(const wire::IkeHeader& header, const wire::ikev2::SkfPayload& fragment) const;
  /// Takes an authentic fragment with what was in it. True: all are here. ErrorCode::exhausted: together they are more
  /// than `limit` octets, and nothing of them is kept.
  Result<bool> take(Instant now, std::size_t limit, const wire::IkeHeader& header,
                    const wire::ikev2::SkfPayload& fragment, ByteView inner);

  /// All of them together; afterwards nothing is here.
  struct Whole {
    wire::ikev2::PayloadType first = wire::ikev2::PayloadType::none;
    Bytes inner;
    std::size_t size = 0;  // octets of the messages that it came in
    std::uint16_t fragments = 0;
  };
  Whole release();
  void clear() { *this = {}; }
  bool empty() const { return pieces_.empty(); }
  /// When the first of them came.
  Instant began() const { return began_; }
  std::size_t octets() const { return pieces_.octets(); }

 private:
  bool is_of(const wire::IkeHeader& header) const { return !empty() && header.message_id == message_id_; }

  std::uint32_t message_id_ = 0;
  std::uint8_t exchange_type_ = 0;
  std::uint16_t total_ = 0;
  wire::ikev2::PayloadType first_ = wire::ikev2::PayloadType::none;
  Instant began_{};
  std::size_t size_ = 0;
  Pieces pieces_;
};

// ---- Of an IKE SA whose ends both take fragments ----

struct Fragmentation {
  std::map<std::uint32_t, Reassembly> requests, responses;  // of the peer's, by their ids; no more than the window is
  /// The largest IP packets that a message of ours goes in; nullopt: as the settings say.
  std::optional<std::size_t> packet_size = {};
  /// What may have to be cut smaller because it does not come through, by ids: of our outstanding requests and of the
  /// responses that the peer may still ask for, those that are not short.
  std::map<std::uint32_t, Plaintext> long_requests = {};
  struct Response {
    Plaintext plain;
    std::uint32_t repeats = 0;
  };
  std::map<std::uint32_t, Response> long_responses = {};
};

/// From the second repetition on, what is still not answered may be too large for the path rather than lost.
inline constexpr std::uint32_t kRepetitionsBeforeSmaller = 2;
/// The next smaller packets to try (RFC 7383 §2.5.2): what every link of IPv6 takes, what every host of IPv4 does.
/// nullopt: there are no smaller ones.
std::optional<std::size_t> smaller_packets(std::size_t than, const policy::IpAddress& local);

}  // namespace sallyport::ike::v2
