#include "ike/v2/informational.h"

#include <algorithm>

#include "ike/v2/auth_lifetime.h"
#include "ike/v2/configuration.h"
#include "ike/v2/crash_token.h"
#include "ike/v2/mobike.h"
#include "ike/v2/redirect.h"
#include "ike/v2/ticket.h"

namespace sallyport::ike::v2 {
namespace {

namespace w = wire::ikev2;
using event::Failure;
using event::FailureKind;
using event::Side;

Failure closed_by_peer(const IkeSa& sa, FailureKind kind) {
  return {.kind = kind,
          .side = Side::remote,
          .connection = sa.connection_name(),
          .local_id = sa.local_id,
          .remote_id = sa.remote_id,
          .remote = sa.remote};
}

w::ProtocolId protocol_id(policy::Protocol protocol) {
  return protocol == policy::Protocol::ah ? w::ProtocolId::ah : w::ProtocolId::esp;
}

}  // namespace

w::PayloadChain build_delete_child(policy::Protocol protocol, std::uint32_t spi_in) {
  w::PayloadChain payloads;
  payloads.add(w::DeletePayload{protocol_id(protocol), {spi_in}});
  return payloads;
}

w::PayloadChain build_delete_ike_sa() {
  w::PayloadChain payloads;
  payloads.add(w::DeletePayload{w::ProtocolId::ike, {}});
  return payloads;
}

Step process_informational_request(const IkeSa& sa, const Inbound& in, Environment& env) {
  Step step{.next = sa.state};
  step.reply.emplace();
  if (in.payloads.find_notify(w::NotifyType::authentication_failed)) {  // RFC 7296 §2.21.2: the initiator refuses us
    step.next = State::closed;
    step.failure = closed_by_peer(sa, FailureKind::authentication_failed);
    step.failure->notify = w::to_string(w::NotifyType::authentication_failed);
    return step;
  }
  step.granted = read_auth_lifetime(in.payloads);
  step.crash_token = read_crash_token(in.payloads);
  w::DeletePayload our_esp{w::ProtocolId::esp, {}}, our_ah{w::ProtocolId::ah, {}};
  for (const auto* theirs : in.payloads.all<w::DeletePayload>()) {
    if (theirs->protocol == w::ProtocolId::ike) {
      step.next = State::closed;
      step.failure =
          closed_by_peer(sa, sa.state == State::rekeyed ? FailureKind::rekeyed : FailureKind::closed_by_peer);
      step.reply = w::PayloadChain();
      return step;
    }
    w::DeletePayload& ours = theirs->protocol == w::ProtocolId::ah ? our_ah : our_esp;
    for (const std::uint32_t spi : theirs->spis) {
      const ChildSa* child = sa.find_child_by_outbound_spi(spi);
      if (!child) step.removed_unknown.push_back(spi);
      if (!child || protocol_id(child->suite.protocol) != theirs->protocol ||
          std::ranges::find(step.removed, child->id) != step.removed.end())
        continue;
      step.removed.push_back(child->id);
      if (!child->closing) ours.spis.push_back(child->spi_in);  // else our own Delete is on its way (RFC 7296 §1.4.1)
    }
  }
  answer_mobike(sa, in, env, step);
  // Only a gateway sends anybody anywhere: whoever began goes.
  if (auto order = read_redirect(in.payloads); order && sa.state == State::established && sa.authentication.began &&
                                               sa.connection->follow_redirects && !sa.wants<CloseIkeSa>())
    step.redirect = std::move(order->gateway);
  if (requests_ticket(in.payloads) && sa.state == State::established && !sa.authentication.began) {
    step.gives_ticket = wants_tickets(*sa.connection) && !sa.wants<CloseIkeSa>();
    step.reply->add(step.gives_ticket
                        ? make_ticket(resumable(sa, sa.connection, sa.keys.sk_d, in.now, env), in.now, env)
                        : refuse_ticket());
  }
  if (const auto* asked = find_configuration_request(in.payloads); asked && sa.state == State::established) {
    auto configuration = answer_configuration(sa, *sa.connection, sa.remote_id, *asked, false, env);
    if (configuration) {
      step.reply->add(std::move(configuration->reply));
      step.given = std::move(configuration->given);
    } else {
      step.reply->add(w::NotifyPayload{.type = w::NotifyType::internal_address_failure});
      step.failure = std::move(configuration.error());
    }
  }
  for (auto* ours : {&our_esp, &our_ah})
    if (!ours->spis.empty()) step.reply->add(std::move(*ours));
  return step;
}

Step process_informational_response(const IkeSa& sa, const Inbound& in, Environment& env) {
  auto moved = read_mobike_answer(sa, in, env);
  if (!moved) {
    auto failure = sa.failure_of(FailureKind::protocol_violation, Side::remote);
    failure.notify = w::to_string(w::NotifyType::cookie2);
    return {.next = State::closed, .failure = std::move(failure)};
  }
  // Whatever it holds, the peer has taken our request; what that means depends on the task, which session.cpp finishes.
  Step step{.next = sa.state == State::closing ? State::closed : sa.state, .moved = std::move(moved)};
  if (sa.state == State::established && sa.waits_for<RequestTicket>()) step.ticket = read_ticket(in.payloads);
  return step;
}

}  // namespace sallyport::ike::v2
