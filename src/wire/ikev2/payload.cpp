#include "wire/ikev2/payload.h"

namespace sallyport::wire::ikev2 {

PayloadType Payload::type() const {
  if (const auto* unknown = std::get_if<UnknownPayload>(&body)) return unknown->type;
  return std::visit(
      []<class Body>(const Body&) {
        if constexpr (requires { Body::payload_type; })
          return Body::payload_type;
        else
          return PayloadType::none;
      },
      body);
}

const NotifyPayload* PayloadChain::find_notify(NotifyType type) const {
  for (const Payload& payload : payloads_) {
    const auto* notify = std::get_if<NotifyPayload>(&payload.body);
    if (notify != nullptr && notify->type == type) return notify;
  }
  return nullptr;
}

const NotifyPayload* PayloadChain::find_error() const {
  for (const Payload& payload : payloads_) {
    const auto* notify = std::get_if<NotifyPayload>(&payload.body);
    if (notify != nullptr && is_error(notify->type)) return notify;
  }
  return nullptr;
}

const UnknownPayload* PayloadChain::find_unsupported_critical() const {
  for (const Payload& payload : payloads_) {
    const auto* unknown = std::get_if<UnknownPayload>(&payload.body);
    if (unknown != nullptr && payload.critical) return unknown;
  }
  return nullptr;
}

PayloadType PayloadChain::first_type() const {
  return payloads_.empty() ? PayloadType::none : payloads_.front().type();
}

}  // namespace sallyport::wire::ikev2
