// GatewayId: which gateway a client is sent to, or comes from (RFC 5685 §3): an address, or a name that it looks up.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "policy/address.h"

namespace sallyport::policy {

struct GatewayId {
  std::optional<IpAddress> address;
  std::string name;  // without an address

  /// An address, or a name as DNS has them, with its domain.
  static std::optional<GatewayId> parse(std::string_view text);
  friend bool operator==(const GatewayId&, const GatewayId&) = default;
};
std::string to_string(const GatewayId& gateway);

/// A name as DNS has them (RFC 1123 §2.1), and with a dot, so that a word with a slip in it is none. The last label
/// begins with a letter, and has two of them at least: an address with a slip in it is none either.
bool is_host_name(std::string_view text);

}  // namespace sallyport::policy
