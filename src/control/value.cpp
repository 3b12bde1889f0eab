#include "control/value.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <span>

namespace sallyport::control {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool equal_ignoring_case(std::string_view a, std::string_view b) { return std::ranges::equal(a, b, {}, lower, lower); }

struct Number {
  std::uint64_t value;
  std::size_t end;  // octets of the text that it took
};

/// The longest number at the front: hexadecimal takes a following `d` as its own.
Result<Number> leading_number(std::string_view text) {
  const bool hexadecimal = text.size() > 2 && text[0] == '0' && lower(text[1]) == 'x';
  const bool octal = !hexadecimal && text.starts_with('0');
  const std::size_t prefix = hexadecimal ? 2 : 0;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data() + prefix, text.data() + text.size(), value,
                                            hexadecimal ? 16
                                            : octal     ? 8
                                                        : 10);
  if (error == std::errc::result_out_of_range) return fail(ErrorCode::out_of_range);
  if (error != std::errc()) return fail(ErrorCode::malformed, prefix);
  return Number{value, static_cast<std::size_t>(end - text.data())};
}

struct Unit {
  char letter;
  std::uint64_t factor;
};
constexpr std::array kTimeUnits{Unit{'s', 1}, Unit{'m', 60}, Unit{'h', 3600}, Unit{'d', 86400}};
constexpr std::array kVolumeUnits{Unit{'k', 1 << 10}, Unit{'m', 1 << 20}, Unit{'g', 1 << 30}};

Result<std::uint64_t> parse_quantity(std::string_view text, std::span<const Unit> units, std::uint64_t most) {
  const Number number = TRY(leading_number(text));
  std::uint64_t factor = 1;
  if (number.end < text.size()) {
    const std::size_t at = text.find_first_not_of(" \t", number.end);
    if (at == std::string_view::npos) return fail(ErrorCode::malformed, number.end);
    const auto unit = std::ranges::find(units, lower(text[at]), &Unit::letter);
    if (unit == units.end()) return fail(ErrorCode::malformed, at);
    if (at + 1 < text.size()) return fail(ErrorCode::malformed, at + 1);
    factor = unit->factor;
  }
  if (number.value > most / factor) return fail(ErrorCode::out_of_range);
  return number.value * factor;
}

}  // namespace

Result<bool> parse_boolean(std::string_view text) {
  for (const std::string_view word : {"yes", "true", "enabled", "1"})
    if (equal_ignoring_case(text, word)) return true;
  for (const std::string_view word : {"no", "false", "disabled", "0"})
    if (equal_ignoring_case(text, word)) return false;
  return fail(ErrorCode::malformed);
}

Result<std::uint64_t> parse_u64(std::string_view text) {
  const Number number = TRY(leading_number(text));
  if (number.end < text.size()) return fail(ErrorCode::malformed, number.end);
  return number.value;
}

Result<std::uint32_t> parse_u32(std::string_view text) {
  const std::uint64_t value = TRY(parse_u64(text));
  if (value > std::numeric_limits<std::uint32_t>::max()) return fail(ErrorCode::out_of_range);
  return static_cast<std::uint32_t>(value);
}

Result<std::int64_t> parse_i64(std::string_view text) {
  const bool negative = text.starts_with('-');
  const auto magnitude = parse_u64(text.substr(negative ? 1 : 0));
  if (!magnitude) return fail(magnitude.error().code, magnitude.error().where + (negative ? 1 : 0));
  constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();
  if (*magnitude > most) return fail(ErrorCode::out_of_range);
  const auto value = static_cast<std::int64_t>(*magnitude);
  return negative ? -value : value;
}

Result<std::chrono::seconds> parse_time(std::string_view text) {
  return std::chrono::seconds(TRY(parse_quantity(text, kTimeUnits, std::numeric_limits<std::uint32_t>::max())));
}

Result<std::uint64_t> parse_volume(std::string_view text) {
  return parse_quantity(text, kVolumeUnits, std::numeric_limits<std::uint64_t>::max());
}

}  // namespace sallyport::control
