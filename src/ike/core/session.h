// Session: one IKE SA as the engine sees it, whatever its version. This is the only virtual seam between the engine and
// the protocols.
#pragma once

#include <array>
#include <memory>

#include "ike/core/datagram.h"
#include "ike/core/environment.h"
#include "ike/core/status.h"
#include "policy/gateway.h"
#include "wire/ike_header.h"

namespace sallyport::ike {

/// A child that is wanted: by name, and for an acquire with the packet that asked for it.
struct ChildRequest {
  std::string child;
  std::optional<policy::TrafficSelector> source = {};
  std::optional<policy::TrafficSelector> destination = {};
};

/// What a session begins with.
struct Initiation {
  policy::ConnectionPtr connection;
  policy::Endpoint local, remote;
  ChildRequest child;                                     // empty: none yet, it is to take over those of another
  bool initial_contact = false;                           // claim to be the only IKE SA with this peer
  std::vector<ChildRequest> further = {};                 // behind `child`
  std::optional<policy::IkeSaId> reauthenticates = {};    // SessionFacts::lineage of the one that it is to replace
  std::optional<policy::GatewayId> redirected_from = {};  // who has sent us to this peer
};

/// What a Delete names; one number may stand for an ESP SA and for an AH SA.
struct DeletedSpi {
  policy::Protocol protocol = policy::Protocol::esp;
  std::uint32_t spi = 0;  // outbound

  friend bool operator==(const DeletedSpi&, const DeletedSpi&) = default;
};

/// What the engine knows a session by, and compares sessions by.
struct SessionFacts {
  policy::IkeSaId id;
  std::uint8_t version = 2;
  std::uint64_t local_spi = 0;  // ours, of the two IKE SPIs
  std::uint64_t spi_initiator = 0;
  bool initiator = false;
  policy::ConnectionPtr connection;  // null while a responder does not know it
  policy::Endpoint remote;
  Instant created{};
  std::optional<Instant> established;
  std::optional<policy::IkeSaId> heir = {};  // another has taken over its Child SAs

  // The lineage: on which IKE SA the peers proved who they are, here or, in IKEv2, where this one was rekeyed from; who
  // began that one, when, and its initiator's SPI.
  policy::IkeSaId lineage = {};
  bool began_lineage = false;
  std::uint64_t lineage_spi = 0;
  Instant lineage_created{};
  std::optional<Instant> lineage_established = {};
  // IKEv2 (ike/engine/reauthentication.h)
  std::optional<policy::IkeSaId> reauthenticates = {};  // made in the place of that lineage
  bool leaving = false;                                 // something took its place, it is about to be deleted
  /// Our SPIs of IKE SAs that are about to be made in its place, by us and by the peer; 0: none.
  std::array<std::uint64_t, 2> promised_spis{};
};

class Session {
 public:
  virtual ~Session() = default;

  // ---- Inputs ----
  /// A datagram whose SPIs are this session's. What is wrong with it becomes an event and a drop.
  virtual void on_message(Instant now, Environment& env, const Datagram& datagram, const wire::IkeHeader& header) = 0;
  virtual void on_timeout(Instant now, Environment& env) = 0;
  virtual std::optional<Instant> next_timeout() const = 0;

  /// Another Child SA of this session's connection; queued while a request of ours is outstanding. False: no more fit.
  virtual bool request_child(Instant now, Environment& env, ChildRequest request) = 0;
  virtual void close_child(Instant now, Environment& env, policy::ChildSaId id, event::FailureKind why) = 0;
  /// Tells the peer and ends; with `tell_peer` false, ends at once and in silence.
  virtual void close(Instant now, Environment& env, event::FailureKind why, bool tell_peer) = 0;
  /// Fresh keys now: another IKE SA that takes over, another Child SA in the place of one. False: it cannot be begun
  /// from here, or not any more.
  virtual bool rekey(Instant now, Environment& env) = 0;
  virtual bool rekey_child(Instant now, Environment& env, policy::ChildSaId id) = 0;
  /// The peers prove anew who they are, now. In IKEv1 they always do.
  virtual bool reauthenticate(Instant now, Environment& env) { return rekey(now, env); }
  /// The peer's ESP came, authentic, from another address (RFC 7296 §2.23).
  virtual void on_peer_moved(Instant now, Environment& env, const policy::Endpoint& remote) = 0;

  /// Sends the peer, a client of ours, to another gateway. False: it would not go.
  virtual bool redirect(Instant, Environment&, const policy::GatewayId&) { return false; }
  /// Somebody says that the peer knows nothing of a Child SA: it is asked whether it is there.
  virtual void doubt_peer(Instant, Environment&) {}

  /// Its connection is configured with other children now, and means the same otherwise. Those that have changed, or
  /// are gone, are closed.
  virtual void on_reconfigured(Instant now, Environment& env, policy::ConnectionPtr connection) = 0;
  /// The host's own addresses, or its routes, have changed.
  virtual void on_addresses_changed(Instant, Environment&) {}

  // ---- What there is to see ----
  virtual SessionFacts facts() const = 0;
  /// As far as it is known: while nothing is, any; from its own word on, what the peer says that it is.
  virtual const policy::Identity& remote_id() const = 0;
  virtual IkeSaStatus status() const = 0;
  virtual bool has_child(policy::ChildSaId id) const = 0;
  /// Nothing is left to do: the engine may forget it.
  virtual bool finished() const = 0;
  /// Both ends have closed it: there is nothing to be seen of it, though it may have its last answer to say again.
  virtual bool over() const { return finished(); }
  /// The peer has not proved itself: what counts against the bounds on unauthenticated state.
  virtual bool half_open() const = 0;
  /// Half-open, and for all that is known its address is forged: the first to be given up for another one.
  virtual bool unproved() const { return false; }
  /// True once after the peer said that this is its only IKE SA with us (INITIAL_CONTACT).
  virtual bool take_initial_contact() = 0;
  /// It is: what this one has taken over of others from before is left over, too.
  virtual void forget_past(Instant, Environment&) {}
  /// Another IKE SA with the peer has come up meanwhile: this one is not to claim that it is the only one.
  virtual void withdraw_initial_contact() {}

  /// The peer has begun one that is established, for the same connection: an attempt of ours that wants nothing else,
  /// and has proved nothing yet, is given up.
  virtual void yield_to(Environment&, const IkeSaStatus&) {}

  /// IKE SAs that have come from this one: IKEv2's successors, established as they are, by an exchange of its own; or
  /// one that is begun from scratch because this one could not be resumed.
  virtual std::vector<std::unique_ptr<Session>> take_successors() { return {}; }

  /// Once after the peer has resumed an IKE SA of ours by this one: that one, which is over (RFC 5723 §4.3.4).
  virtual std::optional<policy::IkeSaId> take_resumed() { return std::nullopt; }

  // ---- With other IKE SAs of the same peer, begun in the place of this one
  /// True once after it wants a successor to be begun: its life ends, or the peers' proof of who they are does.
  virtual bool take_wish_for_successor() { return false; }
  /// What the successor has to begin with, beside the peers and their connection.
  virtual void describe_successor(Initiation&) const {}
  /// IKEv2: true once after all that it was begun for is here, and the older one might go.
  virtual bool take_wish_for_farewell() { return false; }
  /// Another has its place: it begins nothing any more, and is deleted after a grace.
  virtual void give_way(Instant, Environment&) {}
  /// Our traffic is to go by its Child SAs.
  virtual void take_traffic(Environment&) {}

  // ---- The same in IKEv1, where a new phase 1 is how an IKE SA gets fresh keys
  /// True once after there are Child SAs to be taken over by its heir, or by any other: the peer has closed it without
  /// them, or they came up after it had been succeeded.
  virtual bool take_wish_for_heir() { return false; }
  /// Takes over the Child SAs of another, of the same version, and what else is wanted of it. `close_it`: it is ours to
  /// close when all that is under way there has finished.
  virtual void take_over(Instant, Environment&, Session&, bool /*close_it*/) {}
  /// What the peer deleted here and is not here, each once.
  virtual std::vector<DeletedSpi> take_stray_deletes() { return {}; }
  /// Such a Delete, if the Child SA is here.
  virtual void on_stray_delete(Instant, Environment&, DeletedSpi) {}
};

}  // namespace sallyport::ike
