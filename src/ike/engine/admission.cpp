#include "ike/engine/admission.h"

namespace sallyport::ike {
namespace {

namespace w = wire::ikev2;
using Reason = event::MessageRejected::Reason;

}  // namespace

Admission::Verdict Admission::judge(const v2::Inbound& in, Environment& env, const Unfinished& unfinished) {
  const Settings& settings = env.settings;
  if (crowds_others(unfinished, settings)) return Reason::source_limit;
  if (unfinished.all >= settings.half_open_limit) return Reason::half_open_limit;
  if (unfinished.weighed < settings.cookie_threshold && unfinished.of_source < settings.cookie_threshold_ip)
    return Admitted{};
  const auto* nonce = in.payloads.find<w::NoncePayload>();
  if (!nonce) return Reason::missing_payload;

  const auto* cookie = in.payloads.find_notify(w::NotifyType::cookie);
  if (cookie && cookies_.verify(env.crypto, cookie->data, in.datagram.remote, in.header.initiator_spi, nonce->data))
    return Admitted{};
  env.emit(event::MessageRejected{cookie ? Reason::cookie_invalid : Reason::cookie_demanded, in.datagram.remote, {}});
  w::PayloadChain reply;
  reply.add(w::NotifyPayload{
      .type = w::NotifyType::cookie,
      .data = cookies_.make(in.now, env.crypto, env.random, in.datagram.remote, in.header.initiator_spi, nonce->data)});
  return reply;
}

}  // namespace sallyport::ike
