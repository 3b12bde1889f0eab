// SpiTable: from the SPI of an inbound packet to its SA, in one or two cache lines. Open addressing with linear
// probing; never more than half full. SPIs below 256 are reserved (RFC 4303 §2.1), so 0 marks an empty place.
#pragma once

#include <cstdint>
#include <vector>

namespace sallyport::datapath {

struct Sa;

class SpiTable {
 public:
  /// nullptr: unknown.
  Sa* find(std::uint32_t spi) const {
    for (std::size_t at = home(spi);; at = next(at)) {
      if (places_[at].spi == spi) return places_[at].sa;
      if (places_[at].spi == 0) return nullptr;
    }
  }
  /// The SPI must not be in the table, nor be 0.
  void insert(std::uint32_t spi, Sa* sa);
  /// Nothing happens when it is not there.
  void erase(std::uint32_t spi);

 private:
  struct Place {
    std::uint32_t spi = 0;
    Sa* sa = nullptr;
  };
  // SPIs are drawn at random by us; the multiplication is for peers' tests that count them up.
  std::size_t home(std::uint32_t spi) const { return (spi * 0x9e3779b1u >> 7) & (places_.size() - 1); }
  std::size_t next(std::size_t at) const { return (at + 1) & (places_.size() - 1); }
  void grow();

  std::vector<Place> places_ = std::vector<Place>(16);
  std::size_t used_ = 0;
};

}  // namespace sallyport::datapath
