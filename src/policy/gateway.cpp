#include "policy/gateway.h"

namespace sallyport::policy {

std::optional<GatewayId> GatewayId::parse(std::string_view text) {
  if (const auto address = IpAddress::parse(text)) {
    if (address->is_unspecified()) return std::nullopt;
    return GatewayId{address, {}};
  }
  if (is_host_name(text)) return GatewayId{{}, std::string(text)};
  return std::nullopt;
}

std::string to_string(const GatewayId& gateway) { return gateway.address ? to_string(*gateway.address) : gateway.name; }

bool is_host_name(std::string_view text) {
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
  constexpr std::size_t longest = 253, longest_label = 63;
  if (text.size() > longest || text.find('.') == std::string_view::npos) return false;
  for (;;) {
    const std::size_t dot = text.find('.');
    const std::string_view label = text.substr(0, dot);
    if (label.empty() || label.size() > longest_label || label.find_first_not_of(allowed) != std::string_view::npos ||
        label.front() == '-' || label.back() == '-')
      return false;
    if (dot == std::string_view::npos) return label.size() > 1 && label.front() > '9';
    text.remove_prefix(dot + 1);
  }
}

}  // namespace sallyport::policy
