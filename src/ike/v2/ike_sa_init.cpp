#include "ike/v2/ike_sa_init.h"

#include <algorithm>

#include "ike/core/candidates.h"
#include "ike/v2/fragmentation.h"
#include "ike/v2/intermediate.h"
#include "ike/v2/key_agreement.h"
#include "ike/v2/nat_detection.h"
#include "ike/v2/numbers_map.h"
#include "ike/v2/ppk.h"
#include "ike/v2/redirect.h"

namespace sallyport::ike::v2 {
namespace {

namespace w = wire::ikev2;
using crypto::KeyExchangeMethod;
using event::Failure;
using event::FailureKind;
using event::Side;
using Reason = event::MessageRejected::Reason;

constexpr std::size_t kNonceSize = 32;
/// Cookies and other groups may each ask for another try; more than a few is a game.
constexpr std::uint32_t kMostRestarts = 4;

Failure init_failure(const IkeSa& sa, FailureKind kind, Side side) {
  Failure failure{.kind = kind, .side = side, .connection = sa.connection_name(), .remote = sa.remote};
  if (sa.connection) failure.our_proposals = sa.connection->proposals;
  return failure;
}

Step give_up(Failure failure) { return {.next = State::closed, .failure = std::move(failure)}; }

/// The responder wants another group than the one that we guessed.
Step try_other_method(const IkeSa& sa, const w::NotifyPayload& notify) {
  const auto refuse = [&](std::optional<KeyExchangeMethod> method) {
    auto failure = init_failure(sa, FailureKind::key_exchange_mismatch, Side::remote);
    failure.wanted_group = method;
    return give_up(std::move(failure));
  };
  if (notify.data.size() != 2) return Step::reject(sa.state, Reason::malformed);
  const auto method = read_method(static_cast<w::KeyExchangeId>(load_be16(notify.data.data())));
  if (!method || !offers_method(sa.connection->proposals, *method) || *method == sa.setup->key_exchange->method() ||
      sa.setup->restarts >= kMostRestarts)
    return refuse(method);
  return {.next = State::init_sent, .restart = Step::Restart{sa.setup->cookie, method, std::nullopt}};
}

Step read_init_error(const IkeSa& sa, const w::NotifyPayload& error) {
  if (error.type == w::NotifyType::invalid_ke_payload) return try_other_method(sa, error);
  auto failure = init_failure(sa, FailureKind::peer_error, Side::remote);
  failure.notify = w::to_string(error.type);
  if (error.type == w::NotifyType::no_proposal_chosen) failure.kind = FailureKind::no_proposal_chosen;
  return give_up(std::move(failure));
}

/// Whoever cannot see our nonce has not sent it (RFC 5685 §3).
Step read_init_redirect(const IkeSa& sa, const Inbound& in) {
  auto order = read_redirect(in.payloads);
  if (!order || !sa.connection->follow_redirects || order->nonce != sa.setup->nonce_i)
    return Step::reject(sa.state, Reason::malformed);
  Step step = give_up(init_failure(sa, FailureKind::redirected, Side::remote));
  step.redirect = std::move(order->gateway);
  return step;
}

bool accepts(const policy::Connection& connection, const policy::Suite& suite) {
  return policy::choose(connection.proposals, {only(suite)}).has_value();
}

InitReply refuse(w::NotifyType type, Bytes data, std::optional<Failure> failure) {
  InitReply reply;
  reply.payloads.add(w::NotifyPayload{.type = type, .data = std::move(data)});
  reply.failure = std::move(failure);
  return reply;
}

/// Nothing may answer: because nothing is configured for the peer, or because that is for IKEv1 alone.
Failure no_connection_for(const Inbound& in, const Environment& env) {
  Failure failure{.kind = FailureKind::no_matching_connection, .remote = in.datagram.remote};
  const auto for_ikev1 =
      env.connections.between(policy::IkeVersion::v2, in.datagram.local.address, in.datagram.remote.address);
  if (for_ikev1.empty()) return failure;
  const policy::Connection& first = for_ikev1.front().alike();
  failure.kind = FailureKind::exchange_mismatch;
  failure.connection = first.name;
  failure.opening = event::Opening::ike_sa_init;
  failure.our_opening = first.aggressive ? event::Opening::aggressive_mode : event::Opening::main_mode;
  return failure;
}

InitReply refuse_proposals(const Inbound& in, const Environment& env, const policy::Candidates& candidates,
                           std::vector<policy::Proposal> offered) {
  Failure failure = candidates.empty() ? no_connection_for(in, env)
                                       : Failure{.kind = FailureKind::no_proposal_chosen, .remote = in.datagram.remote};
  if (!candidates.empty()) {
    failure.connection = candidates.front().alike().name;
    failure.our_proposals = candidates.front().alike().proposals;
    failure.peer_proposals = std::move(offered);
  }
  return refuse(w::NotifyType::no_proposal_chosen, {}, std::move(failure));
}

/// A second puzzle is worth it where we compute something after it (RFC 8019 §7.2): not with a KEM, whose answer is
/// all that there is to compute, nor where IKE_INTERMEDIATE, which takes no solution, comes first.
std::optional<Puzzle> puzzle_before_auth(const policy::Suite& suite, std::uint8_t zero_bits) {
  constexpr std::uint8_t kCostsMoreThanUs = 8;  // a thousand hashes or so
  const bool is_kem = suite.key_exchange == KeyExchangeMethod::ml_kem_512 ||
                      suite.key_exchange == KeyExchangeMethod::ml_kem_768 ||
                      suite.key_exchange == KeyExchangeMethod::ml_kem_1024;
  if (zero_bits == 0 || is_kem || suite.next_additional() != 0) return std::nullopt;
  return Puzzle{suite.prf, std::min(zero_bits, kCostsMoreThanUs)};
}

/// Our half, and the secret, or what it will be computed with.
struct Half {
  Bytes public_value;
  Secret shared_secret;
  std::unique_ptr<crypto::KeyExchange> own;
};
Result<Half> whole_answer(KeyExchangeMethod method, const Bytes& peer_value, Environment& env) {
  auto answer = TRY(env.crypto.answer_key_exchange(method, peer_value, env.random));
  return Half{std::move(answer.public_value), std::move(answer.shared_secret), nullptr};
}
Result<Half> own_half(KeyExchangeMethod method, Environment& env) {
  auto own = TRY(env.crypto.start_key_exchange(method, env.random));
  return Half{to_bytes(own->public_value()), Secret(), std::move(own)};
}

Bytes method_bytes(KeyExchangeMethod method) {
  Bytes bytes(2);
  store_be16(bytes.data(), w::number(write_method(method)));
  return bytes;
}

}  // namespace

bool is_worth_it(const Puzzle& puzzle, const Settings& settings) {
  return puzzle.difficulty != 0 && puzzle.difficulty <= settings.puzzle_limit;
}

void derive_setup_keys(IkeSa& sa, const Secret& shared_secret, Environment& env) {
  sa.keys = derive_ike_keys(env.crypto, sa.suite,
                            {.shared_secret = shared_secret.view(),
                             .nonce_i = sa.setup->nonce_i,
                             .nonce_r = sa.setup->nonce_r,
                             .spi_i = sa.spi_i,
                             .spi_r = sa.spi_r});
}

bool offers_method(const std::vector<policy::Proposal>& proposals, KeyExchangeMethod method) {
  return std::ranges::any_of(proposals, [&](const policy::Proposal& proposal) {
    return std::ranges::find(proposal.key_exchange, method) != proposal.key_exchange.end();
  });
}

std::uint64_t random_ike_spi(RandomSource& random) {
  for (;;)
    if (const std::uint64_t spi = random.u64(); spi != 0) return spi;
}

Bytes random_nonce(RandomSource& random) {
  Bytes nonce(kNonceSize);
  random.fill(nonce);
  return nonce;
}

KeyExchangeMethod preferred_method(const policy::Connection& connection) {
  for (const auto& proposal : connection.proposals)
    if (!proposal.key_exchange.empty()) return proposal.key_exchange.front();
  return KeyExchangeMethod::x25519;
}

w::PayloadChain build_init_request(const IkeSa& sa, Environment& env) {
  w::PayloadChain payloads;
  if (!sa.setup->cookie.empty())
    payloads.add(w::NotifyPayload{.type = w::NotifyType::cookie, .data = sa.setup->cookie});
  if (!sa.setup->puzzles.solution.empty()) payloads.add(w::PuzzleSolutionPayload{sa.setup->puzzles.solution});
  payloads.add(offer(sa.connection->proposals, {}));
  const auto& exchange = *sa.setup->key_exchange;
  payloads.add(w::KePayload{write_method(exchange.method()), to_bytes(exchange.public_value())});
  payloads.add(w::NoncePayload{sa.setup->nonce_i});
  add_nat_detection(payloads, env.crypto, sa.spi_i, 0, sa.local, sa.remote, sa.connection->encap);
  if (wants_fragmentation(*sa.connection)) announce_fragmentation(payloads);
  if (wants_ppk(*sa.connection)) announce_ppk(payloads);
  if (wants_intermediate(*sa.connection)) announce_intermediate(payloads);
  add_redirect_supported(payloads, *sa.connection, sa.setup->redirected_from);
  return payloads;
}

Step process_init_response(const IkeSa& sa, const Inbound& in, Environment& env) {
  // Nothing here is authentic yet; what it may cost us is bounded by kMostRestarts and by our own proposals.
  if (const auto* cookie = in.payloads.find_notify(w::NotifyType::cookie);
      cookie && !in.payloads.find<w::SaPayload>()) {
    if (cookie->data.empty() || cookie->data.size() > 64 || sa.setup->restarts >= kMostRestarts)
      return Step::reject(sa.state, Reason::malformed);
    return {
        .next = State::init_sent,
        .restart = Step::Restart{cookie->data, sa.setup->key_exchange->method(), read_puzzle(env.crypto, in.payloads)}};
  }
  if (in.payloads.find_notify(w::NotifyType::redirect)) return read_init_redirect(sa, in);
  if (const auto* error = in.payloads.find_error()) return read_init_error(sa, *error);

  const auto* chosen = in.payloads.find<w::SaPayload>();
  const auto* ke = in.payloads.find<w::KePayload>();
  const auto* nonce = in.payloads.find<w::NoncePayload>();
  if (!chosen || !ke || !nonce || in.header.responder_spi == 0) return Step::reject(sa.state, Reason::missing_payload);

  const auto suite = read_choice(*chosen, policy::Protocol::ike);
  if (!suite || !accepts(*sa.connection, *suite)) {
    auto failure = init_failure(sa, FailureKind::no_proposal_chosen, Side::local);
    failure.peer_proposals = read_offer(*chosen);
    return give_up(std::move(failure));
  }
  if (read_method(ke->method) != suite->key_exchange || suite->key_exchange != sa.setup->key_exchange->method())
    return Step::reject(sa.state, Reason::malformed);
  const auto shared_secret = sa.setup->key_exchange->shared_secret(ke->data);
  if (!shared_secret) return Step::reject(sa.state, Reason::malformed);
  const bool more = suite->next_additional() != 0;
  if (more && !says_intermediate(in.payloads)) {
    auto failure = init_failure(sa, FailureKind::extension_missing, Side::local);
    failure.notify = w::to_string(w::NotifyType::intermediate_exchange_supported);
    return give_up(std::move(failure));
  }

  auto puzzle = read_puzzle(env.crypto, in.payloads);
  if (puzzle)
    puzzle->difficulty = std::max<std::uint8_t>(puzzle->difficulty, 1);  // 0 means nothing here (RFC 8019 §7.2.1)
  if (in.payloads.find_notify(w::NotifyType::puzzle) && (!puzzle || !is_worth_it(*puzzle, env.settings))) {
    auto failure = init_failure(sa, FailureKind::puzzle_declined, Side::remote);
    failure.zero_bits = puzzle ? puzzle->difficulty : 0;
    return give_up(std::move(failure));
  }
  const NatFindings nat =
      detect_nat(in.payloads, env.crypto, sa.spi_i, in.header.responder_spi, sa.local, in.datagram.remote);
  Keyed keyed{.suite = *suite, .spi_r = in.header.responder_spi, .nonce_r = nonce->data};
  keyed.keys = derive_ike_keys(env.crypto, *suite,
                               {.shared_secret = shared_secret->view(),
                                .nonce_i = sa.setup->nonce_i,
                                .nonce_r = nonce->data,
                                .spi_i = sa.spi_i,
                                .spi_r = in.header.responder_spi});
  keyed.init_response = to_bytes(in.datagram.message);
  keyed.nat_local = nat.local || sa.connection->encap;  // pretended, so the peer encapsulates as well
  keyed.nat_remote = nat.remote;
  keyed.fragmentation = wants_fragmentation(*sa.connection) && says_fragmentation(in.payloads);
  keyed.childless = in.payloads.find_notify(w::NotifyType::childless_ikev2_supported) != nullptr;
  keyed.ppk = wants_ppk(*sa.connection) && says_ppk(in.payloads);
  keyed.intermediate = wants_intermediate(*sa.connection) && says_intermediate(in.payloads);
  keyed.knows_nat_traversal = knows_nat_traversal(in.payloads);
  keyed.puzzle = puzzle;
  return {.next = more ? State::intermediate_sent : State::auth_sent, .keyed = std::move(keyed)};
}

std::variant<InitReply, InitAccepted, InitRejected> answer_init(const Inbound& in, Environment& env,
                                                                std::uint8_t zero_bits) {
  const auto* offered = in.payloads.find<w::SaPayload>();
  const auto* ke = in.payloads.find<w::KePayload>();
  const auto* nonce = in.payloads.find<w::NoncePayload>();
  if (!offered || !ke || !nonce) return InitRejected{Reason::missing_payload};

  auto candidates =
      env.connections.between(policy::IkeVersion::v1, in.datagram.local.address, in.datagram.remote.address);
  auto proposals = read_offer(*offered);
  const bool intermediate = says_intermediate(in.payloads);
  if (!intermediate)  // without it additional key exchanges have no place (RFC 9370 §2.2.1)
    for (policy::Proposal& each : proposals)
      if (!each.additional.empty()) each = {};
  std::optional<policy::Choice> choice;
  for (const policy::Candidate& candidate : candidates) {
    choice = policy::choose(candidate.alike().proposals, proposals);
    if (choice) break;
  }
  if (!choice) return refuse_proposals(in, env, candidates, std::move(proposals));
  const policy::Suite& suite = choice->suite;
  const bool redirectable = says_redirect_supported(in.payloads);
  const auto came_from = read_redirected_from(in.payloads);
  const auto chosen = std::ranges::find_if(candidates, [&](const auto& each) { return accepts(each.alike(), suite); });
  if (const auto place = place_to_go(chosen->alike(), policy::RedirectAt::init,
                                     {redirectable, came_from, in.datagram.local.address})) {
    InitReply reply;
    reply.payloads.add(make_redirect(*place, nonce->data));
    env.emit(event::Redirected{.ike_sa = {},
                               .connection = chosen->alike().name,
                               .side = Side::remote,
                               .from = in.datagram.remote,
                               .to = *place,
                               .children = {},
                               .reauthenticates = {}});
    return reply;
  }
  if (read_method(ke->method) != suite.key_exchange)
    return refuse(w::NotifyType::invalid_ke_payload, method_bytes(suite.key_exchange), std::nullopt);

  const auto puzzle = puzzle_before_auth(suite, zero_bits);
  auto answer = puzzle ? own_half(suite.key_exchange, env) : whole_answer(suite.key_exchange, ke->data, env);
  if (!answer && answer.error().code == ErrorCode::unsupported)
    return refuse_proposals(in, env, candidates, std::move(proposals));
  if (!answer) return InitRejected{Reason::malformed};
  std::erase_if(candidates, [&](const policy::Candidate& each) { return !accepts(each.alike(), suite); });

  IkeSa sa;
  sa.role = Role::responder;
  sa.state = State::keyed;
  sa.spi_i = in.header.initiator_spi;
  sa.spi_r = random_ike_spi(env.random);
  sa.local = in.datagram.local;
  sa.remote = in.datagram.remote;
  sa.suite = suite;
  sa.setup = std::make_unique<Setup>();
  sa.setup->nonce_i = nonce->data;
  sa.setup->nonce_r = random_nonce(env.random);
  sa.setup->init_request = to_bytes(in.datagram.message);
  sa.setup->redirected_from = came_from;
  sa.redirectable = redirectable;
  const bool in_fragments = says_fragmentation(in.payloads) && wants_fragmentation(candidates);
  if (in_fragments) sa.fragmentation = std::make_unique<Fragmentation>();
  sa.setup->ppk = says_ppk(in.payloads) && wants_ppk(candidates);
  sa.setup->intermediate.agreed = intermediate;
  sa.setup->intermediate.due = suite.next_additional();
  const bool may_be_childless = std::ranges::any_of(
      candidates, [](const policy::Candidate& each) { return each.alike().childless != policy::Childless::never; });
  const bool pretend =
      std::ranges::any_of(candidates, [](const policy::Candidate& each) { return each.alike().encap; });
  sa.setup->candidates = std::move(candidates);
  if (puzzle) {
    sa.setup->puzzles.due = puzzle;
    sa.setup->puzzles.peer_value = ke->data;
    sa.setup->key_exchange = std::move(answer->own);
  } else {
    derive_setup_keys(sa, answer->shared_secret, env);
  }
  const NatFindings nat = detect_nat(in.payloads, env.crypto, sa.spi_i, 0, sa.local, sa.remote);
  sa.nat_local = nat.local || pretend;
  sa.nat_remote = nat.remote;
  sa.mobility.may_be_natted = knows_nat_traversal(in.payloads);

  InitAccepted accepted{std::move(sa), {}};
  accepted.payloads.add(accept(suite, offered->proposals[choice->offered_index], {}));
  add_key_exchange(accepted.payloads, suite.key_exchange, std::move(answer->public_value));
  accepted.payloads.add(w::NoncePayload{accepted.sa.setup->nonce_r});
  add_nat_detection(accepted.payloads, env.crypto, accepted.sa.spi_i, accepted.sa.spi_r, in.datagram.local,
                    in.datagram.remote, pretend);
  if (in_fragments) announce_fragmentation(accepted.payloads);
  if (may_be_childless) accepted.payloads.add(w::NotifyPayload{.type = w::NotifyType::childless_ikev2_supported});
  if (accepted.sa.setup->ppk) announce_ppk(accepted.payloads);
  if (intermediate) announce_intermediate(accepted.payloads);
  if (puzzle) accepted.payloads.add(write_puzzle(*puzzle));
  return accepted;
}

}  // namespace sallyport::ike::v2
