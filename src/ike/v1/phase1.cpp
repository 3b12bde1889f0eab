#include "ike/v1/phase1.h"

#include <algorithm>
#include <tuple>

#include "base/writer.h"
#include "ike/core/candidates.h"
#include "ike/v1/agreed_life.h"
#include "ike/v1/authentication.h"
#include "ike/v1/fragmentation.h"
#include "ike/v1/transaction.h"

namespace sallyport::ike::v1 {
namespace {

namespace w = wire::ikev1;
using event::Failure;
using event::FailureKind;
using event::Side;

/// What may answer in the mode: Aggressive Mode gives identities and material for guessing a key away, so it has to be
/// configured.
bool answers_in_mode(const policy::Connection& connection, bool aggressive) {
  return !aggressive || connection.aggressive;
}

/// What a responder's connections may choose from: what authenticates as they want it, with XAUTH or without.
Offer offer_to(const policy::Candidate& candidate, const w::SaPayload& payload) {
  return read_phase1_offer(payload, phase1_method(candidate.alike(), Role::responder));
}

/// Nothing may answer: because nothing is configured for the peer, or because it should begin otherwise.
Failure no_connection_for(const Inbound& in, const Environment& env, bool aggressive) {
  Failure failure{.kind = FailureKind::no_matching_connection, .remote = in.datagram.remote};
  const auto between = [&](policy::IkeVersion other_version) {
    return env.connections.between(other_version, in.datagram.local.address, in.datagram.remote.address);
  };
  const auto others = between(policy::IkeVersion::any), for_ikev1 = between(policy::IkeVersion::v2);
  if (others.empty() && for_ikev1.empty()) return failure;
  failure.kind = FailureKind::exchange_mismatch;
  failure.connection = (for_ikev1.empty() ? others : for_ikev1).front().alike().name;
  failure.opening = aggressive ? event::Opening::aggressive_mode : event::Opening::main_mode;
  failure.our_opening = for_ikev1.empty() ? event::Opening::ike_sa_init : event::Opening::main_mode;
  return failure;
}

}  // namespace

std::optional<event::Opening> opening_of(State state) {
  switch (state) {
    case State::main_offered:
    case State::main_agreed:
    case State::main_exchanged:
    case State::main_keyed:
    case State::main_proved: return event::Opening::main_mode;
    case State::aggressive_offered:
    case State::aggressive_answered: return event::Opening::aggressive_mode;
    case State::established:
    case State::closed:
    case State::count_: break;
  }
  return std::nullopt;
}

Failure phase1_failure(const IsakmpSa& sa, FailureKind kind, Side side) {
  Failure failure = sa.failure_of(kind, side);
  if (sa.connection) failure.our_proposals = sa.connection->proposals;
  failure.opening = opening_of(sa.state);
  return failure;
}

Step give_up(Failure failure) {
  Step step;
  step.next = State::closed;
  step.failure = std::move(failure);
  return step;
}

Step refuse_nat_traversal(const IsakmpSa& sa) {
  Step step = Step::reject(sa.state, event::MessageRejected::Reason::missing_payload);
  step.failure = phase1_failure(sa, FailureKind::nat_traversal_broken, Side::local);
  step.failure->our_proposals.clear();
  return step;
}

policy::ConnectionPtr connection_for(const policy::Candidates& candidates, const policy::Identity& identity,
                                     const MayBe& may_be) {
  policy::ConnectionPtr best;
  std::tuple<int, int, std::size_t> best_claim;
  for (const policy::Candidate& candidate : candidates)
    for (auto& member : candidate.group->that_accept(identity)) {
      const std::tuple claim(-specificity(member.connection->remote.id), -candidate.rank, member.place);
      if ((best && claim > best_claim) || !may_be(*member.connection)) continue;
      best = std::move(member.connection);
      best_claim = claim;
    }
  return best;
}

policy::ConnectionPtr sole_connection(const policy::Candidates& candidates, const MayBe& may_be) {
  policy::ConnectionPtr sole;
  for (const policy::Candidate& candidate : candidates)
    for (const auto& member : candidate.group->members()) {
      if (!may_be(*member.connection)) continue;
      if (sole) return nullptr;
      sole = member.connection;
    }
  return sole;
}

std::optional<std::uint64_t> isakmp_life(const policy::Connection& connection) {
  if (connection.phase1_time().count() <= 0) return std::nullopt;
  return life_of(connection.phase1_time() + connection.over_time);
}

NatContext nat_context(const IsakmpSa& sa, const policy::Suite& suite, std::uint64_t cookie_r,
                       const Datagram& datagram) {
  return {crypto::hash_of(suite.prf), sa.cookie_i, cookie_r, datagram.local, datagram.remote};
}

Bytes isakmp_spi(std::uint64_t cookie_i, std::uint64_t cookie_r) {
  Bytes octets;
  Writer writer(octets);
  writer.u64(cookie_i);
  writer.u64(cookie_r);
  return octets;
}

w::NotifyPayload initial_contact(std::uint64_t cookie_i, std::uint64_t cookie_r) {
  return {.type = w::NotifyType::initial_contact,
          .data = {},
          .protocol = w::ProtocolId::isakmp,
          .spi = isakmp_spi(cookie_i, cookie_r)};
}

bool claims_initial_contact(const w::PayloadChain& payloads) {
  return payloads.find_notify(w::NotifyType::initial_contact) != nullptr;
}

bool has_forgotten(const Authenticated& peer, const IsakmpSa& sa, const Environment& env) {
  return !peer.initial_contact && !env.contacts.knows(sa.remote.address, peer.remote_id);
}

std::expected<Agreed, Failure> read_agreement(const IsakmpSa& sa, const Inbound& in,
                                              std::optional<crypto::KeyExchangeMethod> only) {
  const auto* payload = in.payloads.find<w::SaPayload>();
  const Offer answer = read_phase1_offer(*payload, phase1_method(*sa.connection, Role::initiator));
  const auto ours = phase1_proposals(sa.connection->proposals);
  const auto choice = answer.meanings.size() == 1 ? policy::choose(ours, answer.meanings) : std::nullopt;
  if (!choice || (only && choice->suite.key_exchange != *only)) {
    auto failure = phase1_failure(sa, FailureKind::no_proposal_chosen, Side::local);
    failure.our_proposals = ours;
    failure.peer_proposals = answer.meanings;
    return std::unexpected(std::move(failure));
  }
  return Agreed{.cookie_r = in.header.responder_spi,
                .suite = choice->suite,
                .life_seconds =
                    smaller(isakmp_life(*sa.connection), w::read_phase1(*answer.transforms.front()).lifetimes.seconds),
                .nat_traversal = best_nat_traversal(in.payloads),
                .peer_has_dpd = says_dpd(in.payloads),
                .peer_takes_fragments = says_fragmentation(in.payloads)};
}

std::expected<Chosen, Failure> choose_policy(const Inbound& in, Environment& env, bool aggressive) {
  const auto* payload = in.payloads.find<w::SaPayload>();
  const Offer offer = read_phase1_offer(*payload);
  auto candidates =
      env.connections.between(policy::IkeVersion::v2, in.datagram.local.address, in.datagram.remote.address);
  std::erase_if(candidates, [&](const auto& each) { return !answers_in_mode(each.alike(), aggressive); });
  if (candidates.empty()) return std::unexpected(no_connection_for(in, env, aggressive));

  std::optional<policy::Choice> choice;
  for (const auto& candidate : candidates) {
    choice = policy::choose(phase1_proposals(candidate.alike().proposals), offer_to(candidate, *payload).meanings);
    if (choice) break;
  }
  if (!choice) {
    Failure failure{.kind = FailureKind::no_proposal_chosen, .remote = in.datagram.remote};
    failure.connection = candidates.front().alike().name;
    failure.our_proposals = phase1_proposals(candidates.front().alike().proposals);
    failure.peer_proposals = offer.meanings;
    for (const auto& candidate : candidates) {
      if (!policy::choose(phase1_proposals(candidate.alike().proposals), offer.meanings)) continue;
      failure.kind = FailureKind::auth_method_mismatch;
      failure.connection = candidate.alike().name;
      break;
    }
    return std::unexpected(std::move(failure));
  }
  std::erase_if(candidates, [&](const auto& candidate) {
    const auto meaning = offer_to(candidate, *payload).meanings[choice->offered_index];
    return !policy::choose(phase1_proposals(candidate.alike().proposals), {meaning});
  });
  return Chosen{.answer = accept_phase1(offer, choice->offered_index),
                .suite = choice->suite,
                .life_seconds = w::read_phase1(*offer.transforms[choice->offered_index]).lifetimes.seconds,
                .candidates = std::move(candidates)};
}

IsakmpSa begin_as_responder(const Inbound& in, const Chosen& chosen, Environment& env) {
  IsakmpSa sa;
  sa.role = Role::responder;
  sa.cookie_i = in.header.initiator_spi;
  sa.cookie_r = random_cookie(env.random);
  sa.local = in.datagram.local;
  sa.remote = in.datagram.remote;
  sa.suite = chosen.suite;
  sa.life_seconds = chosen.life_seconds;
  sa.nat_traversal = best_nat_traversal(in.payloads);
  sa.peer_has_dpd = says_dpd(in.payloads);
  sa.peer_takes_fragments = says_fragmentation(in.payloads);
  sa.setup = std::make_unique<Setup>();
  sa.setup->sa_i = to_bytes(in.raw.find(w::PayloadType::sa)->body());
  sa.setup->candidates = chosen.candidates;
  return sa;
}

}  // namespace sallyport::ike::v1
