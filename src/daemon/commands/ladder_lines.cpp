#include "daemon/commands/ladder_lines.h"

#include "diagnose/ladder.h"

namespace sallyport::daemon {

using control::Message;

void write_ladder(Message& answer, const std::vector<event::Event>& events, std::size_t width) {
  const std::string drawn = diagnose::draw_ladder(events, width);
  auto& lines = answer.list("ladder");
  for (std::string_view rest = drawn; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    lines.add(rest.substr(0, std::min(end, control::kMaxValue)));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
}

void write_messages(Message& answer, const std::vector<event::Event>& events) {
  auto& messages = answer.section("messages");
  for (const auto& event : events) {
    const auto* logged = std::get_if<event::MessageLogged>(&event);
    if (!logged) continue;
    const auto& summary = logged->message;
    auto& section = messages.section(std::to_string(messages.size() + 1));
    section.set("direction", logged->direction == event::Direction::sent ? "sent" : "received");
    section.set("exchange", summary.exchange);
    section.set("type", summary.request ? "request" : "response");
    section.set("message_id", summary.message_id);
    section.set("local", to_string(summary.local));
    section.set("remote", to_string(summary.remote));
    section.set("octets", summary.size);
    section.set("encrypted", summary.encrypted);
    auto& payloads = section.list("payloads");
    for (const auto& payload : summary.payloads)
      payloads.add(std::string_view(diagnose::retell(payload, summary)).substr(0, control::kMaxValue));
  }
}

}  // namespace sallyport::daemon
