#include "ike/v1/transaction.h"

#include "base/secret.h"
#include "ike/v1/mode_config.h"
#include "ike/v1/phase1.h"
#include "ike/v1/xauth.h"
#include "wire/ikev1/vendor_id.h"

namespace sallyport::ike::v1 {
namespace {

namespace w = wire::ikev1;
using Reason = event::MessageRejected::Reason;

/// There is one, and no more (§3.1.1).
const w::AttributesPayload* attributes_of(const Inbound& in) {
  return in.payloads.count<w::AttributesPayload>() == 1 ? in.payloads.find<w::AttributesPayload>() : nullptr;
}

}  // namespace

ExchangeStep process_transaction_1(const IsakmpSa& sa, const Exchange&, const Inbound& in, Environment& env) {
  const auto* message = attributes_of(in);
  if (!message) return ExchangeStep::reject(Reason::missing_payload);
  if (message->type == w::CfgType::request) {
    if (is_xauth(*message)) return process_user_request(sa, *message, env);
    if (sa.access.user_pending) return ExchangeStep::reject(Reason::unexpected_exchange);  // who are you?
    return process_configuration_request(sa, *message, env);
  }
  if (message->type == w::CfgType::set) {
    if (is_xauth(*message)) return process_verdict(sa, *message);
    if (sa.access.user_pending) return ExchangeStep::reject(Reason::unexpected_exchange);
    return process_configuration(sa, *message);
  }
  return ExchangeStep::reject(Reason::unexpected_exchange);  // §3.3: unknown types are passed over
}

ExchangeStep process_transaction_2(const IsakmpSa& sa, const Exchange& exchange, const Inbound& in, Environment& env) {
  const auto* message = attributes_of(in);
  const Transaction& ours = *exchange.transaction;
  const bool asked = ours.message.type == w::CfgType::request;
  if (!message || message->type != (asked ? w::CfgType::reply : w::CfgType::ack)) {
    ExchangeStep step = ExchangeStep::reject(Reason::missing_payload);
    step.failure = phase1_failure(sa, event::FailureKind::protocol_violation, event::Side::local);
    step.close = step.tell_peer = true;
    return step;
  }
  if (asked)
    return ours.topic == Topic::user ? process_user_reply(sa, *message, env) : process_configuration(sa, *message);
  ExchangeStep step;
  step.acknowledged = ours.topic;
  if (ours.farewell) {
    step.failure = ours.farewell;
    step.close = step.tell_peer = true;
  }
  return step;
}

void announce_remote_access(w::PayloadChain& payloads, const policy::Connection& connection) {
  const auto add = [&](w::VendorId id) { payloads.add(w::VendorIdPayload{to_bytes(w::vendor_id_octets(id))}); };
  if (connection.local_xauth() || connection.remote_xauth()) add(w::VendorId::xauth);
  if (!connection.vips.empty() || !connection.pools.empty()) add(w::VendorId::unity);
}

w::AuthenticationMethod phase1_method(const policy::Connection& connection, Role role) {
  const bool initiates = role == Role::initiator;
  if (connection.local_xauth())
    return initiates ? w::AuthenticationMethod::xauth_init_pre_shared : w::AuthenticationMethod::xauth_resp_pre_shared;
  if (connection.remote_xauth())
    return initiates ? w::AuthenticationMethod::xauth_resp_pre_shared : w::AuthenticationMethod::xauth_init_pre_shared;
  return w::AuthenticationMethod::pre_shared_key;
}

void wipe(w::AttributesPayload& message) {
  for (w::Attribute& attribute : message.attributes) sallyport::wipe(attribute.value);
}

void wipe_attributes(w::PayloadChain&& payloads) {
  for (w::Payload& payload : std::move(payloads).release())
    if (auto* message = std::get_if<w::AttributesPayload>(&payload)) wipe(*message);
}

}  // namespace sallyport::ike::v1
