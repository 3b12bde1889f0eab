// The Internet checksum's sum over many octets, with the widest vectors that the processor has: several times as fast
// as the portable one, which matters where every packet is summed.
#pragma once

#include "wire/checksum.h"

namespace sallyport::datapath {

/// The same as sum.add(part).
void add_octets(wire::ChecksumSum& sum, ByteView part);

}  // namespace sallyport::datapath
