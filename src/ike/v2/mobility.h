// What an IKE SA remembers for MOBIKE (RFC 4555), and what a message of it decided: plain values, of which IkeSa has
// one and a Step may bring the other.
#pragma once

#include <optional>
#include <vector>

#include "ike/core/datagram.h"
#include "ike/v2/nat_detection.h"

namespace sallyport::ike::v2 {

/// Where the two ends are.
struct Path {
  policy::Endpoint local, remote;

  friend bool operator==(const Path&, const Path&) = default;
};

struct Mobility {
  bool agreed = false;  // both ends support it
  bool leads = false;   // we began the first of the IKE SAs, and decide where both ends are: RFC 4555's initiator
  bool may_be_natted = false;             // the peer knows NAT traversal, and nothing here is stopped by a NAT
  std::vector<policy::IpAddress> theirs;  // the peer's further addresses, as it said last
  std::vector<policy::IpAddress> ours;    // ours, as we said last
  std::uint32_t moves = 0;                // of the IKE SA
  std::uint32_t updated_by = 0;           // id of the latest request of the peer's about its addresses
  std::uint32_t asked_at = 0;             // `moves` when the outstanding request was begun
  std::uint32_t unexpected_nats = 0;      // in a row
  bool unproved = false;                  // the IKE SA is ahead of its Child SAs: does the peer get what goes there?
  Path proved;                            // and here it does, for certain: where the Child SAs are
  Bytes cookie;                           // COOKIE2 of the outstanding request; empty: none
  Bytes seen_as;                          // what the peer said last of where it sees us (NAT_DETECTION_DESTINATION_IP)
  Instant seen_at{};                      // when it said so
  std::vector<Path> refused;              // by the peer; until something changes
  std::vector<Path> probed;               // other ways that the outstanding request went as well

  static constexpr std::size_t kMostAddresses = 16;
  static constexpr std::size_t kMostPaths = 8;
  static constexpr std::uint32_t kMostUnexpectedNats = 5;
};

/// What a message brought.
struct Moved {
  std::optional<Path> to;                                // a request of the leading end: the IKE SA is there now
  std::optional<std::vector<policy::IpAddress>> theirs;  // further addresses of the peer
  std::optional<NatFindings> nat;
  enum class Answer : std::uint8_t {
    none,
    updated,  // the peer has followed
    proved,   // it gets what goes where it says to be
    refused,  // it does not take these addresses
    natted    // there is a NAT between us, where none may be
  };
  Answer answer = Answer::none;  // to a request of ours
  bool mapping_changed = false;  // a NAT between us gave us another address or port
  Bytes seen_as;
};

}  // namespace sallyport::ike::v2
