// Octets written in a test as hexadecimal digits, in groups as the format has fields.
#pragma once

#include <stdexcept>
#include <string>

#include "base/bytes.h"

namespace sallyport::vectors {

inline std::string without_spaces(std::string_view text) {
  std::string digits(text);
  std::erase(digits, ' ');
  return digits;
}

/// Throws, which fails the test, for anything but pairs of digits and spaces.
inline Bytes spaced_hex(std::string_view text) {
  auto bytes = from_hex(without_spaces(text));
  if (!bytes) throw std::runtime_error("not hexadecimal: " + std::string(text));
  return *bytes;
}

}  // namespace sallyport::vectors
