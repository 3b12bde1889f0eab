#include "ike/v1/informational.h"

#include <algorithm>

#include "base/writer.h"
#include "ike/v1/dpd.h"
#include "ike/v1/phase1.h"
#include "ike/v1/quick_mode.h"

namespace sallyport::ike::v1 {
namespace {

namespace w = wire::ikev1;
using event::FailureKind;
using event::Side;

Bytes spi_value(std::uint32_t spi) {
  Bytes octets(4);
  store_be32(octets.data(), spi);
  return octets;
}

void read_delete(const IsakmpSa& sa, const w::DeletePayload& theirs, ExchangeStep& step) {
  if (theirs.protocol == w::ProtocolId::isakmp) {
    if (std::ranges::find(theirs.spis, isakmp_spi(sa.cookie_i, sa.cookie_r)) == theirs.spis.end()) return;
    step.close = true;
    if (!step.failure) {
      step.failure = phase1_failure(sa, FailureKind::closed_by_peer, Side::remote);
      step.failure->our_proposals.clear();
    }
    for (const w::Payload& answer : build_delete_isakmp_sa(sa)) step.notice.emplace().add(answer);
    return;
  }
  if (theirs.protocol != w::ProtocolId::esp && theirs.protocol != w::ProtocolId::ah) return;
  const auto protocol = theirs.protocol == w::ProtocolId::ah ? policy::Protocol::ah : policy::Protocol::esp;
  for (const Bytes& octets : theirs.spis) {
    if (octets.size() != 4) continue;
    const DeletedSpi deleted{protocol, load_be32(octets.data())};
    const ChildSa* child = sa.find_child(deleted);
    if (!child)
      step.removed_unknown.push_back(deleted);
    else if (std::ranges::find(step.removed, child->id) == step.removed.end())
      step.removed.push_back(child->id);
  }
}

bool is_about_identity(w::NotifyType type) {
  return type == w::NotifyType::authentication_failed || type == w::NotifyType::invalid_id_information ||
         type == w::NotifyType::invalid_hash_information;
}

event::Failure refused_phase_1(const IsakmpSa& sa, const w::NotifyPayload& error) {
  const auto kind = is_about_identity(error.type) ? FailureKind::authentication_failed : FailureKind::peer_error;
  auto failure = phase1_failure(sa, kind, Side::remote);
  failure.notify = w::to_string(error.type);
  // The peer learned who we are from phase 1's last message, and may refuse us after it.
  if (sa.connection && !failure.opening)
    failure.opening = sa.connection->aggressive ? event::Opening::aggressive_mode : event::Opening::main_mode;
  return failure;
}

/// An error ends the Quick Mode that it is about; before phase 1 is complete, phase 1. Of none, it says why the peer
/// deletes the ISAKMP SA, if it does so in the same message.
void read_error(const IsakmpSa& sa, const w::NotifyPayload& error, ExchangeStep& step) {
  if (step.failure) return;
  if (!sa.established) {
    step.failure = refused_phase_1(sa, error);
    step.close = true;
    return;
  }
  const Exchange* exchange = quick_mode_of(sa, error);
  if (!exchange) {
    if (is_about_identity(error.type)) step.failure = refused_phase_1(sa, error);
    return;
  }
  step.failed_exchange = exchange->id;
  step.failure = read_quick_error(sa, *exchange->quick, error);
}

void read_notify(const IsakmpSa& sa, const w::NotifyPayload& notify, ExchangeStep& step) {
  switch (notify.type) {
    case w::NotifyType::r_u_there:
      if (const auto sequence = read_sequence(sa, notify)) {
        step.probe = sequence;
        step.notice.emplace().add(i_am_here(sa, *sequence));
      }
      return;
    case w::NotifyType::r_u_there_ack: step.probe_answer = read_sequence(sa, notify); return;
    case w::NotifyType::initial_contact: step.initial_contact = true; return;
    default:
      if (w::is_error(notify.type)) read_error(sa, notify, step);
  }
}

}  // namespace

w::PayloadChain build_delete_children(const std::vector<const ChildSa*>& children) {
  std::vector<ToldDelete> deletes;
  for (const ChildSa* child : children)
    for (const ToldDelete& each : deletes_of(*child, {})) deletes.push_back(each);
  return build_deletes(deletes);
}

w::PayloadChain build_deletes(const std::vector<ToldDelete>& deletes) {
  w::DeletePayload esp{.protocol = w::ProtocolId::esp, .spis = {}}, ah{.protocol = w::ProtocolId::ah, .spis = {}};
  for (const ToldDelete& each : deletes)
    (each.theirs.protocol == policy::Protocol::ah ? ah : esp).spis.push_back(spi_value(each.ours));
  w::PayloadChain payloads;
  if (!esp.spis.empty()) payloads.add(std::move(esp));
  if (!ah.spis.empty()) payloads.add(std::move(ah));
  return payloads;
}

w::PayloadChain build_delete_isakmp_sa(const IsakmpSa& sa, std::optional<w::NotifyType> why) {
  w::PayloadChain payloads;
  if (why) payloads.add(w::NotifyPayload{.type = *why, .protocol = w::ProtocolId::isakmp});
  payloads.add(w::DeletePayload{.protocol = w::ProtocolId::isakmp, .spis = {isakmp_spi(sa.cookie_i, sa.cookie_r)}});
  return payloads;
}

Bytes serialize_hint(std::uint64_t cookie_i, std::uint64_t cookie_r, w::NotifyType type, RandomSource& random) {
  wire::IkeHeader header;
  header.initiator_spi = cookie_i;
  header.responder_spi = cookie_r;
  header.major_version = w::major_version;
  header.minor_version = w::minor_version;
  header.exchange_type = w::number(w::ExchangeType::informational);
  header.message_id = random.u32() | 1;
  w::PayloadChain payloads;
  payloads.add(w::NotifyPayload{.type = type, .protocol = w::ProtocolId::isakmp});
  auto message = w::serialize_message(header, payloads);
  ASSERT(message);
  return std::move(*message);
}

const Exchange* quick_mode_of(const IsakmpSa& sa, const w::NotifyPayload& error) {
  const Exchange* only = nullptr;
  for (const Exchange& exchange : sa.exchanges) {
    if (exchange.state != ExchangeState::quick_asked) continue;
    if (error.spi == spi_value(exchange.quick->spi_in)) return &exchange;
    if (exchange.quick->ah_spi_in != 0 && error.spi == spi_value(exchange.quick->ah_spi_in)) return &exchange;
    if (only && error.spi.size() != 4) continue;  // the oldest
    if (!only) only = &exchange;
  }
  return only;
}

ExchangeStep process_informational(const IsakmpSa& sa, const Inbound& in) {
  ExchangeStep step;
  for (const w::Payload& payload : in.payloads) {
    if (const auto* notify = std::get_if<w::NotifyPayload>(&payload)) read_notify(sa, *notify, step);
    if (const auto* theirs = std::get_if<w::DeletePayload>(&payload)) read_delete(sa, *theirs, step);
  }
  if (step.removed.empty()) return step;
  std::vector<const ChildSa*> gone;
  for (const auto id : step.removed) gone.push_back(sa.find_child(id));
  auto& answer = step.notice ? *step.notice : step.notice.emplace();
  for (const w::Payload& payload : build_delete_children(gone)) answer.add(payload);
  return step;
}

}  // namespace sallyport::ike::v1
