// events: what the journal has kept, then, with `follow`, what happens from here on.
#include <deque>

#include "control/value.h"
#include "daemon/commands/command_list.h"
#include "daemon/commands/live_events.h"
#include "daemon/daemon.h"
#include "diagnose/event_text.h"

namespace sallyport::daemon {
namespace {

using control::Message;

/// Entries that wait for a client to read them; when there are more, the oldest are lost.
constexpr std::size_t kMostWaiting = 2 * Journal::kMostEntries;

Message describe(Daemon& daemon, const JournalEntry& entry) {
  Message message;
  message.set("number", entry.number);
  message.set("time", entry.time.time_since_epoch().count());
  message.set("event", diagnose::name_of(entry.event()));
  message.set("connection", diagnose::connection_of(entry.event()));
  if (const auto id = diagnose::ike_sa_of(entry.event()); id.value != 0) message.set("ike_sa", id.value);
  message.set("text", std::string_view(log_line(daemon, entry.event())).substr(0, control::kMaxValue));
  auto& fields = message.section("fields");
  for (const auto& [name, value] : diagnose::fields_of(entry.event()))
    fields.set(name, std::string_view(value).substr(0, control::kMaxValue));
  return message;
}

class Events final : public Running {
 public:
  Events(Daemon& daemon, std::string connection, bool follow) : daemon_(daemon), connection_(std::move(connection)) {
    for (const JournalEntry& entry : daemon.journal().entries()) take(entry);
    if (follow) subscription_ = daemon.journal().subscribe([this](const JournalEntry& entry) { take(entry); });
    follow_ = follow;
  }

  std::optional<Message> go_on(Instant, control::ServerSession& client) override {
    for (; !waiting_.empty() && client.has_room(); waiting_.pop_front())
      client.stream_event("event", describe(daemon_, waiting_.front()));
    if (follow_ || !waiting_.empty()) return std::nullopt;
    return success();
  }

 private:
  void take(const JournalEntry& entry) {
    if (!connection_.empty() && diagnose::connection_of(entry.event()) != connection_) return;
    if (waiting_.size() == kMostWaiting) waiting_.pop_front();
    waiting_.push_back(entry);
  }

  Daemon& daemon_;
  std::string connection_;
  bool follow_ = false;
  std::deque<JournalEntry> waiting_;
  Journal::Subscription subscription_;
};

}  // namespace

Answer events(Daemon& daemon, const Message& request) {
  const bool follow = control::parse_boolean(text_of(request, "follow")).value_or(false);
  return std::make_unique<Events>(daemon, std::string(text_of(request, "connection")), follow);
}

}  // namespace sallyport::daemon
