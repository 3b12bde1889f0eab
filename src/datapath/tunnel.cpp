#include "datapath/tunnel.h"

namespace sallyport::datapath {
namespace {

constexpr std::uint8_t ecn_mask = 3;
enum Ecn : std::uint8_t {
  not_ect = 0,
  ect1 = 1,
  ect0 = 2,
  ce = 3
};

}  // namespace

OuterFields tunnel_fields(const wire::IpPacket& inner, bool copy_df, bool copy_ecn) {
  OuterFields fields;
  fields.traffic_class = inner.traffic_class();
  if (!copy_ecn) fields.traffic_class &= static_cast<std::uint8_t>(~ecn_mask);
  fields.dont_fragment = copy_df && inner.dont_fragment();
  return fields;
}

std::optional<std::uint8_t> decapsulated_traffic_class(std::uint8_t inner, std::uint8_t outer) {
  const std::uint8_t inner_ecn = inner & ecn_mask;
  const std::uint8_t outer_ecn = outer & ecn_mask;
  if (outer_ecn == ce) {
    if (inner_ecn == not_ect) return std::nullopt;
    return static_cast<std::uint8_t>(inner | ce);
  }
  if (outer_ecn == ect1 && inner_ecn == ect0) return static_cast<std::uint8_t>((inner & ~ecn_mask) | ect1);
  return inner;
}

}  // namespace sallyport::datapath
