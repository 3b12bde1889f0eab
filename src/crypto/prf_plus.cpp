#include <array>

#include "base/check.h"
#include "crypto/provider.h"

namespace sallyport::crypto {

Secret prf_plus(Provider& provider, Prf prf, ByteView key, ByteView seed, std::size_t size) {
  ASSERT(size <= 255 * output_size(prf));  // the counter is one octet
  Secret output(size);
  Secret block;
  std::uint8_t counter = 0;
  for (std::size_t at = 0; at < size; at += block.size()) {
    ++counter;
    const std::array<ByteView, 3> parts = {block.view(), seed, ByteView(&counter, 1)};
    block = provider.prf(prf, key, parts);
    std::copy_n(block.view().begin(), std::min(block.size(), size - at),
                output.span().begin() + static_cast<std::ptrdiff_t>(at));
  }
  return output;
}

}  // namespace sallyport::crypto
