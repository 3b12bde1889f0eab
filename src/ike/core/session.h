// Session: one IKE SA as the engine sees it, whatever its version. This is the only virtual seam between the engine and
// the protocols.
#pragma once

#include "ike/core/datagram.h"
#include "ike/core/environment.h"
#include "ike/core/status.h"
#include "wire/ike_header.h"

namespace sallyport::ike {

/// A child that is wanted: by name, and for an acquire with the packet that asked for it.
struct ChildRequest {
  std::string child;
  std::optional<policy::TrafficSelector> source;
  std::optional<policy::TrafficSelector> destination;
};

class Session {
 public:
  virtual ~Session() = default;

  /// A datagram whose SPIs are this session's. What is wrong with it becomes an event and a drop.
  virtual void on_message(Instant now, Environment& env, const Datagram& datagram, const wire::IkeHeader& header) = 0;
  virtual void on_timeout(Instant now, Environment& env) = 0;
  virtual std::optional<Instant> next_timeout() const = 0;

  /// Another Child SA of this session's connection; queued while a request of ours is outstanding.
  virtual void request_child(Instant now, Environment& env, ChildRequest request) = 0;
  virtual void close_child(Instant now, Environment& env, policy::ChildSaId id, event::FailureKind why) = 0;
  /// Tells the peer and ends; with `tell_peer` false, ends at once and in silence.
  virtual void close(Instant now, Environment& env, event::FailureKind why, bool tell_peer) = 0;
  /// The peer's ESP came, authentic, from another address (RFC 7296 §2.23).
  virtual void on_peer_moved(Instant now, Environment& env, const policy::Endpoint& remote) = 0;

  virtual IkeSaStatus status() const = 0;
  /// Nothing is left to do: the engine may forget it.
  virtual bool finished() const = 0;
  /// The responder of an exchange whose initiator has not proved itself yet.
  virtual bool half_open() const = 0;

  /// What the engine finds sessions by.
  struct Key {
    policy::IkeSaId id;
    std::uint64_t local_spi = 0;  // ours, of the two IKE SPIs
    policy::ConnectionPtr connection;  // null while a responder does not know it
  };
  virtual const Key& key() const = 0;
};

}  // namespace sallyport::ike
