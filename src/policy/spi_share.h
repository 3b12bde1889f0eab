// Which of several workers an SA belongs to: its inbound SPI says so, because that is all that can be told of a packet
// before anything is known of it.
#pragma once

#include <cstdint>

namespace sallyport::policy {

/// One of `count`, from 0.
struct Share {
  std::uint32_t index = 0;
  std::uint32_t count = 1;

  friend bool operator==(const Share&, const Share&) = default;
};

constexpr std::uint32_t share_of(std::uint32_t spi, std::uint32_t count) { return spi % count; }

}  // namespace sallyport::policy
