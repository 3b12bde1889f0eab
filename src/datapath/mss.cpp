#include "datapath/mss.h"

#include <algorithm>

#include "datapath/checksum.h"

namespace sallyport::datapath {
namespace {

constexpr std::uint8_t end_of_options = 0, no_operation = 1, mss_option = 2;
constexpr std::size_t mss_option_size = 4;
/// Never less: whoever asks for smaller segments wants to wear us out.
constexpr std::size_t least_mss = 216;

/// Where in the TCP header the option's value is; 0: there is none, or what is in front of it contradicts itself.
std::size_t find_mss(ByteView tcp) {
  const std::size_t header = (tcp[12] >> 4) * std::size_t{4};
  if (header < wire::tcp_header_size || header > tcp.size()) return 0;
  for (std::size_t at = wire::tcp_header_size; at < header;) {
    if (tcp[at] == end_of_options) return 0;
    if (tcp[at] == no_operation) {
      ++at;
      continue;
    }
    if (at + 2 > header || tcp[at + 1] < 2 || at + tcp[at + 1] > header) return 0;
    if (tcp[at] == mss_option) return tcp[at + 1] == mss_option_size ? at + 2 : 0;
    at += tcp[at + 1];
  }
  return 0;
}

/// RFC 1624 §3. Where the field does not begin at an even octet, its halves are of two words each: then as of a sum
/// whose octets are exchanged.
std::uint16_t mended(std::uint16_t checksum, std::uint16_t before, std::uint16_t after, bool odd) {
  const auto exchanged = [odd](std::uint16_t word) {
    return odd ? static_cast<std::uint16_t>(word << 8 | word >> 8) : word;
  };
  std::uint32_t sum = static_cast<std::uint16_t>(~checksum);
  sum += static_cast<std::uint16_t>(~exchanged(before));
  sum += exchanged(after);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

}  // namespace

bool lower_mss(ByteSpan octets, const wire::IpPacket& packet, std::size_t largest, bool checksum_open) {
  const std::size_t front = packet.payload_offset();
  const std::size_t field = find_mss(packet.payload());
  if (field == 0) return false;
  const std::size_t headers = front + wire::tcp_header_size;
  const std::size_t fits = std::max(least_mss, largest > headers ? largest - headers : 0);
  std::uint8_t* tcp = octets.data() + front;
  const std::uint16_t before = load_be16(tcp + field);
  if (before <= fits) return false;
  const auto after = static_cast<std::uint16_t>(fits);
  store_be16(tcp + field, after);
  if (!checksum_open)
    store_be16(tcp + tcp_checksum, mended(load_be16(tcp + tcp_checksum), before, after, field % 2 != 0));
  return true;
}

}  // namespace sallyport::datapath
