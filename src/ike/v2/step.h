// Step: what a handler decided. It is all that a handler can do to an IKE SA, and session.cpp applies it in one place;
// a handler that finds fault returns a Step that says so, and nothing else has changed.
#pragma once

#include <optional>
#include <vector>

#include "event/event.h"
#include "event/failure.h"
#include "ike/v2/ike_sa.h"
#include "ike/v2/ppk.h"
#include "wire/ikev2/message.h"

namespace sallyport::ike::v2 {

/// IKE_SA_INIT agreed on keys.
struct Keyed {
  policy::Suite suite;
  IkeKeys keys;
  std::uint64_t spi_r = 0;
  Bytes nonce_r;
  Bytes init_response;  // initiator alone
  bool nat_local = false, nat_remote = false;
  bool fragmentation = false;         // both ends have announced it
  bool childless = false;             // the responder takes an IKE_AUTH without a Child SA
  bool ppk = false;                   // both ends have a postquantum preshared key
  bool intermediate = false;          // both ends have announced IKE_INTERMEDIATE
  bool knows_nat_traversal = false;   // the peer
  std::optional<Puzzle> puzzle = {};  // to be solved before IKE_AUTH
};
/// IKE_AUTH proved the peer's identity.
struct Authenticated {
  policy::ConnectionPtr connection;
  policy::Identity local_id, remote_id;
  bool initial_contact = false;  // the peer knows of no other IKE SA with us (RFC 7296 §2.4)
  std::optional<PpkKeys> ppk = {};
  std::optional<std::vector<policy::IpAddress>> mobile = {};  // both support MOBIKE; the peer's further addresses
};
/// An IKE_INTERMEDIATE message of the peer's was taken.
struct Intermediate {
  Bytes int_auth;               // of the peer's messages so far
  std::optional<IkeKeys> keys;  // after its additional key exchange
  std::size_t due = 0;          // of IntermediateExchanges
};
/// An additional key exchange of a FollowUp gave a secret.
struct FurtherSecret {
  Bytes link;  // of the FollowUp among those that are promised; of no use to the exchange's initiator
  Secret secret;
  std::size_t due = 0;  // the place of the next one; 0: that was the last
  Bytes next_link;
};

/// A ticket came.
struct GrantedTicket {
  Bytes octets;
  Duration lifetime{};
};

struct Step {
  State next = State::established;
  /// The payloads of the response; for a request alone. nullopt: no answer, as if it had never come.
  std::optional<wire::ikev2::PayloadChain> reply;

  std::optional<Keyed> keyed;
  std::optional<Intermediate> intermediate;
  std::optional<Authenticated> authenticated;
  std::optional<policy::NetworkConfig> received, given;  // of IkeSa
  std::optional<NewChild> child;
  std::optional<NewIkeSa> ike_sa;              // in the place of this one
  std::optional<FollowUp> follow_up;           // one of ours: its key exchanges are next
  std::optional<FollowUp> promised;            // one of the peer's: likewise
  std::optional<FurtherSecret> further;        // one of them has gone on
  std::optional<Duration> granted;             // so long the peer takes our proof of who we are for good (RFC 4478)
  std::optional<policy::ChildSaId> lost;       // a child of ours that the peer does not know (CHILD_SA_NOT_FOUND)
  std::vector<policy::ChildSaId> removed;      // children that the peer deleted
  std::vector<std::uint32_t> removed_unknown;  // outbound SPIs that it deleted, of no child of ours
  std::optional<Moved> moved;                  // MOBIKE's part
  std::optional<policy::GatewayId> redirect;   // there we are to go
  bool departs = false;                        // the client is to go elsewhere
  Bytes crash_token;                           // the peer's for this IKE SA; empty: it says none
  std::optional<GrantedTicket> ticket;
  bool gives_ticket = false;
  /// By our ticket we are not let in: as if we had none.
  std::optional<event::Resumption::Outcome> anew;
  /// IKE_SA_INIT once more with these changes (RFC 7296 §1.2, §2.6).
  struct Restart {
    Bytes cookie;
    std::optional<crypto::KeyExchangeMethod> method;
    std::optional<Puzzle> puzzle = {};  // to be solved beside the cookie
  };
  std::optional<Restart> restart;
  /// The current task failed; the IKE SA lives on unless `next` says otherwise.
  std::optional<event::Failure> failure;
  /// The peer made its half of the Child SA that failed: it must be told to delete it.
  bool abandoned = false;
  /// The current task has to be done again: with another group, or later, when the peer is free for it.
  std::optional<Task> again;
  bool later = false;
  /// Not worth an answer or a change; counted.
  std::optional<event::MessageRejected::Reason> rejected;

  static Step reject(State same, event::MessageRejected::Reason reason) { return {.next = same, .rejected = reason}; }
};

/// What a handler is given of the message.
struct Inbound {
  Instant now;
  const Datagram& datagram;
  const wire::IkeHeader& header;
  const wire::ikev2::PayloadChain& payloads;  // decrypted where it was encrypted
  ByteView covered = {};                      // of IKE_INTERMEDIATE: what IntAuth covers of it
};

}  // namespace sallyport::ike::v2
