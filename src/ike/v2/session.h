// Ikev2Session: an IkeSa and everything that changes it. Messages come in, the table of transitions finds a handler,
// the handler's Step is applied here and nowhere else; tasks become requests, one at a time; timers fire.
//
//   session.cpp         messages in and out
//   session_steps.cpp   what handlers decided, applied
//   session_tasks.cpp   what we ask of the peer, closing, status
//   session_timers.cpp  what time brings
//   child_renewal.cpp   Child SAs in the place of others: which one counts, which ones go
//   succession.cpp      IKE SAs in the place of others
//   session_redirect.cpp   clients that are sent to another gateway
//   session_resumption.cpp tickets, and what becomes of attempts by one
//   session_crash.cpp   a peer that has lost it
//   session_network.cpp inner addresses: come, inherited, gone
//   session_fragments.cpp  long messages, both ways
//   session_followup.cpp   additional key exchanges
//   session_puzzle.cpp     client puzzles
//   session_mobility.cpp   outer addresses that change: MOBIKE
//   reauthentication.cpp   other IKE SAs in the place of those whose peers' proof ages
#pragma once

#include <functional>

#include "ike/core/session.h"
#include "ike/v2/ike_sa.h"
#include "ike/v2/ike_sa_init.h"
#include "ike/v2/transitions.h"

namespace sallyport::ike::v2 {

class Ikev2Session final : public Session {
 public:
  /// Sends IKE_SA_INIT. An error: it could not even begin (no shared key for the identities, no such group).
  static std::expected<std::unique_ptr<Ikev2Session>, event::Failure> initiate(Instant now, Environment& env,
                                                                               Initiation initiation);
  /// Answers an acceptable IKE_SA_INIT.
  static std::unique_ptr<Ikev2Session> accept(const Inbound& in, Environment& env, InitAccepted accepted);

  void on_message(Instant now, Environment& env, const Datagram& datagram, const wire::IkeHeader& header) override;
  void on_timeout(Instant now, Environment& env) override;
  std::optional<Instant> next_timeout() const override { return sa_.timers.earliest(); }
  bool request_child(Instant now, Environment& env, ChildRequest request) override;
  void close_child(Instant now, Environment& env, policy::ChildSaId id, event::FailureKind why) override;
  bool rekey(Instant now, Environment& env) override;
  bool rekey_child(Instant now, Environment& env, policy::ChildSaId id) override;
  bool reauthenticate(Instant now, Environment& env) override;
  void close(Instant now, Environment& env, event::FailureKind why, bool tell_peer) override;
  void on_reconfigured(Instant now, Environment& env, policy::ConnectionPtr connection) override;
  void on_peer_moved(Instant now, Environment& env, const policy::Endpoint& remote) override;
  void doubt_peer(Instant now, Environment& env) override;
  bool redirect(Instant now, Environment& env, const policy::GatewayId& gateway) override;
  void on_addresses_changed(Instant now, Environment& env) override;

  SessionFacts facts() const override;
  const policy::Identity& remote_id() const override { return sa_.remote_id; }
  IkeSaStatus status() const override;
  bool has_child(policy::ChildSaId id) const override { return sa_.find_child(id) != nullptr; }
  bool finished() const override { return sa_.state == State::closed && !sa_.timers.is_set(Timer::half_open); }
  bool over() const override { return sa_.state == State::closed; }
  bool half_open() const override { return sa_.role == Role::responder && !sa_.established; }
  void yield_to(Environment& env, const IkeSaStatus& other) override;
  std::optional<policy::IkeSaId> take_resumed() override { return std::exchange(resumed_, std::nullopt); }
  bool take_initial_contact() override { return std::exchange(initial_contact_, false); }
  std::vector<std::unique_ptr<Session>> take_successors() override { return std::exchange(successors_, {}); }
  bool take_wish_for_successor() override { return std::exchange(wants_successor_, false); }
  void describe_successor(Initiation& initiation) const override;
  bool take_wish_for_farewell() override { return std::exchange(wants_farewell_, false); }
  void give_way(Instant now, Environment& env) override;
  void take_traffic(Environment& env) override;

  const IkeSa& sa() const { return sa_; }

 private:
  // ---- Messages in (session.cpp) ----
  struct Received {
    const Datagram& datagram;
    const wire::IkeHeader& header;
    bool request;
    ByteView covered = {};  // of IKE_INTERMEDIATE, once it is open: what IntAuth covers
  };
  void on_init_message(Instant now, Environment& env, const Received& received,
                       const wire::ikev2::PayloadChain& payloads);
  void on_protected_message(Instant now, Environment& env, const Received& received,
                            const wire::ikev2::PayloadChain& payloads);
  void on_clear_message(Instant now, Environment& env, const Received& received,
                        const wire::ikev2::PayloadChain& payloads);
  void on_authentic(Instant now, Environment& env, const Received& received,
                    const Result<wire::ikev2::PayloadChain>& payloads, std::size_t size, std::size_t fragments);
  bool expects(Instant now, Environment& env, const Received& received);
  void refuse_authentic(Instant now, Environment& env, const Received& received, wire::ikev2::NotifyPayload notify);
  void heard(Instant now, Environment& env, const Received& received);
  void ask_again(Instant now, Environment& env);
  void dispatch(Instant now, Environment& env, const Received& received, const wire::ikev2::PayloadChain& payloads);
  void reject(Environment& env, event::MessageRejected::Reason reason, const Datagram& datagram);

  // ---- Steps (session_steps.cpp) ----
  void apply(Instant now, Environment& env, const Received& received, Step step);
  void apply_keys(Environment& env, const Received& received, Keyed keyed);
  void apply_authentication(Instant now, Environment& env, Authenticated authenticated);
  void apply_deletes(Instant now, Environment& env, const Step& step);
  void apply_configuration(Environment& env, Step& step);
  void inherit_configuration(Environment& env, IkeSa& predecessor);
  void leave_network(Environment& env);
  void install_child(Instant now, Environment& env, NewChild child, std::uint32_t message_id);
  void remove_child(Instant now, Environment& env, policy::ChildSaId id, const event::Failure& why);
  void finish_request(Instant now, Environment& env, Step& step);
  void finish_child(Instant now, Environment& env, const Step& step);
  void close_if_outdated(Instant now, Environment& env, const PendingChild& pending);
  void put_off(Instant now, Environment& env, Task again, bool later);
  void on_failed_request(Instant now, Environment& env, event::Failure failure);
  void close_if_useless(event::FailureKind why);
  void log_keys(Environment& env) const;

  // ---- Messages out (session.cpp) ----
  void send(Instant now, Environment& env, Bytes message, const policy::Endpoint& local,
            const policy::Endpoint& remote);
  void send(Instant now, Environment& env, const std::vector<Bytes>& datagrams, const policy::Endpoint& local,
            const policy::Endpoint& remote);
  void respond(Instant now, Environment& env, const Received& received, wire::ikev2::PayloadChain payloads);
  bool send_request(Instant now, Environment& env, wire::ikev2::ExchangeType exchange,
                    wire::ikev2::PayloadChain payloads, wire::ikev2::InFront in_front = {});
  void arm_retransmission();
  bool add_window(const Environment& env, const wire::IkeHeader& header, wire::ikev2::PayloadChain& payloads);
  void take_window(const Environment& env, const Received& received, const wire::ikev2::PayloadChain& payloads);
  void focus(std::uint32_t request);
  void set_aside();
  wire::IkeHeader header_for(wire::ikev2::ExchangeType exchange, std::uint32_t id, bool response) const;
  void log_message(Environment& env, event::Direction direction, const wire::IkeHeader& header,
                   const wire::ikev2::PayloadChain& payloads, bool encrypted, std::size_t size,
                   std::size_t fragments = 1);

  // ---- Long messages (session_fragments.cpp) ----
  bool sends_fragments() const;
  std::size_t packet_size(const Environment& env) const;
  std::vector<Bytes> seal(Environment& env, const Plaintext& plain, const policy::Endpoint& local, const IkeKeys& with);
  bool may_be_cut_smaller(const Environment& env, const std::vector<Bytes>& datagrams,
                          const policy::Endpoint& local) const;
  std::vector<Bytes> cut_smaller(Environment& env, const Plaintext& plain, const policy::Endpoint& local,
                                 const IkeKeys& with);
  void log_sent(Environment& env, const wire::IkeHeader& header, const wire::ikev2::PayloadChain& payloads,
                const std::vector<Bytes>& datagrams);
  void answer_again(Instant now, Environment& env, std::uint32_t id, const Datagram& datagram);
  void on_fragment(Instant now, Environment& env, const Received& received, const wire::ikev2::SkfPayload& fragment);
  void arm_reassembly(const Environment& env);
  void on_reassembly(Instant now, const Environment& env);

  // ---- Additional key exchanges (session_followup.cpp) ----
  void go_on_with_setup(Instant now, Environment& env);
  void cover(Environment& env, const Plaintext& plain);
  void apply_intermediate(Environment& env, Intermediate taken);
  const IkeKeys& keys_of_answer() const;
  bool send_follow_up(Instant now, Environment& env);
  void add_promised(Instant now, Environment& env, FollowUp promised);
  void apply_further_secret(Instant now, Environment& env, const Received& received, Step& step);
  void arm_follow_up();
  void on_follow_up(Instant now, Environment& env);
  void drop_promised(Environment& env, const std::function<bool(const FollowUp&)>& which);

  // ---- Client puzzles (session_puzzle.cpp) ----
  void restart_init(Instant now, Environment& env, Step::Restart restart);
  void begin_search(Instant now, const Puzzle& puzzle, Bytes string);
  void go_on_with_search(Instant now, Environment& env);
  bool takes_solution(Instant now, Environment& env, const Received& received,
                      const wire::ikev2::PayloadChain& payloads);

  // ---- Tasks (session_tasks.cpp) ----
  bool send_first(Instant now, Environment& env, crypto::KeyExchangeMethod method);
  void send_auth(Instant now, Environment& env);
  bool begins_childless() const;
  bool add_first_child(Instant now, Environment& env, wire::ikev2::PayloadChain& payloads);
  void want(Task task) { sa_.tasks.push_back({std::move(task)}); }
  void run_next_task(Instant now, Environment& env);
  bool has_to_wait(const Task& task) const;
  /// Nothing else may be under way beside it.
  bool is_alone(const Task& task) const;
  void watch_message_ids(Instant now, Environment& env);
  bool run(Instant now, Environment& env, CreateChild& task);
  bool run(Instant now, Environment& env, const RekeyIkeSa& task);
  bool run(Instant now, Environment& env, const CloseChild& task);
  bool run(Instant now, Environment& env, const AbandonChild& task);
  bool run(Instant now, Environment& env, const CloseIkeSa& task);
  bool run(Instant now, Environment& env, const CheckLiveness& task);
  bool run(Instant now, Environment& env, const UpdateAddresses& task);
  bool run(Instant now, Environment& env, const TellAddresses& task);
  bool run(Instant now, Environment& env, const CheckRoute& task);
  bool run(Instant now, Environment& env, const TellCrashToken& task);
  bool run(Instant now, Environment& env, const SendElsewhere& task);
  bool run(Instant now, Environment& env, const RequestTicket& task);
  bool is_wanted_already(const CreateChild& wanted) const;
  void offer_spi(Environment& env) const;
  static void withdraw(Environment& env, const OwnExchange& exchange);
  void drop_pending(Environment& env);
  event::Failure failure(event::FailureKind kind, event::Side side) const;
  void close_now(Instant now, Environment& env, event::Failure why);

  // ---- To another gateway (session_redirect.cpp) ----
  void go_elsewhere(Environment& env, policy::GatewayId gateway);
  void expect_departure(Instant now, const Environment& env);

  // ---- Resumption (session_resumption.cpp) ----
  void use_ticket(Instant now, Environment& env);
  void apply_resumption(Instant now, Environment& env);
  void keep_ticket(Instant now, Environment& env, GrantedTicket granted);
  void end_tickets(Instant now, Environment& env, event::FailureKind why);
  bool resumes_in_vain() const;
  /// The exchange that this begins with, as long as it is being set up.
  wire::ikev2::ExchangeType beginning() const;
  void begin_anew(Instant now, Environment& env, event::Resumption::Outcome why);

  // ---- Timers (session_timers.cpp) ----
  void on_timer(Instant now, Environment& env, Timer timer);
  void on_retransmit(Instant now, Environment& env);
  bool repeat(Instant now, Environment& env, std::uint32_t request, const Settings& patient);
  void on_liveness(Instant now, Environment& env);
  void arm_established_timers(Instant now, Environment& env);
  Instant last_heard(const Environment& env) const;

  // ---- Outer addresses that change (session_mobility.cpp) ----
  void begin_mobility(Environment& env, std::optional<std::vector<policy::IpAddress>> theirs);
  void apply_moved(Instant now, Environment& env, const Received& received, Moved moved);
  void apply_mobike_answer(Instant now, Environment& env, Moved moved);
  void try_another_path(Instant now, Environment& env);
  void set_path(Environment& env, const Path& path);
  void move_to(Instant now, Environment& env, const Path& path);
  void move_children(Environment& env);
  void prove_or_move(Environment& env);
  void adopt_nat(Instant now, Environment& env, const NatFindings& nat);
  void tell_addresses(Instant now, Environment& env, bool anyway);
  void repeat_at_once(Instant now, Environment& env);
  void probe_other_paths(Instant now, Environment& env, std::uint32_t request);
  void follow_probe(Instant now, Environment& env, const Received& received);
  template <class T>
  void want_first() {
    if (std::ranges::none_of(sa_.tasks, [](const QueuedTask& each) { return std::holds_alternative<T>(each.task); }))
      sa_.tasks.insert(sa_.tasks.begin(), QueuedTask{T{}});
  }

  // ---- Child SAs in the place of others (child_renewal.cpp) ----
  ChildSa* find(policy::ChildSaId id);
  void renew_child(Instant now, Environment& env, policy::ChildSaId id);
  void on_renewal_failed(Instant now, policy::ChildSaId id);
  void settle_renewal(Instant now, Environment& env, policy::ChildSaId id);
  void give_up(Environment& env, const CreateChild& wanted, event::Failure why);
  void give_up_wanted(Environment& env, const event::Failure& why);
  void settle_twins(Instant now, Environment& env, policy::ChildSaId id);
  void settle_without_ours(Instant now, Environment& env, policy::ChildSaId replaced);
  void choose_successor(Instant now, Environment& env, policy::ChildSaId id);
  void supersede(Instant now, Environment& env, ChildSa& older, const ChildSa& by, bool ours_to_delete);
  void confirm_children(Environment& env, std::uint32_t request);
  void confirm(Environment& env, ChildSa& child);
  void let_go(Instant now, Environment& env, policy::ChildSaId id, const event::Failure& why);
  void put_in_place_of(Instant now, Environment& env, policy::ChildSaId gone);
  void on_child_life(Instant now, Environment& env);
  void retire_child(Instant now, Environment& env, policy::ChildSaId id);
  void arm_child_life();

  // ---- IKE SAs in the place of others (succession.cpp) ----
  void plan_renewal(Instant now, Environment& env);
  void on_renewal(Instant now, Environment& env);
  void on_rekeying_failed(Instant now);
  void apply_ike_sa(Instant now, Environment& env, NewIkeSa made);
  std::unique_ptr<Ikev2Session> make_successor(Instant now, Environment& env, NewIkeSa made) const;
  void succeed(Instant now, Environment& env, NewIkeSa made);
  void add_loser(Instant now, Environment& env, NewIkeSa made);
  void inherit(Instant now, Environment& env, Ikev2Session& predecessor);
  void retire(Instant now, const Environment& env);

  // ---- The peers prove anew who they are (reauthentication.cpp) ----
  void begin_lineage(const std::optional<policy::IkeSaId>& replaces);
  void plan_reauthentication(Instant now, Environment& env, std::optional<Duration> granted);
  void arm_reauthentication();
  void on_reauthentication(Instant now);
  void watch_farewell(Instant now, Environment& env);

  IkeSa sa_;
  bool answered_ = false;  // an answer of the peer's is being applied: what it was for is not over yet
  bool initial_contact_ = false;
  std::optional<policy::IkeSaId> resumed_;  // that one, by this one; for the engine to hear
  bool wants_successor_ = false;
  bool wants_farewell_ = false;
  std::optional<Instant> doubted_;  // when the peer was last asked because somebody said that it knows nothing
  std::vector<std::unique_ptr<Session>> successors_;  // for the engine to take in
};

}  // namespace sallyport::ike::v2
