// Tickets as an IKE SA comes by them, and what becomes of an attempt by one that is not let in.
#include "ike/v2/session.h"
#include "ike/v2/session_resume.h"
#include "ike/v2/ticket.h"

namespace sallyport::ike::v2 {
namespace {

using event::FailureKind;
using event::Side;
using Outcome = event::Resumption::Outcome;

/// Whoever has no answer to a ticket by then gets IKE_SA_INIT.
constexpr std::uint32_t kTriesByTicket = 3;

}  // namespace

/// A client's, for the gateway that it has it from, and for one try (RFC 5723 §4.3).
void Ikev2Session::use_ticket(Instant now, Environment& env) {
  auto ticket = env.memory.take_ticket(sa_.connection->name);
  if (!ticket || !wants_tickets(*sa_.connection)) return;
  const ResumableSa& old = ticket->sa;
  if (old.expires <= now || ticket->gateway != sa_.remote.address ||
      !policy::means_same_but_children(*old.connection, *sa_.connection) ||
      (sa_.connection->ppk_required && !old.ppk) || !(old.key_print == print_of_key(old.local_id, old.remote_id, env)))
    return;
  sa_.local_id = old.local_id;
  sa_.remote_id = old.remote_id;
  sa_.setup->ticket = std::move(ticket->octets);
  sa_.setup->resumes = std::make_unique<ResumableSa>(std::move(ticket->sa));
}

/// The proof of who the peers are is that of the older IKE SA, and no younger.
void Ikev2Session::apply_resumption(Instant now, Environment& env) {
  const ResumableSa& old = *sa_.setup->resumes;
  resumed_ = old.ike_sa;
  sa_.resumed = true;
  sa_.ppk = old.ppk;
  sa_.authentication.due = old.authentication_due;
  sa_.authentication.ends = old.authentication_ends;
  if (!sa_.initiator()) env.tickets.revoke(now, old.ike_sa);
  env.emit(event::Resumption{sa_.id, sa_.connection_name(), Outcome::resumed, sa_.remote});
}

void Ikev2Session::keep_ticket(Instant now, Environment& env, GrantedTicket granted) {
  if (!sa_.authentication.began || !wants_tickets(*sa_.connection)) return;
  ResumableSa left = resumable(sa_, sa_.connection, sa_.keys.sk_d, now, env);
  left.expires = std::min(left.expires, now + granted.lifetime);
  if (left.key_print.empty() || left.expires <= now) return;
  sa_.ticket_expires = left.expires;
  env.memory.put_ticket(sa_.connection->name, {std::move(left), sa_.remote.address, std::move(granted.octets)});
}

/// An IKE SA that ends takes its tickets along (RFC 5723 §6.2), unless the peer is but out of reach: that is what they
/// are for.
void Ikev2Session::end_tickets(Instant now, Environment& env, FailureKind why) {
  if (!sa_.established || why == FailureKind::peer_unreachable) return;
  if (sa_.ticket_expires) env.memory.forget_ticket(sa_.connection->name, sa_.id);
  if (sa_.gave_ticket) env.tickets.revoke(now, sa_.id);
  sa_.ticket_expires.reset();
  sa_.gave_ticket = false;
}

wire::ikev2::ExchangeType Ikev2Session::beginning() const {
  using wire::ikev2::ExchangeType;
  return sa_.setup->resumes ? ExchangeType::ike_session_resume : ExchangeType::ike_sa_init;
}

/// By a ticket, and the gateway does not answer.
bool Ikev2Session::resumes_in_vain() const {
  return sa_.initiator() && sa_.setup && sa_.setup->resumes && sa_.window.attempts(sa_.request) >= kTriesByTicket;
}

/// All that was wanted is wanted of another IKE SA, made from scratch.
void Ikev2Session::begin_anew(Instant now, Environment& env, Outcome why) {
  const policy::Connection& config = *sa_.connection;
  env.emit(event::Resumption{sa_.id, config.name, why, sa_.remote});
  Initiation initiation{.connection = sa_.connection,
                        .local = {sa_.local.address, config.local_port},
                        .remote = {sa_.remote.address, config.remote_port},
                        .child = {},
                        .initial_contact = sa_.setup->initial_contact};
  std::vector<ChildRequest> wanted;
  if (sa_.pending_child) wanted.push_back(std::move(sa_.pending_child->task.request));
  for (QueuedTask& queued : sa_.tasks)
    if (auto* create = std::get_if<CreateChild>(&queued.task)) wanted.push_back(std::move(create->request));
  std::erase_if(wanted, [&](const ChildRequest& request) { return !config.find_child(request.child); });
  if (!wanted.empty()) {
    initiation.child = std::move(wanted.front());
    wanted.erase(wanted.begin());
    initiation.further = std::move(wanted);
  }
  auto fresh = initiate(now, env, std::move(initiation));
  if (fresh)
    successors_.push_back(std::move(*fresh));
  else
    env.emit(event::NegotiationFailed{sa_.id, std::move(fresh.error())});
}

/// Of an IKE SA that took the place of another, by whoever is the client.
bool Ikev2Session::run(Instant now, Environment& env, const RequestTicket&) {
  wire::ikev2::PayloadChain payloads;
  add_ticket_request(payloads);
  return send_request(now, env, wire::ikev2::ExchangeType::informational, payloads);
}

}  // namespace sallyport::ike::v2
