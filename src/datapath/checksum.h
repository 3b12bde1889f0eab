// Checksums over whole packets, as fast as memory: wire::ChecksumSum adds headers, these add payloads.
#pragma once

#include "wire/checksum.h"

namespace sallyport::datapath {

/// Where TCP's and UDP's headers have theirs, in octets from their beginning.
inline constexpr std::size_t tcp_checksum = 16, udp_checksum = 6;

/// sum.add(part), by the widest registers that the processor has.
void add_octets(wire::ChecksumSum& sum, ByteView part);
/// The same, and copies `part` to `to`, which it does not overlap: what was just written would be slow to read back.
void copy_and_add_octets(wire::ChecksumSum& sum, std::uint8_t* to, ByteView part);

}  // namespace sallyport::datapath
