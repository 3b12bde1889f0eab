// What accidents and attackers do to the bytes of a packet. The IP header stays whole, and checksums are mended: what a
// router or a socket would throw away by itself never reaches the code under test, and is as good as lost.
#pragma once

#include "base/bytes.h"
#include "base/random.h"

namespace sallyport::sim {

/// One to three bits of what UDP carries, or of the payload of any other protocol. Unchanged if there is no payload.
void flip_bits(Bytes& packet, RandomSource& random);

/// A copy with one to three wounds: a flipped bit, bytes overwritten with values from the edges of their range, the end
/// cut off, bytes removed, inserted or doubled. Only the payload, as above. A wound may heal another.
Bytes mutate(ByteView packet, RandomSource& random);

}  // namespace sallyport::sim
