#include "ike/v2/redirect.h"

#include "base/reader.h"
#include "base/writer.h"

namespace sallyport::ike::v2 {
namespace {

namespace w = wire::ikev2;
using policy::GatewayId;

/// §6.2: the kind of a gateway's identity.
constexpr std::uint8_t kIpv4 = 1, kIpv6 = 2, kName = 3;

Bytes write_gateway(const GatewayId& gateway) {
  Bytes out;
  Writer writer(out);
  const ByteView identity = gateway.address ? gateway.address->bytes() : as_bytes(gateway.name);
  writer.u8(!gateway.address ? kName : gateway.address->is_v6() ? kIpv6 : kIpv4);
  writer.u8(static_cast<std::uint8_t>(identity.size()));
  writer.bytes(identity);
  return out;
}

Result<RedirectOrder> read_order(ByteView data) {
  Reader reader(data);
  const std::uint8_t kind = TRY(reader.u8());
  const std::uint8_t size = TRY(reader.u8());
  const ByteView identity = TRY(reader.bytes(size));
  RedirectOrder order{.gateway = {}, .nonce = to_bytes(reader.rest())};
  if (kind == kName) {
    if (!policy::is_host_name(as_text(identity))) return fail(ErrorCode::malformed);
    order.gateway.name = as_text(identity);
    return order;
  }
  if ((kind == kIpv4 && size == 4) || (kind == kIpv6 && size == 16))
    order.gateway.address = policy::IpAddress::from_bytes(identity);
  if (!order.gateway.address || order.gateway.address->is_unspecified()) return fail(ErrorCode::malformed);
  return order;
}

std::optional<RedirectOrder> read_notify(const w::PayloadChain& payloads, w::NotifyType type) {
  const auto* notify = payloads.find_notify(type);
  if (!notify) return std::nullopt;
  auto order = read_order(notify->data);
  return order ? std::optional(std::move(*order)) : std::nullopt;
}

}  // namespace

void add_redirect_supported(w::PayloadChain& payloads, const policy::Connection& connection,
                            const std::optional<GatewayId>& redirected_from) {
  if (redirected_from)
    payloads.add(w::NotifyPayload{.type = w::NotifyType::redirected_from, .data = write_gateway(*redirected_from)});
  else if (connection.follow_redirects)
    payloads.add(w::NotifyPayload{.type = w::NotifyType::redirect_supported});
}

bool says_redirect_supported(const w::PayloadChain& payloads) {
  return payloads.find_notify(w::NotifyType::redirect_supported) != nullptr ||
         payloads.find_notify(w::NotifyType::redirected_from) != nullptr;
}

std::optional<GatewayId> read_redirected_from(const w::PayloadChain& payloads) {
  auto from = read_notify(payloads, w::NotifyType::redirected_from);
  return from ? std::optional(std::move(from->gateway)) : std::nullopt;
}

w::NotifyPayload make_redirect(const GatewayId& gateway, ByteView nonce) {
  w::NotifyPayload notify{.type = w::NotifyType::redirect, .data = write_gateway(gateway)};
  append(notify.data, nonce);
  return notify;
}

std::optional<RedirectOrder> read_redirect(const w::PayloadChain& payloads) {
  return read_notify(payloads, w::NotifyType::redirect);
}

std::optional<GatewayId> place_to_go(const policy::Connection& connection, policy::RedirectAt moment,
                                     const Visitor& visitor) {
  if (connection.redirect_to.empty() || connection.redirect_at != moment || !visitor.would_go) return std::nullopt;
  auto gateway = GatewayId::parse(connection.redirect_to);
  if (gateway == visitor.from || (gateway && gateway->address == visitor.at)) return std::nullopt;
  return gateway;
}

}  // namespace sallyport::ike::v2
