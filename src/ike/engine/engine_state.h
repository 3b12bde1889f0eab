// Engine::State: what an engine has, for the files that it is written in.
//
//   engine.cpp      sessions come, are found, are woken, and go; messages and commands
//   same_peer.cpp   several IKE SAs with one peer: which one counts, who takes over
#pragma once

#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "base/keyed_hash.h"
#include "ike/engine/engine.h"
#include "ike/engine/half_open.h"
#include "ike/engine/protocol.h"
#include "ike/engine/reauthentication.h"
#include "ike/engine/session_index.h"

namespace sallyport::ike {

/// By what a repeated first message is recognised, which does not know our SPI yet (RFC 7296 §2.1).
struct FirstMessage {
  std::uint8_t version;
  std::uint64_t spi_initiator;
  policy::Endpoint local, remote;  // who is sent to another address of ours (RFC 5685) may keep its SPI

  friend bool operator==(const FirstMessage&, const FirstMessage&) = default;
};
struct FirstMessageHash {
  KeyedHash keyed;  // strangers choose what is hashed

  std::size_t operator()(const FirstMessage& key) const {
    std::array<std::uint8_t, 27> octets{key.version};
    store_be64(&octets[1], key.spi_initiator);
    store_be16(&octets[9], key.remote.port);
    std::ranges::copy(key.remote.address.bytes(), octets.begin() + 11);
    return keyed(octets);
  }
};

/// Sessions by our SPI, what else finds them, and when the next of them wants to be woken.
struct Engine::State final : Contacts {
  State(const Settings& settings_in, crypto::Provider& crypto_in, RandomSource& random_in, const HostView& host_in)
      : settings(settings_in),
        crypto(crypto_in),
        random(random_in),
        host(host_in),
        keyed(random_in),
        first_messages(0, FirstMessageHash{keyed}),
        half_open(settings_in, keyed),
        ikev1(make_ikev1()),
        ikev2(make_ikev2(random_in)) {
    spis.set_shares(settings.spi_shares);
  }

  struct Slot {
    std::unique_ptr<Session> session;
    std::optional<Instant> due;
    bool half_open = false;
    bool placed = false;  // counted among those of its source
    bool unproved = false;
    bool established = false;
    std::optional<FirstMessage> first_message;  // a responder's
  };
  using Slots = std::unordered_map<std::uint64_t, Slot>;

  Environment environment() {
    return {settings, crypto, random, host, connections, pad, numbers, spis, pools, memory, tickets, outbox, *this};
  }

  void add(Instant now, std::unique_ptr<Session> session, std::optional<FirstMessage> first_message);
  void touched(Instant now, std::uint64_t spi);
  void settle(Instant now, std::uint64_t spi);
  std::vector<policy::IkeSaId> all_ids() const;
  void reconcile(Instant now, policy::IkeSaId id);
  std::vector<policy::IkeSaId> ids_of(const std::string& connection) const;
  void forget(Slots::iterator slot);
  bool has_or_will_have(std::uint64_t spi) const { return slots.contains(spi) || index.is_promised(spi); }
  bool note_children(std::uint64_t spi);
  void on_spi_report(Instant now, const policy::Endpoint& from, std::uint32_t spi);
  void own_children(const Session& session);
  template <class Action>
  bool with(Instant now, policy::IkeSaId id, Action action);
  template <class Action>
  bool with(Instant now, policy::ChildSaId child, Action action);

  Protocol* protocol(std::uint8_t version) const;
  Protocol* protocol_for(const policy::Connection& connection) const;
  Slots::iterator slot_of(const Protocol& protocol, const wire::IkeHeader& header);
  void on_first_message(Instant now, Protocol& protocol, const Datagram& datagram, const wire::IkeHeader& header);
  void make_room(const Datagram& datagram);
  void reject(const Datagram& datagram, event::MessageRejected::Reason reason);

  void on_established(Instant now, Session& session);
  bool knows(const policy::IpAddress& remote, const policy::Identity& id) const override;
  std::vector<policy::IpAddress> given_before(policy::IkeSaId ike_sa) const override;
  std::optional<Standing> standing_before(policy::IkeSaId ike_sa) const override;
  void drop_predecessors(Instant now, const SessionFacts& sole);
  void end_attempts(Instant now, const Session& established);
  void end_resumed(Instant now, Session& established);
  void settle_crossed(Instant now, const SessionFacts& facts);
  bool replaces_children_of(const Session& winner, const Session& loser) const;
  void settle_succession(Instant now, const SessionFacts& facts);
  void hand_over(Instant now, const SessionFacts& from, const SessionFacts& to);
  void grant_wishes(Instant now, std::uint64_t spi);
  void begin_successor(Instant now, Session& session);
  void find_heir(Instant now, const SessionFacts& facts);
  template <class Predicate>
  std::vector<SessionFacts> others_of_same_name(const SessionFacts& facts, Predicate wanted) const;
  void say_farewell(Instant now, const SessionFacts& made);
  std::vector<Kin> kin_of(const SessionFacts& facts) const;
  std::vector<SessionFacts> others_of_same_peer(const SessionFacts& facts) const;
  Session* session_for(const policy::Connection& connection);
  std::optional<policy::IpAddress> local_address(const policy::Connection& connection,
                                                 const policy::IpAddress& remote) const;
  bool knows_peer(const policy::Connection& connection, const policy::IpAddress& remote) const;

  const Settings& settings;
  crypto::Provider& crypto;
  RandomSource& random;
  const HostView& host;
  policy::ConnectionTable connections;
  policy::Pad pad;
  Numbers numbers;
  SpiAllocator spis;
  policy::AddressPools pools;
  ClientMemory memory;
  TicketKeys tickets;
  Outbox outbox;

  Slots slots;
  SessionIndex index;
  std::size_t outputs_seen = 0;  // of the outbox: which Child SAs have come and gone
  std::unordered_map<std::uint32_t, std::uint64_t> spi_by_id;
  KeyedHash keyed;
  std::unordered_map<FirstMessage, std::uint64_t, FirstMessageHash> first_messages;
  std::set<std::pair<Instant, std::uint64_t>> wakeups;
  HalfOpen half_open;
  std::map<policy::IkeSaId, std::uint64_t> unproved;    // sessions that are, the oldest first
  std::unordered_set<policy::IpAddress> contacted;      // peers that we have had an IKE SA with since the start
  static constexpr std::size_t kMostContacted = 65536;  // beyond, no responder claims to be new to anybody
  std::unique_ptr<Protocol> ikev1, ikev2;               // nullptr: not built
};

template <class Action>
bool Engine::State::with(Instant now, policy::IkeSaId id, Action action) {
  const auto spi = spi_by_id.find(id.value);
  if (spi == spi_by_id.end()) return false;
  const std::uint64_t local_spi = spi->second;
  Environment env = environment();
  action(*slots.at(local_spi).session, env);
  touched(now, local_spi);
  return true;
}

/// With the session that has a Child SA.
template <class Action>
bool Engine::State::with(Instant now, policy::ChildSaId child, Action action) {
  const auto spi = index.of_child(child);
  if (!spi) return false;
  Environment env = environment();
  action(*slots.at(*spi).session, env);
  touched(now, *spi);
  return true;
}

}  // namespace sallyport::ike
