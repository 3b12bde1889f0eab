// AhLayout: how many octets one SA's AH headers take, and the jobs that its cipher is given. RFC 4302 §2's fields are
// wire/ah.h's; this joins them to a cipher.
//
// AH's ICV stands in the midst of what it covers. So it is computed over the packet laid out as PacketCipher wants it,
// with everything that counts as zero being zero, and the ICV at the end:
//
//   [ IP header, mutable fields zero ][ AH header, ICV zero ][ payload ] [ ICV ]
#pragma once

#include <algorithm>

#include "crypto/packet_cipher.h"
#include "wire/ah.h"

namespace sallyport::datapath {

struct AhLayout {
  std::uint8_t icv = 0;
  std::uint8_t header = 0;  // octets of the AH header with ICV and padding

  static AhLayout of(const crypto::PacketCipher& cipher, bool outer_v6) {
    return {static_cast<std::uint8_t>(cipher.icv_size()),
            static_cast<std::uint8_t>(wire::ah_header_size(cipher.icv_size(), outer_v6))};
  }

  /// The largest packet that is protected or verified, headers included: together with the high half of an extended
  /// sequence number as much as lanes can count in 16 bits of octets.
  static constexpr std::size_t largest_packet = 65532;

  /// Whether an AH header of `size` octets can be the peer's: some align to 8 octets over IPv4, too, and the padding is
  /// covered wherever it is.
  bool allows_header_size(std::size_t size, bool v6) const {
    return size == wire::ah_header_size(icv, true) || (!v6 && size == wire::ah_header_size(icv, false));
  }

  /// The packet is `covered` to `covered + size`, behind which the ICV is, or goes.
  static crypto::PacketJob job(std::uint8_t* covered, std::size_t size, std::uint64_t sequence) {
    // All of it is covered, and nothing is encrypted: where "text" begins is all the same.
    constexpr std::size_t largest_text = largest_packet - 20;
    const std::size_t text_size = std::min(size, largest_text);
    std::uint8_t* end = covered + size;
    return {.packet = covered,
            .iv = end - text_size,
            .text = end - text_size,
            .text_size = static_cast<std::uint32_t>(text_size),
            .icv = end,
            .sequence = sequence,
            .ok = false,
            .source = nullptr};
  }
};

}  // namespace sallyport::datapath
