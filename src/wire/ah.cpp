#include "wire/ah.h"

namespace sallyport::wire {
namespace {

// ---- IPv4

enum class Ipv4Option : std::uint8_t {
  end = 0,
  no_operation = 1,
  record_route = 7,
  timestamp = 68,
  traceroute = 82,
  security = 130,
  loose_source_route = 131,
  extended_security = 133,
  commercial_security = 134,
  strict_source_route = 137,
  router_alert = 148,
  sender_directed = 149,
};

/// RFC 4302 App. A1. nullopt: not in its list of what is in use.
std::optional<bool> is_mutable(Ipv4Option option) {
  switch (option) {
    case Ipv4Option::security:
    case Ipv4Option::extended_security:
    case Ipv4Option::commercial_security:
    case Ipv4Option::router_alert:
    case Ipv4Option::sender_directed: return false;
    case Ipv4Option::record_route:
    case Ipv4Option::timestamp:
    case Ipv4Option::traceroute:
    case Ipv4Option::loose_source_route:
    case Ipv4Option::strict_source_route: return true;
    default: return std::nullopt;
  }
}

/// The pointer of a source route is behind its end when all its hops are behind it (RFC 791 §3.1).
bool is_route_used_up(ByteView option) { return option.size() >= 3 && option[2] > option.size(); }

Result<void> zero_ipv4_options(ByteSpan options) {
  for (std::size_t at = 0; at < options.size();) {
    const auto kind = Ipv4Option{options[at]};
    if (kind == Ipv4Option::end) return {};  // what is behind is padding, and zero (RFC 791 §3.1)
    if (kind == Ipv4Option::no_operation) {
      ++at;
      continue;
    }
    const std::size_t left = options.size() - at;
    if (left < 2 || options[at + 1] < 2 || options[at + 1] > left) return fail(ErrorCode::malformed, at);
    const ByteSpan option = options.subspan(at, options[at + 1]);
    const bool is_route = kind == Ipv4Option::loose_source_route || kind == Ipv4Option::strict_source_route;
    const auto may_change = is_mutable(kind);
    if (!may_change || (is_route && !is_route_used_up(option))) return fail(ErrorCode::unsupported, at);
    if (*may_change) std::ranges::fill(option, std::uint8_t{0});  // as a whole
    at += option.size();
  }
  return {};
}

Result<void> zero_ipv4(ByteSpan headers) {
  if (headers.size() < ipv4_header_size) return fail(ErrorCode::malformed);
  headers[1] = 0;                 // type of service
  headers[6] = headers[7] = 0;    // flags, fragment offset
  headers[8] = 0;                 // time to live
  headers[10] = headers[11] = 0;  // checksum
  return zero_ipv4_options(headers.subspan(ipv4_header_size));
}

// ---- IPv6

/// Hop-by-hop and destination options; `options` is behind next header and length. A bit in the type says whether the
/// data may change (RFC 8200 §4.2); type and length never do.
Result<void> zero_ipv6_options(ByteSpan options) {
  constexpr std::uint8_t may_change = 0x20, pad1 = 0;
  for (std::size_t at = 0; at < options.size();) {
    if (options[at] == pad1) {
      ++at;
      continue;
    }
    const std::size_t left = options.size() - at;
    if (left < 2 || options[at + 1] + std::size_t{2} > left) return fail(ErrorCode::malformed, at);
    const ByteSpan data = options.subspan(at + 2, options[at + 1]);
    if ((options[at] & may_change) != 0) std::ranges::fill(data, std::uint8_t{0});
    at += 2 + data.size();
  }
  return {};
}

Result<void> zero_ipv6(ByteSpan headers) {
  if (headers.size() < ipv6_header_size) return fail(ErrorCode::malformed);
  headers[0] = 0x60;                         // the version stays; traffic class
  headers[1] = headers[2] = headers[3] = 0;  // and flow label
  headers[7] = 0;                            // hop limit
  auto kind = IpProtocol{headers[6]};
  for (std::size_t at = ipv6_header_size; at < headers.size();) {
    const std::size_t left = headers.size() - at;
    if (left < 8 || (headers[at + 1] + std::size_t{1}) * 8 > left) return fail(ErrorCode::malformed, at);
    const ByteSpan header = headers.subspan(at, (headers[at + 1] + std::size_t{1}) * 8);
    switch (kind) {
      case IpProtocol::hop_by_hop:
      case IpProtocol::destination_options: TRY(zero_ipv6_options(header.subspan(2))); break;
      case IpProtocol::routing:
        if (header[3] != 0) return fail(ErrorCode::unsupported, at);  // segments left: as the receiver sees it, none
        break;
      default: return fail(ErrorCode::unsupported, at);
    }
    kind = IpProtocol{header[0]};
    at += header.size();
  }
  return {};
}

}  // namespace

Result<void> zero_mutable_fields(ByteSpan headers) {
  if (headers.empty()) return fail(ErrorCode::malformed);
  return headers[0] >> 4 == 4 ? zero_ipv4(headers) : zero_ipv6(headers);
}

}  // namespace sallyport::wire
