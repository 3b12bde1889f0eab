// Step and ExchangeStep: what a handler decided, of phase 1 and of phase 2. It is all that a handler can do to an
// ISAKMP SA, and session.cpp applies it in one place; a handler that finds fault returns a Step that says so, and
// nothing else has changed.
#pragma once

#include <optional>
#include <vector>

#include "ike/v1/isakmp_sa.h"
#include "wire/ikev1/lifetime.h"
#include "wire/ikev1/message.h"

namespace sallyport::ike::v1 {

/// The initiator's reading of what the responder chose.
struct Agreed {
  std::uint64_t cookie_r = 0;
  policy::Suite suite;
  std::optional<std::uint64_t> life_seconds;
  NatTraversal nat_traversal;
  bool peer_has_dpd = false;
  bool peer_takes_fragments = false;
};
/// Our half of the key exchange is made.
struct Begun {
  std::unique_ptr<crypto::KeyExchange> key_exchange;
  Bytes nonce_i;
};
/// Both halves are there.
struct Keyed {
  IsakmpKeys keys;
  IvChain chain;
  Bytes nonce_i, nonce_r, public_i, public_r;
};
struct NatFindings {
  bool local = false;   // we are behind a NAT
  bool remote = false;  // the peer is
};
/// The peer has proved who it is.
struct Authenticated {
  policy::ConnectionPtr connection;
  policy::Identity local_id, remote_id;
  bool initial_contact = false;  // the peer knows of no other ISAKMP SA with us (RFC 2407 §4.6.3.3)
};
struct Reply {
  wire::ikev1::PayloadChain payloads;
  bool encrypted = false;
};

struct Step {
  State next = State::closed;
  std::optional<Agreed> agreed;
  std::optional<Begun> begun;
  std::optional<Keyed> keyed;
  std::optional<NatFindings> nat;
  std::optional<Authenticated> authenticated;
  std::string key_name;  // Main Mode's responder: of the key that the peer's address stands for
  std::optional<Reply> reply;
  /// To be told behind it, in an Informational: Aggressive Mode's responder knows no other ISAKMP SA with the peer.
  bool tell_initial_contact = false;
  std::optional<event::Failure> failure;
  /// To be said to the peer without protection; it may believe it or not.
  std::optional<wire::ikev1::NotifyType> hint;
  /// The peer believes in the ISAKMP SA that we close: tell it, and why.
  std::optional<wire::ikev1::NotifyType> tell_peer;
  /// Not worth an answer or a change; counted.
  std::optional<event::MessageRejected::Reason> rejected;

  static Step reject(State same, event::MessageRejected::Reason reason) {
    Step step;
    step.next = same;
    step.rejected = reason;
    return step;
  }
};

struct NewChild {
  policy::ChildSaSpec spec;
  const policy::Child* config;
  wire::ikev1::Lifetimes life = {};  // as agreed; what is not set has no limit
};

struct ExchangeStep {
  ExchangeState next = ExchangeState::done;
  /// The next message of the same exchange.
  std::optional<wire::ikev1::PayloadChain> reply;
  /// An Informational of its own; the answer to an Informational, which a repetition of that gets again.
  std::optional<wire::ikev1::PayloadChain> notice;
  std::optional<QuickMode> quick;           // a responder's
  std::vector<NewChild> children;           // one for each SA payload
  std::vector<policy::ChildSaId> removed;   // children that the peer deleted
  std::vector<DeletedSpi> removed_unknown;  // and what else it deleted, of no child of ours
  std::optional<event::Failure> failure;
  /// The failure is that of this Quick Mode of ours, by message id.
  std::optional<std::uint32_t> failed_exchange;
  std::optional<std::uint32_t> probe;  // the sequence number of an R-U-THERE
  std::optional<std::uint32_t> probe_answer;
  bool initial_contact = false;
  bool close = false;      // the ISAKMP SA itself
  bool tell_peer = false;  // which is told by a Delete

  // ---- Transactions: XAUTH and Mode Config
  std::optional<wire::ikev1::AttributesPayload> attributes;  // the answer
  std::optional<Transaction> begin;                          // what we ask or set next
  std::optional<std::string> local_user, remote_user;        // accepted
  std::string refused_user;                                  // not, or not yet
  bool user_said = false;
  bool forget_password = false;  // it was refused
  std::optional<policy::NetworkConfig> received, given;
  std::optional<Topic> acknowledged;  // our SET
  std::optional<event::MessageRejected::Reason> rejected;

  static ExchangeStep reject(event::MessageRejected::Reason reason) {
    ExchangeStep step;
    step.rejected = reason;
    return step;
  }
};

/// What a handler is given of the message.
struct Inbound {
  Instant now;
  const Datagram& datagram;
  const wire::IkeHeader& header;
  const wire::ikev1::RawChain& raw;           // octets as they came, decrypted where they were encrypted
  const wire::ikev1::PayloadChain& payloads;  // the same, read
  bool encrypted = false;
};

}  // namespace sallyport::ike::v1
