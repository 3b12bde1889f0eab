// IANA's numbers as enumerations: their octets, and their names for people. Each header of numbers declares name_of()
// for what it has; tables of Name are for its .cpp file.
#pragma once

#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

namespace sallyport::wire {

/// The number as it goes into a message.
template <class Number>
  requires std::is_enum_v<Number>
constexpr std::underlying_type_t<Number> number(Number value) {
  return static_cast<std::underlying_type_t<Number>>(value);
}

/// The name, or the number in decimal where there is no name.
template <class Number>
  requires std::is_enum_v<Number> && requires(Number value) {
    { name_of(value) } -> std::same_as<std::optional<std::string_view>>;
  }
std::string to_string(Number value) {
  const auto name = name_of(value);
  return name ? std::string(*name) : std::to_string(number(value));
}

template <class Number>
struct Name {
  Number number;
  std::string_view name;
};

template <class Number, std::size_t N>
constexpr std::optional<std::string_view> look_up(const Name<Number> (&names)[N], Number number) {
  for (const auto& entry : names)
    if (entry.number == number) return entry.name;
  return std::nullopt;
}

}  // namespace sallyport::wire
