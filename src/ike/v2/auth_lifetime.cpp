#include "ike/v2/auth_lifetime.h"

#include <algorithm>

namespace sallyport::ike::v2 {
namespace {

namespace w = wire::ikev2;

constexpr std::chrono::seconds kShortestLifetime{10};

}  // namespace

void add_auth_lifetime(w::PayloadChain& reply, const policy::Connection& connection, std::optional<Duration> left) {
  if (connection.reauth_time.count() <= 0) return;
  auto life = connection.reauth_time;
  if (left) life = std::clamp(std::chrono::duration_cast<policy::Seconds>(*left), policy::Seconds(1), life);
  Bytes seconds(4);
  store_be32(seconds.data(), static_cast<std::uint32_t>(std::min<policy::Seconds::rep>(life.count(), 0xffffffff)));
  reply.add(w::NotifyPayload{.type = w::NotifyType::auth_lifetime, .data = std::move(seconds)});
}

std::optional<Duration> read_auth_lifetime(const w::PayloadChain& payloads) {
  const auto* notify = payloads.find_notify(w::NotifyType::auth_lifetime);
  if (!notify || notify->data.size() != 4) return std::nullopt;
  return std::max(kShortestLifetime, std::chrono::seconds(load_be32(notify->data.data())));
}

}  // namespace sallyport::ike::v2
