// IsakmpSa: everything that one ISAKMP SA remembers, as a plain value: what phase 1 agreed on, the exchanges of phase 2
// that are under way on it, the Child SAs that they made. Handlers read it and return a Step; only
// session*.cpp change it.
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
#include "ike/v1/iv_chain.h"
#include "ike/v1/key_schedule.h"
#include "ike/v1/last_message.h"
#include "ike/v1/message_ids.h"
#include "policy/child_sa.h"
#include "policy/connection_table.h"
#include "policy/network_config.h"
#include "wire/ikev1/attributes_payload.h"
#include "wire/ikev1/vendor_id.h"

namespace sallyport::ike::v1 {

/// Phase 1; the drawing is in docs/state-machines.md, printed from transitions.cpp.
enum class State : std::uint8_t {
  main_offered,         // initiator: message 1 sent, policy offered
  main_agreed,          // responder: message 2 sent, policy chosen
  main_exchanged,       // initiator: message 3 sent, our half of the key exchange
  main_keyed,           // responder: message 4 sent, the peer is still anybody
  main_proved,          // initiator: message 5 sent, our proof of identity
  aggressive_offered,   // initiator: message 1 sent, policy, key exchange and identity
  aggressive_answered,  // responder: message 2 sent, its proof with it
  established,
  closed,
  count_
};

enum class Timer : std::uint8_t {
  retransmit,  // phase 1's last message
  half_open,   // responder: not established in time
  exchanges,   // the earliest of what the exchanges of phase 2 wait for
  confirm,     // responder: did the initiator get our last message?
  liveness,    // has the peer been heard lately? (dpd_delay)
  probe,       // our R-U-THERE has not been answered
  fragments,   // the rest of a message does not come
  access,      // the peer has still to begin XAUTH or Mode Config
  keepalive,   // our NAT's mapping
  life,        // the ISAKMP SA's own end
  renewal,     // it needs a successor, or the last try at one came to nothing
  retirement,  // a successor has taken over
  child_life,  // the earliest of what the Child SAs' lives bring: renewal, retirement, end
  linger,      // closed, and kept for a peer that repeats itself
  count_
};

/// A Child SA that is installed.
struct ChildSa : RenewableChild {
  policy::ChildSaId eldest;        // the first that the same Quick Mode made: itself, but for several SA payloads
  std::optional<Instant> settles;  // initiated as a renewal: when the peer has had its time to install it
  std::vector<policy::ChildSaId> renews;  // initiated: those for the same traffic that there were when we began it
};

/// A Delete of ours, of one SPI, that the peer has not answered.
struct ToldDelete {
  DeletedSpi theirs;        // what its answer names
  std::uint32_t ours = 0;   // what ours names
  Instant told{};           // first
  bool told_again = false;  // by the ISAKMP SA that came next

  friend bool operator==(const ToldDelete& a, const DeletedSpi& named) { return a.theirs == named; }
};
/// Of a bundle, two.
std::vector<ToldDelete> deletes_of(const ChildSa& child, Instant now);

/// One Quick Mode that is wanted: one pair of selectors of a child.
struct WantedChild {
  std::string child;
  policy::TrafficSelector local, remote;
  std::optional<policy::ChildSaId> renews = {};
};

/// A Quick Mode under way.
struct QuickMode {
  std::string child;                                  // ours: as configured
  policy::TrafficSelector local, remote;              // as offered
  std::uint32_t spi_in = 0;                           // ours
  std::uint32_t ah_spi_in = 0;                        // ours, of a bundle
  policy::Protocol protocol = policy::Protocol::esp;  // of spi_in
  Bytes nonce_i, nonce_r;                             // bodies
  std::unique_ptr<crypto::KeyExchange> key_exchange;  // the initiator's, with forward secrecy
  // Unknown to us, and deleted by the peer meanwhile: an answer that names one was overtaken, and what it made is gone.
  // At most max_deleted of them.
  std::vector<DeletedSpi> deleted;
  static constexpr std::size_t max_deleted = 16;
};

/// What a transaction exchange is about.
enum class Topic : std::uint8_t {
  user,          // XAUTH
  configuration  // Mode Config
};
/// A transaction exchange of ours.
struct Transaction {
  Topic topic = Topic::user;
  wire::ikev1::AttributesPayload message;
  std::optional<event::Failure> farewell = {};  // with its answer, or without, the ISAKMP SA ends for this
};

/// What may have to happen between phase 1 and phase 2: XAUTH, then Mode Config.
struct Access {
  bool user_pending = false;              // a user name and a password are wanted, by us or by the peer
  bool config_pending = false;            // we want our configuration, or set the peer's (push)
  bool user_said = false;                 // ours, in answer to a question
  std::string local_user, remote_user;    // once accepted
  std::string refused_user;               // what the peer said last
  std::uint32_t questions = 0;            // to the peer, for its user
  std::vector<policy::IpAddress> wishes;  // client: addresses to ask for
  std::vector<ChildRequest> requests;     // client: children whose selectors wait for the address
  std::optional<policy::NetworkConfig> received, given;
  std::uint32_t waits = 0;         // for the peer to begin
  std::optional<Standing> before;  // client: by the ISAKMP SA that this one renews
};

enum class ExchangeState : std::uint8_t {
  quick_asked,     // we sent Quick Mode's first message
  quick_answered,  // we sent its second
  asked,           // a transaction of ours: REQUEST or SET sent
  delete_sent,     // our Delete, until the peer deletes its half
  done,            // kept so that a repeated message is answered again
};

/// An exchange of phase 2: a message id, an IV chain, and what was said last.
struct Exchange {
  std::uint32_t id = 0;
  ExchangeState state = ExchangeState::done;
  bool ours = true;
  IvChain chain;
  LastMessage last;
  Instant forget{};  // when done
  std::optional<Instant> began = {};
  std::optional<QuickMode> quick = {};         // while it is under way
  std::vector<std::uint32_t> made = {};        // inbound SPIs of the Child SAs that it made
  std::vector<policy::ChildSaId> renews = {};  // ours: as ChildSa::renews, until it has come to something
  std::vector<ToldDelete> deleted = {};        // delete_sent: until they are answered
  bool deletes_isakmp_sa = false;              // or goes with the Delete that does
  wire::ikev1::ExchangeType type = wire::ikev1::ExchangeType::quick_mode;
  std::optional<Transaction> transaction = {};  // asked: ours
};

inline bool has_made(const Exchange& exchange, std::uint32_t spi_in) {
  return std::ranges::find(exchange.made, spi_in) != exchange.made.end();
}

/// Which NAT traversal both sides know (RFC 3947 or a draft); nullopt: none.
using NatTraversal = std::optional<wire::ikev1::VendorId>;

/// What only the way to `established` needs; dropped there.
struct Setup {
  std::unique_ptr<crypto::KeyExchange> key_exchange;
  Bytes nonce_i, nonce_r;         // bodies
  Bytes public_i, public_r;       // bodies
  Bytes sa_i;                     // body of the initiator's SA payload, octet by octet: HASH_I and HASH_R cover it
  policy::Candidates candidates;  // responder: whose proposals fit
  std::string key_name;           // Main Mode's responder: of the key, which those that are meant have in common
  Bytes id_i;                     // Aggressive Mode's responder: body of the initiator's ID payload
  bool initial_contact = false;   // initiator: to be claimed
};

struct IsakmpSa : AnyIkeSa {
  State state = State::main_offered;
  std::uint64_t cookie_i = 0, cookie_r = 0;
  NatTraversal nat_traversal;
  bool peer_has_dpd = false;
  bool peer_takes_fragments = false;

  policy::Suite suite;
  std::optional<std::uint64_t> life_seconds;  // as agreed; nullopt: no limit
  IsakmpKeys keys;
  std::optional<IvChain> chain;  // phase 1's
  LastMessage last;              // phase 1's
  Instant last_said{};           // when we sent what the peer had not heard before, in phase 1
  TimerSet<Timer> timers;

  std::unique_ptr<Setup> setup;
  MessageIds message_ids;
  std::vector<Exchange> exchanges;
  std::vector<WantedChild> wanted;  // Quick Modes that wait for `established`, or for others to finish
  std::vector<ChildSa> children;

  std::optional<policy::IkeSaId> heir;       // the ISAKMP SA that has taken over the children
  std::vector<policy::ChildSaId> unrenewed;  // of those: a renewal that was begun here came to nothing
  std::vector<DeletedSpi> strays;            // of no child here
  static constexpr std::size_t max_strays = 256;
  std::vector<ToldDelete> unheard;  // repeated in vain, or cut short by our end
  static constexpr std::size_t max_unheard = 256;

  std::uint32_t probe_sequence = 0;  // of our last R-U-THERE
  std::uint32_t probes = 0;          // unanswered

  std::optional<event::Failure> suspicion;  // what was wrong with the only answers that came
  bool failure_told = false;

  static constexpr std::size_t max_begun_by_peer = 16;  // Quick Modes under way
  static constexpr std::size_t max_begun_by_us = 8;     // likewise: the others wait
  static constexpr std::size_t max_done = 32;           // exchanges kept for repetitions

  Access access;

  /// The peer may begin Quick Modes.
  bool accepts_phase_2() const { return state == State::established && !access.user_pending; }
  /// We may: all that comes before is done.
  bool ready_for_phase_2() const { return accepts_phase_2() && !access.config_pending; }
  bool keyed() const { return chain.has_value(); }
  std::uint64_t own_cookie() const { return initiator() ? cookie_i : cookie_r; }
  const ChildSa* find_child(policy::ChildSaId child) const;
  const ChildSa* find_child(DeletedSpi deleted) const;
  std::size_t quick_modes(bool ours) const;
};

}  // namespace sallyport::ike::v1
