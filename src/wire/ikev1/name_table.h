// Tables from numbers to names, for the .cpp files of the number headers.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace sallyport::wire::ikev1 {

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

}  // namespace sallyport::wire::ikev1
