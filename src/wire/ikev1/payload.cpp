#include "wire/ikev1/payload.h"

namespace sallyport::wire::ikev1 {

PayloadType type_of(const Payload& payload) {
  return std::visit(
      []<class Body>(const Body& body) {
        if constexpr (requires { body.payload_type(); })
          return body.payload_type();
        else
          return Body::payload_type;
      },
      payload);
}

const NotifyPayload* PayloadChain::find_notify(NotifyType type) const {
  for (const NotifyPayload* notify : all<NotifyPayload>())
    if (notify->type == type) return notify;
  return nullptr;
}

const NotifyPayload* PayloadChain::find_error() const {
  for (const NotifyPayload* notify : all<NotifyPayload>())
    if (is_error(notify->type)) return notify;
  return nullptr;
}

}  // namespace sallyport::wire::ikev1
