// IkeSa: everything that one IKEv2 SA remembers, as a plain value. Handlers read it and return a Step; only session.cpp
// changes it.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "base/timer_set.h"
#include "crypto/provider.h"
#include "ike/core/any_ike_sa.h"
#include "ike/core/renewal.h"
#include "ike/v2/fragmentation.h"
#include "ike/v2/key_schedule.h"
#include "ike/v2/message_window.h"
#include "ike/v2/mobility.h"
#include "ike/v2/puzzle.h"
#include "policy/child_sa.h"
#include "policy/connection_table.h"
#include "policy/gateway.h"
#include "policy/network_config.h"

namespace sallyport::ike::v2 {

/// RFC 7296 §1.2; the drawing is in docs/state-machines.md, printed from transitions.cpp.
enum class State : std::uint8_t {
  init_sent,          // initiator: IKE_SA_INIT asked
  keyed,              // responder: IKE_SA_INIT answered, the peer is still anybody
  intermediate_sent,  // initiator: IKE_INTERMEDIATE asked
  auth_sent,          // initiator: IKE_AUTH asked
  established,
  rekeyed,  // another IKE SA has taken over the Child SAs: its Delete is all that is left to come
  closing,  // our Delete is on its way
  closed,
  count_
};

enum class Timer : std::uint8_t {
  retransmit,        // our outstanding request
  puzzle,            // initiator: the search for its solution goes on
  half_open,         // responder: not established in time
  confirm,           // responder: did the initiator get our IKE_AUTH?
  liveness,          // has the peer been heard lately? (dpd_delay)
  keepalive,         // our NAT's mapping
  retry,             // a task that had to wait (TEMPORARY_FAILURE)
  life,              // the IKE SA's own end
  renewal,           // it wants fresh keys, or the last try at them came to nothing
  reauthentication,  // the peers' proof of who they are ages
  farewell,          // made in the place of another: may that one go?
  retirement,        // rekeyed, and the peer has not deleted it yet
  reassembly,        // fragments of the peer's have waited for the others long enough
  follow_up,         // the peer has not gone on with what it began by CREATE_CHILD_SA
  child_life,        // the earliest of what the Child SAs' lives bring: renewal, retirement, end
  count_
};

/// A Child SA that is installed.
struct ChildSa : RenewableChild {
  bool closing = false;                             // our Delete for it is on its way
  bool gone = false;                                // closed at both ends, and here until it retires
  bool last_of_kind = false;                        // the peer makes no further ones on this IKE SA (NO_ADDITIONAL_SAS)
  std::optional<policy::ChildSaId> replaces = {};   // the one that it was made in the place of
  std::optional<policy::ChildSaId> successor = {};  // superseded: by that one
  Bytes lowest_nonce = {};                          // with `replaces`: of the exchange that made it (RFC 7296 §2.8.1)
  std::optional<std::uint32_t> made_by = {};        // the id of the peer's request; none: of an older IKE SA's
};

// What we want of the peer, each by a request.

/// A further Child SA, or another in the place of one.
struct CreateChild {
  ChildRequest request;
  std::optional<policy::ChildSaId> replaces = {};
  policy::TrafficSelectors local_ts = {}, remote_ts = {};  // as narrowed once; empty: as configured
  std::optional<crypto::KeyExchangeMethod> method = {};    // the one that the peer asked for (INVALID_KE_PAYLOAD)
  std::uint32_t tries = 0;
};
/// Another IKE SA in the place of this one.
struct RekeyIkeSa {
  std::optional<crypto::KeyExchangeMethod> method = {};  // as of CreateChild
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
// MOBIKE: we are elsewhere, or want the peer elsewhere; we have other addresses beside; does it get what goes there?
struct UpdateAddresses {};
struct TellAddresses {};
struct CheckRoute {};
/// Our token for this IKE SA (RFC 6290).
struct TellCrashToken {};
/// Our client is to go to another gateway (RFC 5685).
struct SendElsewhere {
  policy::GatewayId gateway;
};
/// A client's, for a ticket (RFC 5723).
struct RequestTicket {};
using Task = std::variant<CreateChild, RekeyIkeSa, CloseChild, AbandonChild, CloseIkeSa, CheckLiveness, UpdateAddresses,
                          TellAddresses, CheckRoute, TellCrashToken, SendElsewhere, RequestTicket>;

/// In order, but for those whose time has not come.
struct QueuedTask {
  Task task;
  Instant due{};
};

/// Our side of a Child SA under negotiation, as the initiator of the exchange.
struct PendingChild {
  CreateChild task;
  policy::ConnectionPtr offered_by;  // as it was configured when this was offered
  std::uint32_t spi_in = 0;
  std::optional<std::uint16_t> cpi_in;  // where compression is offered
  policy::Protocol protocol = policy::Protocol::esp;
  Bytes nonce;                                        // CREATE_CHILD_SA alone; IKE_AUTH uses the IKE SA's
  std::unique_ptr<crypto::KeyExchange> key_exchange;  // with forward secrecy
  policy::TrafficSelectors local_ts, remote_ts;       // as offered
  // Outbound SPIs unknown to us that the peer has deleted meanwhile: its answer that names one was overtaken, and what
  // it made is gone. At most max_deleted of them.
  std::vector<std::uint32_t> deleted;
  static constexpr std::size_t max_deleted = 64;

  const policy::Child& config() const { return *offered_by->find_child(task.request.child); }
};

/// An IKE SA that a CREATE_CHILD_SA exchange has agreed on, in the place of the one that it was on (RFC 7296 §2.18).
struct NewIkeSa {
  policy::Suite suite;
  IkeKeys keys;
  std::uint64_t spi_i = 0, spi_r = 0;
  bool initiated = false;  // by us: then we are the initiator of the IKE SA, too
  Bytes lowest_nonce;      // of the exchange that made it (RFC 7296 §2.8.2)
  Bytes crash_token = {};  // the peer's for it, as far as it has said one
};
/// Our side of it, as the initiator of the exchange.
struct PendingIkeSa {
  RekeyIkeSa task;
  std::uint64_t spi = 0;
  Bytes nonce;
  std::unique_ptr<crypto::KeyExchange> key_exchange;
  /// The peer's own rekeying, answered meanwhile: which one counts is known when ours has come to something.
  std::optional<NewIkeSa> rival = {};
};

/// A Child SA that has been agreed on.
struct NewChild {
  policy::ChildSaSpec spec;
  const policy::Child* config;
  std::optional<policy::ChildSaId> replaces = {};
  Bytes lowest_nonce = {};  // with `replaces`
};

/// What a CREATE_CHILD_SA exchange has agreed on, and whose additional key exchanges are still to come (RFC 9370
/// §2.2.4). It has no keys before they are over.
struct FollowUp {
  Bytes link;             // by which the exchange's responder knows it
  std::size_t place = 0;  // of the key exchange that is due
  policy::Suite suite;
  Secret first_secret, further_secrets;
  Bytes nonce_i, nonce_r;
  std::unique_ptr<crypto::KeyExchange> key_exchange;  // the exchange's initiator, while it asks
  std::variant<NewChild, NewIkeSa> made;
  Instant since{};  // the exchange's responder: it has waited since then
};

/// What one of our outstanding requests is for. Several may be on their way at once (RFC 7296 §2.3): the one that is
/// begun, or whose answer is here, is IkeSa itself; the others wait in IkeSa::others.
struct OwnExchange {
  std::uint32_t request = 0;    // the id of its outstanding request
  std::optional<Task> current;  // none: of the beginning of the IKE SA
  bool alone = false;           // no other one may be on its way beside it
  std::optional<PendingChild> pending_child;
  std::unique_ptr<FollowUp> follow_up;  // of pending_child or pending_ike_sa, while its key exchanges go on
};

/// IKE_INTERMEDIATE (intermediate.h).
struct IntermediateExchanges {
  bool agreed = false;      // both ends have announced it
  std::uint32_t count = 0;  // so many have taken place
  std::size_t due = 0;      // the place of the next additional key exchange; 0: none
  Bytes auth_i, auth_r;     // IntAuth_i, IntAuth_r so far
  IkeKeys keys_before;      // responder: of the last answer, where the keys have changed since
};

/// Client puzzles (puzzle.h).
struct Puzzles {
  std::optional<PuzzleSearch> search;  // initiator: for `solution`
  Bytes solution;                      // initiator: to go beside the cookie, or before IKE_AUTH
  crypto::KeyExchangeMethod method{};  // initiator: of the IKE_SA_INIT that waits for it
  std::uint8_t declined = 0;           // initiator: zero bits that were too many for us
  std::optional<Puzzle> due;           // of IKE_AUTH, not solved yet; a responder has no keys before
  Bytes peer_value;                    // responder, while one is due: KEi
};

/// What only the way to `established` needs; dropped there.
struct Setup {
  std::unique_ptr<crypto::KeyExchange> key_exchange;  // initiator; responder, while a puzzle is due
  Bytes cookie;                                       // initiator: to be returned
  std::uint32_t restarts = 0;                         // initiator: cookies and other groups, bounded
  Bytes nonce_i, nonce_r;
  Bytes init_request, init_response;                 // octets that AUTH covers
  policy::Candidates candidates;                     // responder: whose proposals fit
  bool initial_contact = false;                      // initiator: to be claimed
  bool childless = false;                            // initiator: the responder takes an IKE_AUTH without a Child SA
  bool ppk = false;                                  // both ends have a postquantum preshared key
  std::optional<policy::GatewayId> redirected_from;  // the client was sent here by that one
  std::unique_ptr<ResumableSa> resumes;              // that one, by a ticket (session_resume.h); nullptr: none
  Bytes ticket;                                      // initiator: to be shown
  IntermediateExchanges intermediate;
  Puzzles puzzles;
};

/// When the peers proved who they are, and what follows from it (reauthentication.cpp). An IKE SA that is rekeyed hands
/// it on.
struct Authentication {
  policy::IkeSaId lineage;  // the IKE SA on which they did
  bool began = false;       // as its initiator
  std::uint64_t spi_i = 0;  // the initiator's, there
  Instant created{};        // when that one was begun, and when it was established
  std::optional<Instant> established;
  std::optional<Instant> due;
  std::optional<Instant> ends;              // without another proof, all of it is closed
  std::optional<policy::IkeSaId> replaces;  // a lineage
  enum class Stage : std::uint8_t {
    making,    // with `replaces`: Child SAs are on their way
    asking,    // does the peer have them?
    complete,  // it does
  } stage = Stage::making;
};

struct IkeSa : AnyIkeSa, OwnExchange {
  State state = State::init_sent;
  std::uint64_t spi_i = 0, spi_r = 0;
  policy::Suite suite;
  IkeKeys keys;
  std::uint64_t sent_messages = 0;  // IV counter
  MessageWindow window;
  bool ppk = false;           // a postquantum preshared key went into the keys, or those that they come from
  bool ids_run_out = false;   // half of them are used up
  bool redirectable = false;  // the client would go to another gateway
  bool resumed = false;       // by a ticket of another one
  bool gave_ticket = false;
  std::optional<Instant> ticket_expires;         // we have one
  std::unique_ptr<Fragmentation> fragmentation;  // nullptr: not both ends have announced it
  Bytes crash_token;  // the peer's: by it, it proves that it has lost this IKE SA (RFC 6290); empty: none
  Authentication authentication;
  TimerSet<Timer> timers;

  std::optional<policy::NetworkConfig> received,
      given;  // inner addresses: ours, as a client; the peer's, as its gateway

  Mobility mobility;

  std::unique_ptr<Setup> setup;
  std::vector<ChildSa> children;
  std::vector<QueuedTask> tasks;    // short, so a vector
  std::vector<OwnExchange> others;  // beside the one that is ours here; fewer than the window
  std::optional<PendingIkeSa> pending_ike_sa;
  std::vector<FollowUp> promised;  // of exchanges that the peer began; at most kMostPromised
  bool window_said = false;        // how large ours is (SET_WINDOW_SIZE)

  /// The peer is about to renew this IKE SA.
  bool promises_ike_sa() const {
    return std::ranges::any_of(promised, [](const FollowUp& f) { return std::holds_alternative<NewIkeSa>(f.made); });
  }
  /// Our SPI of the IKE SA that the peer is about to make, or has made and that waits for how ours ends; 0: none.
  std::uint64_t promised_ike_spi() const;
  /// A Child SA that the peer is about to make in the place of that one.
  const NewChild* promised_for(policy::ChildSaId replaced) const;
  bool keyed() const { return !keys.sk_d.empty(); }
  const ChildSa* find_child(policy::ChildSaId child) const;
  /// Not among those that are gone.
  const ChildSa* find_child_by_outbound_spi(std::uint32_t spi) const;
  /// Whether it is so of one of our exchanges.
  template <class Predicate>
  bool any_exchange(Predicate is_so) const {
    return is_so(static_cast<const OwnExchange&>(*this)) || std::ranges::any_of(others, is_so);
  }
  /// One of them is to make a Child SA.
  bool makes_child() const {
    return any_exchange([](const OwnExchange& each) { return each.pending_child.has_value(); });
  }
  /// To replace this one.
  bool renews(policy::ChildSaId child) const {
    return any_exchange(
        [&](const OwnExchange& each) { return each.pending_child && each.pending_child->task.replaces == child; });
  }
  /// And the peer has agreed to that: further key exchanges are all that is left.
  bool follows_up(policy::ChildSaId child) const {
    return any_exchange([&](const OwnExchange& each) {
      return each.follow_up && each.pending_child && each.pending_child->task.replaces == child;
    });
  }
  /// An outstanding request, or one that waits, is of this kind.
  template <class T>
  bool waits_for() const {
    return any_exchange(
        [](const OwnExchange& each) { return each.current && std::holds_alternative<T>(*each.current); });
  }
  template <class T>
  bool wants() const {
    return waits_for<T>() ||
           std::ranges::any_of(tasks, [](const QueuedTask& queued) { return std::holds_alternative<T>(queued.task); });
  }
};

}  // namespace sallyport::ike::v2
