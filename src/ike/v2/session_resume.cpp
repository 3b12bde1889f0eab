#include "ike/v2/session_resume.h"

#include "ike/v2/fragmentation.h"
#include "ike/v2/nat_detection.h"
#include "ike/v2/numbers_map.h"
#include "ike/v2/redirect.h"
#include "ike/v2/ticket.h"

namespace sallyport::ike::v2 {
namespace {

namespace w = wire::ikev2;
using Outcome = event::Resumption::Outcome;
using Reason = event::MessageRejected::Reason;

constexpr std::uint32_t kMostCookies = 4;

IkeKeys resumed_keys(const ResumableSa& old, ByteView nonce_i, ByteView nonce_r, std::uint64_t spi_i,
                     std::uint64_t spi_r, Environment& env) {
  return derive_resumed_ike_keys(
      env.crypto, old.sk_d, old.suite,
      {.shared_secret = {}, .nonce_i = nonce_i, .nonce_r = nonce_r, .spi_i = spi_i, .spi_r = spi_r});
}

/// What a ticket stands for, if that is still so: sealed by us, in time, not used yet, and all of it as it is
/// configured now.
std::optional<ResumableSa> redeem(ByteView ticket, const Inbound& in, Environment& env) {
  const auto content = env.tickets.open(in.now, env.crypto, ticket);
  auto read = content ? read_resumable(content->view()) : fail(ErrorCode::unauthentic);
  if (!read) return std::nullopt;
  ResumableSa& sa = read->sa;
  sa.connection = env.connections.find(read->connection);
  if (!sa.connection || sa.expires <= in.now || env.tickets.is_revoked(sa.ike_sa)) return std::nullopt;
  const policy::Connection& config = *sa.connection;
  const bool sent_on = !config.redirect_to.empty() && config.redirect_at == policy::RedirectAt::init;
  if (!wants_tickets(config) || config.version == policy::IkeVersion::v1 || sent_on ||
      !matches_addresses(config, in.datagram.local.address, in.datagram.remote.address) ||
      !matches(config.remote.id, sa.remote_id) ||
      (config.local.id.kind != policy::Identity::Kind::any && config.local.id != sa.local_id) ||
      (config.ppk_required && !sa.ppk) || !policy::choose(config.proposals, {only(sa.suite)}) || sa.key_print.empty() ||
      !(sa.key_print == print_of_key(sa.local_id, sa.remote_id, env)))
    return std::nullopt;
  return std::move(sa);
}

}  // namespace

w::PayloadChain build_resume_request(const IkeSa& sa, Environment& env) {
  w::PayloadChain payloads;
  if (!sa.setup->cookie.empty())
    payloads.add(w::NotifyPayload{.type = w::NotifyType::cookie, .data = sa.setup->cookie});
  payloads.add(w::NotifyPayload{.type = w::NotifyType::ticket_opaque, .data = sa.setup->ticket});
  payloads.add(w::NoncePayload{sa.setup->nonce_i});
  add_nat_detection(payloads, env.crypto, sa.spi_i, 0, sa.local, sa.remote, sa.connection->encap);
  if (wants_fragmentation(*sa.connection)) announce_fragmentation(payloads);
  add_redirect_supported(payloads, *sa.connection, {});
  return payloads;
}

Step begin_anew(const IkeSa& sa, Outcome why) {
  Step step{.next = State::closed, .failure = sa.failure_of(event::FailureKind::not_resumed, event::Side::remote)};
  step.anew = why;
  return step;
}

Step process_resume_response(const IkeSa& sa, const Inbound& in, Environment& env) {
  // Nothing here is authentic yet, as in IKE_SA_INIT.
  const auto* nonce = in.payloads.find<w::NoncePayload>();
  if (const auto* cookie = in.payloads.find_notify(w::NotifyType::cookie); cookie && !nonce) {
    if (cookie->data.empty() || cookie->data.size() > 64 || sa.setup->restarts >= kMostCookies)
      return Step::reject(sa.state, Reason::malformed);
    return {.next = State::init_sent, .restart = Step::Restart{cookie->data, std::nullopt}};
  }
  if (in.payloads.find_error() || in.payloads.find_notify(w::NotifyType::ticket_nack))
    return begin_anew(sa, Outcome::refused);
  if (!nonce || in.header.responder_spi == 0) return Step::reject(sa.state, Reason::missing_payload);

  const ResumableSa& old = *sa.setup->resumes;
  const NatFindings nat =
      detect_nat(in.payloads, env.crypto, sa.spi_i, in.header.responder_spi, sa.local, in.datagram.remote);
  Keyed keyed{.suite = old.suite, .spi_r = in.header.responder_spi, .nonce_r = nonce->data};
  keyed.keys = resumed_keys(old, sa.setup->nonce_i, nonce->data, sa.spi_i, in.header.responder_spi, env);
  keyed.init_response = to_bytes(in.datagram.message);
  keyed.nat_local = nat.local || sa.connection->encap;
  keyed.nat_remote = nat.remote;
  keyed.fragmentation = wants_fragmentation(*sa.connection) && says_fragmentation(in.payloads);
  keyed.childless = in.payloads.find_notify(w::NotifyType::childless_ikev2_supported) != nullptr;
  keyed.knows_nat_traversal = knows_nat_traversal(in.payloads);
  return {.next = State::auth_sent, .keyed = std::move(keyed)};
}

std::variant<InitReply, InitAccepted, InitRejected> answer_resume(const Inbound& in, Environment& env) {
  const auto* ticket = in.payloads.find_notify(w::NotifyType::ticket_opaque);
  const auto* nonce = in.payloads.find<w::NoncePayload>();
  if (!ticket || !nonce) return InitRejected{Reason::missing_payload};
  auto old = redeem(ticket->data, in, env);
  if (!old) {
    env.emit(event::MessageRejected{Reason::ticket_refused, in.datagram.remote, {}});
    InitReply reply;
    reply.payloads.add(refuse_ticket());
    return reply;
  }
  const policy::Connection& config = *old->connection;
  IkeSa sa;
  sa.role = Role::responder;
  sa.state = State::keyed;
  sa.spi_i = in.header.initiator_spi;
  sa.spi_r = random_ike_spi(env.random);
  sa.local = in.datagram.local;
  sa.remote = in.datagram.remote;
  sa.suite = old->suite;
  sa.redirectable = says_redirect_supported(in.payloads);
  sa.setup = std::make_unique<Setup>();
  sa.setup->nonce_i = nonce->data;
  sa.setup->nonce_r = random_nonce(env.random);
  sa.setup->init_request = to_bytes(in.datagram.message);
  const bool in_fragments = says_fragmentation(in.payloads) && wants_fragmentation(config);
  if (in_fragments) sa.fragmentation = std::make_unique<Fragmentation>();
  sa.keys = resumed_keys(*old, sa.setup->nonce_i, sa.setup->nonce_r, sa.spi_i, sa.spi_r, env);
  const NatFindings nat = detect_nat(in.payloads, env.crypto, sa.spi_i, 0, sa.local, sa.remote);
  sa.nat_local = nat.local || config.encap;
  sa.nat_remote = nat.remote;
  sa.mobility.may_be_natted = knows_nat_traversal(in.payloads);

  InitAccepted accepted{std::move(sa), {}};
  accepted.payloads.add(w::NoncePayload{accepted.sa.setup->nonce_r});
  add_nat_detection(accepted.payloads, env.crypto, accepted.sa.spi_i, accepted.sa.spi_r, in.datagram.local,
                    in.datagram.remote, config.encap);
  if (in_fragments) announce_fragmentation(accepted.payloads);
  if (config.childless != policy::Childless::never)
    accepted.payloads.add(w::NotifyPayload{.type = w::NotifyType::childless_ikev2_supported});
  accepted.sa.setup->resumes = std::make_unique<ResumableSa>(std::move(*old));
  return accepted;
}

}  // namespace sallyport::ike::v2
