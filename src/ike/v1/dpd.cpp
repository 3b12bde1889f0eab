#include "ike/v1/dpd.h"

#include "ike/v1/phase1.h"

namespace sallyport::ike::v1 {
namespace {

namespace w = wire::ikev1;

w::NotifyPayload numbered(const IsakmpSa& sa, w::NotifyType type, std::uint32_t sequence) {
  Bytes data(4);
  store_be32(data.data(), sequence);
  return {.type = type,
          .data = std::move(data),
          .protocol = w::ProtocolId::isakmp,
          .spi = isakmp_spi(sa.cookie_i, sa.cookie_r)};
}

}  // namespace

w::NotifyPayload are_you_there(const IsakmpSa& sa, std::uint32_t sequence) {
  return numbered(sa, w::NotifyType::r_u_there, sequence);
}

w::NotifyPayload i_am_here(const IsakmpSa& sa, std::uint32_t sequence) {
  return numbered(sa, w::NotifyType::r_u_there_ack, sequence);
}

std::optional<std::uint32_t> read_sequence(const IsakmpSa& sa, const w::NotifyPayload& notify) {
  if (notify.data.size() != 4 || notify.spi != isakmp_spi(sa.cookie_i, sa.cookie_r)) return std::nullopt;
  return load_be32(notify.data.data());
}

}  // namespace sallyport::ike::v1
