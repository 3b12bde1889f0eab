// IkeSa: everything that one IKEv2 SA remembers, as a plain value. Handlers read it and return a Step; only session.cpp
// changes it.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "base/timer_set.h"
#include "crypto/provider.h"
#include "ike/core/any_ike_sa.h"
#include "ike/v2/key_schedule.h"
#include "ike/v2/message_window.h"
#include "policy/child_sa.h"

namespace sallyport::ike::v2 {

/// RFC 7296 §1.2; the drawing is in docs/state-machines.md, printed from transitions.cpp.
enum class State : std::uint8_t {
  init_sent,  // initiator: IKE_SA_INIT asked
  keyed,      // responder: IKE_SA_INIT answered, the peer is still anybody
  auth_sent,  // initiator: IKE_AUTH asked
  established,
  closing,  // our Delete is on its way
  closed,
  count_
};

enum class Timer : std::uint8_t {
  retransmit,  // our outstanding request
  half_open,   // responder: not established in time
  confirm,     // responder: did the initiator get our IKE_AUTH?
  liveness,    // has the peer been heard lately? (dpd_delay)
  keepalive,   // our NAT's mapping
  retry,       // a task that had to wait (TEMPORARY_FAILURE)
  life,        // the IKE SA's own end
  child_life,  // the earliest end of a Child SA
  count_
};

/// A Child SA that is installed.
struct ChildSa : ChildSaStatus {
  bool closing = false;  // our Delete for it is on its way
};

// What we want of the peer, one request after the other.
struct CreateChild {
  ChildRequest request;
  std::optional<crypto::KeyExchangeMethod> method = {};  // the one that the peer asked for (INVALID_KE_PAYLOAD)
  std::uint32_t tries = 0;
};
struct CloseChild {
  policy::ChildSaId id;
  event::FailureKind why;
};
/// A Child SA that the peer made and we refused.
struct AbandonChild {
  policy::Protocol protocol;
  std::uint32_t spi_in;
};
struct CloseIkeSa {
  event::FailureKind why;
};
struct CheckLiveness {};
using Task = std::variant<CreateChild, CloseChild, AbandonChild, CloseIkeSa, CheckLiveness>;

/// Our side of a Child SA under negotiation, as the initiator of the exchange.
struct PendingChild {
  CreateChild task;
  std::uint32_t spi_in = 0;
  Bytes nonce;                                        // CREATE_CHILD_SA alone; IKE_AUTH uses the IKE SA's
  std::unique_ptr<crypto::KeyExchange> key_exchange;  // with forward secrecy
  policy::TrafficSelectors local_ts, remote_ts;       // as offered
  // Outbound SPIs unknown to us that the peer has deleted meanwhile: its answer that names one was overtaken, and what
  // it made is gone. At most max_deleted of them.
  std::vector<std::uint32_t> deleted;
  static constexpr std::size_t max_deleted = 64;
};

/// What only the way to `established` needs; dropped there.
struct Setup {
  std::unique_ptr<crypto::KeyExchange> key_exchange;  // initiator
  Bytes cookie;                                       // initiator: to be returned
  std::uint32_t restarts = 0;                         // initiator: cookies and other groups, bounded
  Bytes nonce_i, nonce_r;
  Bytes init_request, init_response;              // octets that AUTH covers
  std::vector<policy::ConnectionPtr> candidates;  // responder: whose proposals fit
  bool initial_contact = false;                   // initiator: to be claimed
};

struct IkeSa : AnyIkeSa {
  State state = State::init_sent;
  std::uint64_t spi_i = 0, spi_r = 0;
  policy::Suite suite;
  IkeKeys keys;
  std::uint64_t sent_messages = 0;  // IV counter
  MessageWindow window;
  TimerSet<Timer> timers;

  std::unique_ptr<Setup> setup;
  std::vector<ChildSa> children;
  std::vector<Task> tasks;      // in order; short, so a vector
  std::optional<Task> current;  // what the outstanding request is for
  std::optional<PendingChild> pending_child;

  bool keyed() const { return !keys.sk_d.empty(); }
  const ChildSa* find_child(policy::ChildSaId child) const;
  const ChildSa* find_child_by_outbound_spi(std::uint32_t spi) const;
};

}  // namespace sallyport::ike::v2
