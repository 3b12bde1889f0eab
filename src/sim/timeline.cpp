#include "sim/timeline.h"

#include <fmt/format.h>

#include "sim/schedule.h"
#include "sim/sniff.h"

namespace sallyport::sim {
namespace {

std::string packet_line(const Trace::LinkName& link, const Trace::Packet& packet) {
  const bool forth = packet.direction == Direction::a_to_b;
  std::string line = fmt::format("{}  {} -> {}  {}", time_text(packet.at), forth ? link.a : link.b,
                                 forth ? link.b : link.a, to_string(sniff(packet.bytes)));
  if (packet.fate != Fate::delivered) line += fmt::format("  ({})", to_string(packet.fate));
  return line;
}

}  // namespace

std::string time_text(Instant at) {
  const auto since = std::chrono::duration_cast<std::chrono::microseconds>(at - Schedule::start_of_time).count();
  return fmt::format("+{}.{:06}", since / 1'000'000, since % 1'000'000);
}

std::string to_timeline(const Trace& trace) {
  std::string text;
  if (trace.packets_forgotten() > 0) text += fmt::format("({} packets before)\n", trace.packets_forgotten());
  auto note = trace.notes().begin();
  const auto write_notes_before = [&](std::uint64_t order) {
    for (; note != trace.notes().end() && note->order < order; ++note)
      text += fmt::format("{}  {}: {}\n", time_text(note->at), note->who, note->what);
  };
  for (const Trace::Packet& packet : trace.packets()) {
    write_notes_before(packet.order);
    text += packet_line(trace.links()[packet.link.value], packet) + "\n";
  }
  write_notes_before(~0ULL);
  return text;
}

}  // namespace sallyport::sim
