// Cutting an IP packet that its path does not take in one piece into fragments (RFC 791 §3.2, RFC 8200 §4.5).
#pragma once

#include <vector>

#include "base/bytes.h"
#include "datapath/arena.h"

namespace sallyport::datapath {

/// Appends the fragments of `packet`, each of at most `mtu` octets and in memory of the arena's. `id` is IPv6's; IPv4
/// keeps the packet's own. What is a fragment already is cut further in IPv4 alone, where routers do so. False: it
/// cannot be cut, because it is an IPv6 fragment, has options that are none, or its headers leave no room.
bool cut_into_fragments(ByteView packet, std::size_t mtu, std::uint32_t id, Arena& arena,
                        std::vector<ByteView>& fragments);

}  // namespace sallyport::datapath
