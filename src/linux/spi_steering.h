// Small programs for the kernel (classic BPF) which give each worker the packets of its SAs, and no others: all packets
// of one SA to one worker, in their order, whatever card and queue they came by.
#pragma once

#include "linux/system_error.h"
#include "policy/address.h"
#include "policy/spi_share.h"

namespace sallyport::linux {

/// For sockets that share a UDP port (SO_REUSEPORT): the first, for IKE and keepalives, and one for each of `workers`,
/// in their order. `fd`: any of them.
SystemResult<void> steer_by_spi(int fd, std::uint32_t workers);

/// For a raw socket of IP protocol 50 or 51: from now on only packets whose SPI is of that share.
SystemResult<void> take_share(int fd, policy::Family family, std::uint8_t protocol, const policy::Share& share);

}  // namespace sallyport::linux
