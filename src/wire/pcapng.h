// Writing capture files in the form that Wireshark, tshark and tcpdump read: pcapng (draft-ietf-opsawg-pcapng), with
// whole IP packets (LINKTYPE_RAW) and times in nanoseconds. A file is blocks one after the other, each whole in itself:
// whatever there is of it so far can be read.
#pragma once

#include <string_view>

#include "base/bytes.h"

namespace sallyport::wire {

/// The first block. `application`: who has made it.
void write_capture_section(Bytes& file, std::string_view application = {});
/// Behind it. Interfaces are numbered from 0 in this order. `most`: octets that are kept of a packet; 0: all.
void write_capture_interface(Bytes& file, std::string_view name, std::uint32_t most = 0);

struct CapturedPacket {
  enum class Direction : std::uint8_t {
    unknown,
    inbound,
    outbound
  };
  std::uint32_t interface = 0;
  std::uint64_t time = 0;  // nanoseconds since 1970, or since whenever the file begins to count
  ByteView bytes;
  std::size_t size = 0;  // octets of the whole packet, if `bytes` is only its beginning
  Direction direction = Direction::unknown;
  std::string_view comment;
};
void write_captured_packet(Bytes& file, const CapturedPacket& packet);

/// How many packets an interface has seen until then, and how many of them are missing because there was no room.
void write_capture_statistics(Bytes& file, std::uint32_t interface, std::uint64_t time, std::uint64_t seen,
                              std::uint64_t missing);

}  // namespace sallyport::wire
