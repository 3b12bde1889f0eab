#include "sim/pcapng.h"

#include <fmt/format.h>

#include "sim/schedule.h"
#include "wire/pcapng.h"

namespace sallyport::sim {

Bytes to_pcapng(const Trace& trace) {
  Bytes file;
  wire::write_capture_section(file);
  for (const Trace::LinkName& link : trace.links())
    wire::write_capture_interface(file, fmt::format("{} - {}", link.a, link.b));
  for (const Trace::Packet& packet : trace.packets()) {
    const std::string fate = packet.fate != Fate::delivered ? to_string(packet.fate) : std::string();
    wire::write_captured_packet(file,
                                {.interface = packet.link.value,
                                 .time = static_cast<std::uint64_t>((packet.at - Schedule::start_of_time).count()),
                                 .bytes = packet.bytes,
                                 .comment = fate});
  }
  return file;
}

}  // namespace sallyport::sim
