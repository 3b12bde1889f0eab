// Ikev1Session: an IsakmpSa and everything that changes it. Messages come in, the tables of transitions find a handler,
// the handler's Step is applied here and nowhere else; what is wanted becomes exchanges; timers fire.
//
//   session.cpp         messages in: what they belong to, whether they are authentic
//   session_steps.cpp   what handlers decided, applied
//   session_out.cpp     messages out
//   session_tasks.cpp   what we are asked to do, closing, status
//   session_access.cpp  XAUTH and Mode Config, between the phases
//   session_exchanges.cpp, session_timers.cpp   what time brings
//   reconfiguration.cpp   its connection has other children now
//   child_renewal.cpp   Child SAs for the same traffic: which one counts, which ones go
//   succession.cpp      ISAKMP SAs with the same peer: which one has the Child SAs
#pragma once

#include <functional>

#include "ike/core/session.h"
#include "ike/v1/fragmentation.h"
#include "ike/v1/isakmp_sa.h"
#include "ike/v1/main_mode.h"
#include "ike/v1/transitions.h"

namespace sallyport::ike::v1 {

class Ikev1Session final : public Session {
 public:
  /// Sends the first message. An error: it could not even begin (no key for the identities, nothing to offer).
  static std::expected<std::unique_ptr<Ikev1Session>, event::Failure> initiate(Instant now, Environment& env,
                                                                               Initiation initiation);
  /// Answers an acceptable first message.
  static std::unique_ptr<Ikev1Session> accept(const Inbound& in, Environment& env, Answered answered);

  void on_message(Instant now, Environment& env, const Datagram& datagram, const wire::IkeHeader& header) override;
  void on_timeout(Instant now, Environment& env) override;
  std::optional<Instant> next_timeout() const override { return sa_.timers.earliest(); }
  bool request_child(Instant now, Environment& env, ChildRequest request) override;
  void close_child(Instant now, Environment& env, policy::ChildSaId id, event::FailureKind why) override;
  bool rekey(Instant now, Environment& env) override;
  bool rekey_child(Instant now, Environment& env, policy::ChildSaId id) override;
  void close(Instant now, Environment& env, event::FailureKind why, bool tell_peer) override;
  void on_peer_moved(Instant now, Environment& env, const policy::Endpoint& remote) override;
  void on_reconfigured(Instant now, Environment& env, policy::ConnectionPtr connection) override;

  SessionFacts facts() const override;
  const policy::Identity& remote_id() const override { return sa_.remote_id; }
  IkeSaStatus status() const override;
  bool has_child(policy::ChildSaId id) const override { return sa_.find_child(id) != nullptr; }
  bool finished() const override {
    return sa_.state == State::closed && sa_.children.empty() && !sa_.timers.earliest();
  }
  bool half_open() const override {
    return sa_.role == Role::responder && !sa_.established && sa_.state != State::closed;
  }
  /// Nothing has come back yet of what we said.
  bool unproved() const override {
    return half_open() && (sa_.state == State::main_agreed || sa_.state == State::aggressive_answered);
  }
  /// Whose predecessors those are is known when the user is.
  bool take_initial_contact() override { return sa_.accepts_phase_2() && std::exchange(initial_contact_, false); }
  void forget_past(Instant now, Environment& env) override;
  void withdraw_initial_contact() override {
    if (sa_.setup) sa_.setup->initial_contact = false;
  }
  bool take_wish_for_successor() override { return std::exchange(wants_successor_, false); }
  bool take_wish_for_heir() override { return std::exchange(wants_heir_, false); }
  void take_over(Instant now, Environment& env, Session& predecessor, bool close_it) override;
  std::vector<DeletedSpi> take_stray_deletes() override { return std::exchange(sa_.strays, {}); }
  void on_stray_delete(Instant now, Environment& env, DeletedSpi stray) override;

  const IsakmpSa& sa() const { return sa_; }

 private:
  // ---- Messages in (session.cpp) ----
  struct Received {
    const Datagram& datagram;
    const wire::ikev1::Envelope& envelope;

    const wire::IkeHeader& header() const { return envelope.header; }
    ByteView octets() const { return datagram.message; }
  };
  /// A message's payloads, decrypted where they were encrypted; views in `raw` are of `text` or of the datagram.
  struct Content {
    Secret text;
    wire::ikev1::RawChain raw;
    wire::ikev1::PayloadChain payloads;
    bool readable = true;  // false: authentic, and nonsense
  };
  bool is_for_us(const wire::IkeHeader& header) const;
  void on_fragment(Instant now, Environment& env, const Datagram& datagram);
  void on_phase_1(Instant now, Environment& env, const Received& received);
  void on_phase_2(Instant now, Environment& env, const Received& received);
  void remind(Instant now, Environment& env, const Received& received);
  void on_exchange(Instant now, Environment& env, const Received& received, Exchange* known);
  void on_informational(Instant now, Environment& env, const Received& received);
  void on_farewell(Instant now, Environment& env, ExchangeStep step);
  void on_hint(Environment& env, const Received& received);
  Result<Content> read_phase_1(Environment& env, const Received& received) const;
  /// An error: not authentic.
  Result<Content> read_phase_2(Environment& env, const Received& received, const IvChain& chain,
                               const std::function<Secret(ByteView payloads)>& hash) const;
  void heard(Instant now, Environment& env, const Received& received);
  void answer_again(Instant now, Environment& env, const Received& received, ByteView octets);
  void reject(Environment& env, event::MessageRejected::Reason reason, const Datagram& datagram);

  // ---- Steps (session_steps.cpp) ----
  void reject_step(Instant now, Environment& env, const Received& received, Step step);
  void apply(Instant now, Environment& env, const Received& received, const Transition& row, Step step, bool encrypted);
  void apply_keys(Environment& env, Keyed keyed);
  void apply_nat(Environment& env, const NatFindings& nat);
  void establish(Instant now, Environment& env);
  void apply(Instant now, Environment& env, std::uint32_t exchange_id, std::uint8_t message, ExchangeStep step);
  void apply_probes(const ExchangeStep& step);
  void apply_deletes(Instant now, Environment& env, const ExchangeStep& step);
  void install_child(Instant now, Environment& env, NewChild child, std::vector<policy::ChildSaId> renews,
                     policy::ChildSaId eldest);
  void remove_child(Instant now, Environment& env, policy::ChildSaId id, const event::Failure& why);
  void note_unheard(Instant now, Environment& env, Exchange& exchange);
  static void withdraw_spis(Environment& env, const QuickMode& quick);
  void finish(Instant now, Environment& env, Exchange& exchange);
  void tell_failure(Environment& env, event::Failure failure);
  void log_keys(Environment& env) const;

  // ---- Messages out (session_out.cpp) ----
  void send(Instant now, Environment& env, Bytes message, const policy::Endpoint& local,
            const policy::Endpoint& remote);
  bool send_phase_1(Instant now, Environment& env, const Reply& reply, std::uint8_t message, bool awaits,
                    const policy::Endpoint& local, const policy::Endpoint& remote);
  bool send_quick(Instant now, Environment& env, Exchange& exchange, std::uint8_t message,
                  const wire::ikev1::PayloadChain& payloads, bool awaits);
  bool send_transaction(Instant now, Environment& env, Exchange& exchange, std::uint8_t message,
                        const wire::ikev1::AttributesPayload& attributes, bool awaits);
  /// The octets that went out; empty when they would not fit.
  Bytes send_informational(Instant now, Environment& env, const wire::ikev1::PayloadChain& payloads);
  void send_hint(Instant now, Environment& env, const Received& received, wire::ikev1::NotifyType type);
  /// `why`: with a notification in front.
  void send_delete_of_isakmp_sa(Instant now, Environment& env,
                                std::optional<wire::ikev1::NotifyType> why = std::nullopt);
  /// With the Delete of the ISAKMP SA, or in front of it.
  void send_delete_of_all_children(Instant now, Environment& env);
  Bytes seal(Environment& env, IvChain& chain, const wire::IkeHeader& header, const wire::ikev1::PayloadChain& payloads,
             const std::function<Secret(ByteView payloads)>& hash) const;
  wire::IkeHeader header_for(wire::ikev1::ExchangeType exchange, std::uint32_t id) const;
  Secret exchange_hash(Environment& env, const Exchange& exchange, std::uint8_t message, ByteView payloads) const;
  void log_message(Environment& env, event::Direction direction, const wire::IkeHeader& header,
                   const wire::ikev1::PayloadChain& payloads, std::uint8_t message, bool encrypted, std::size_t size);

  // ---- Tasks (session_tasks.cpp) ----
  bool begin(Instant now, Environment& env);
  void run_wanted(Instant now, Environment& env);
  void start_quick_mode(Instant now, Environment& env, const WantedChild& wanted);
  bool is_wanted_already(const WantedChild& wanted) const;
  void close_if_useless(Instant now, Environment& env, event::Failure why);
  void close(Instant now, Environment& env, event::Failure why);
  event::Failure failure(event::FailureKind kind, event::Side side) const;
  void close_now(Instant now, Environment& env, event::Failure why);

  // ---- Child SAs for the same traffic (child_renewal.cpp) ----
  std::vector<policy::ChildSaId> current_for(const WantedChild& wanted) const;
  bool is_wanted_no_more(const WantedChild& wanted) const;
  void renew_child(Instant now, Environment& env, policy::ChildSaId id);
  void on_renewals_failed(Instant now, const std::vector<policy::ChildSaId>& children);
  static void settle_later(Instant now, ChildSa& child, policy::ChildSaSpec& spec);
  void settle_twins(Instant now, Environment& env, policy::ChildSaId id);
  void supersede(Instant now, Environment& env, ChildSa& older, const ChildSa& by, bool ours_to_delete);
  void confirm_children(Instant now, Environment& env, const std::vector<std::uint32_t>& spis_in);
  void confirm_child(Instant now, Environment& env, std::uint32_t spi_in);
  void put_in_place_of(Instant now, const ChildSa& gone);
  void on_child_life(Instant now, Environment& env);
  void retire_child(Instant now, Environment& env, policy::ChildSaId id);
  void arm_child_life();

  // ---- ISAKMP SAs with the same peer (succession.cpp) ----
  void plan_renewal(Instant now, Environment& env);
  void on_renewal(Instant now);
  void on_retirement(Instant now, Environment& env);
  void replace_child(Instant now, Environment& env, policy::ChildSaId id, event::FailureKind why);
  void tell_again(Instant now, Environment& env, IsakmpSa& predecessor);
  void inherit_network(Environment& env, const IsakmpSa& predecessor);
  void move_house(Instant now, Environment& env, const IsakmpSa& predecessor,
                  const std::vector<policy::ChildSaId>& children);
  void adopt_wishes(Instant now, IsakmpSa& predecessor);
  void leave_to_heir(Exchange& exchange);
  void step_back(Instant now, policy::IkeSaId heir, bool close_it);
  void come_back(Instant now);
  void on_liveness_without_isakmp_sa(Instant now, Environment& env);
  void part(Instant now, Environment& env, event::Failure why);

  // ---- Exchanges of phase 2 (session_exchanges.cpp) ----
  Exchange* find_exchange(std::uint32_t id);
  Exchange make_exchange(Environment& env, std::uint32_t id, bool ours) const;
  void trim_exchanges();
  void arm_exchanges();
  void on_exchanges(Instant now, Environment& env);
  void on_exchange_due(Instant now, Environment& env, std::size_t place);
  bool is_used_by_peer(const Environment& env, const Exchange& exchange) const;
  void give_up(Instant now, Environment& env, std::uint32_t id);

  // ---- XAUTH and Mode Config (session_access.cpp) ----
  void begin_access(Instant now, Environment& env);
  void go_on(Instant now, Environment& env);
  void take_up_requests(Instant now, Environment& env);
  void begin_transaction(Instant now, Environment& env, Transaction transaction);
  void await_peer(Instant now, Environment& env);
  bool keep_standing(Environment& env);
  void receive(Environment& env, policy::NetworkConfig config);
  void on_access_timeout(Instant now, Environment& env);
  void apply_access(Environment& env, ExchangeStep& step);
  void give(Environment& env, policy::NetworkConfig config);
  void give_up_transaction(Instant now, Environment& env, Exchange& exchange);
  void refuse_access(Instant now, Environment& env, event::Failure why);
  void leave_network(Environment& env);

  // ---- Timers (session_timers.cpp) ----
  void on_timer(Instant now, Environment& env, Timer timer);
  void on_retransmit(Instant now, Environment& env);
  void on_liveness(Instant now, Environment& env);
  void probe(Instant now, Environment& env);
  void on_probe(Instant now, Environment& env);
  void arm_established_timers(Instant now, Environment& env);
  Instant last_heard(const Environment& env) const;

  IsakmpSa sa_;
  Reassembly fragments_;
  Instant probed_{};  // when our first unanswered R-U-THERE went out
  bool initial_contact_ = false;
  bool wants_successor_ = false;
  bool wants_heir_ = false;
};

}  // namespace sallyport::ike::v1
