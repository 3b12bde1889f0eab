// The words that VICI writes values in: truth, numbers, times and volumes. Pure functions of the text; the words of
// IPsec (selectors, proposals, identities) are the policy's. Offsets in errors count octets into the text.
//   malformed     not a word of that kind
//   out_of_range  a number too large for its type
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace sallyport::control {

/// yes, true, enabled, 1; no, false, disabled, 0; in either case.
Result<bool> parse_boolean(std::string_view text);

/// Decimal, 0x and hexadecimal, or 0 and octal; no sign, nothing around it.
Result<std::uint32_t> parse_u32(std::string_view text);
Result<std::uint64_t> parse_u64(std::string_view text);
/// The same, and a minus sign may stand before it: the `timeout` of `initiate` is -1 for no waiting at all.
Result<std::int64_t> parse_i64(std::string_view text);

/// A number, and behind it, with blanks between or not, one of s, m, h, d in either case; without one it is seconds.
/// At most 2^32 - 1 s, so that it fits into a Duration.
Result<std::chrono::seconds> parse_time(std::string_view text);
/// A number, and behind it likewise one of k, m, g, powers of 1024; without one it is octets.
Result<std::uint64_t> parse_volume(std::string_view text);

}  // namespace sallyport::control
