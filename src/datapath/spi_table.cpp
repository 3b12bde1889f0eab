#include "datapath/spi_table.h"

#include "base/check.h"

namespace sallyport::datapath {

void SpiTable::insert(std::uint32_t spi, Sa* sa) {
  ASSERT(spi != 0);
  if (2 * (used_ + 1) > places_.size()) grow();
  std::size_t at = home(spi);
  for (; places_[at].spi != 0; at = next(at)) ASSERT(places_[at].spi != spi);
  places_[at] = {spi, sa};
  ++used_;
}

void SpiTable::erase(std::uint32_t spi) {
  std::size_t hole = home(spi);
  for (; places_[hole].spi != spi; hole = next(hole))
    if (places_[hole].spi == 0) return;
  // Moves up whatever would no longer be found behind the hole.
  for (std::size_t at = next(hole); places_[at].spi != 0; at = next(at)) {
    const std::size_t wanted = home(places_[at].spi);
    const bool reachable = hole <= at ? (hole < wanted && wanted <= at) : (hole < wanted || wanted <= at);
    if (reachable) continue;
    places_[hole] = places_[at];
    hole = at;
  }
  places_[hole] = {};
  --used_;
}

void SpiTable::grow() {
  std::vector<Place> old(places_.size() * 2);
  old.swap(places_);
  used_ = 0;
  for (const Place& place : old)
    if (place.spi != 0) insert(place.spi, place.sa);
}

}  // namespace sallyport::datapath
