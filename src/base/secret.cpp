#include "base/secret.h"

#include <cstring>

namespace sallyport {

void wipe(ByteSpan bytes) noexcept {
  if (!bytes.empty()) explicit_bzero(bytes.data(), bytes.size());
}

bool equal_constant_time(ByteView a, ByteView b) noexcept {
  if (a.size() != b.size()) return false;
  volatile std::uint8_t difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) difference = difference | (a[i] ^ b[i]);
  return difference == 0;
}

Secret Secret::copy_of(ByteView bytes) {
  Secret secret(bytes.size());
  std::ranges::copy(bytes, secret.bytes_.begin());
  return secret;
}

Secret Secret::adopt(Bytes&& bytes) {
  Secret secret;
  secret.bytes_ = std::move(bytes);
  bytes.clear();
  return secret;
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe(bytes_);
    bytes_ = std::move(other.bytes_);
    other.bytes_.clear();
  }
  return *this;
}

}  // namespace sallyport
