// KeyedHash: SipHash-2-4 under a key of its own. For tables whose keys strangers choose: who does not know the key
// cannot make them fall into one place.
#pragma once

#include "base/bytes.h"
#include "base/random.h"

namespace sallyport {

class KeyedHash {
 public:
  explicit KeyedHash(RandomSource& random) : k0_(random.u64()), k1_(random.u64()) {}
  KeyedHash(std::uint64_t k0, std::uint64_t k1) : k0_(k0), k1_(k1) {}

  std::uint64_t operator()(ByteView bytes) const;

 private:
  std::uint64_t k0_, k1_;
};

}  // namespace sallyport
