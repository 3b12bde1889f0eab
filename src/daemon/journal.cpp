#include "daemon/journal.h"

#include <utility>

#include "diagnose/event_text.h"

namespace sallyport::daemon {
namespace {

/// IKE SAs whose messages are kept; the oldest go first.
constexpr std::size_t kMostNegotiations = 256;

std::string count_name(const event::Event& event) {
  std::string name(diagnose::name_of(event));
  if (const auto* logged = std::get_if<event::MessageLogged>(&event)) name += "." + logged->message.exchange;
  if (const auto* rejected = std::get_if<event::MessageRejected>(&event))
    name += "." + std::string(diagnose::to_string(rejected->reason));
  return name;
}

/// What a stranger can cause at will: counted, but not kept, so that it cannot drive out what matters.
bool is_noise(const event::Event& event) {
  if (std::holds_alternative<event::MessageRejected>(event)) return true;
  const auto* failed = std::get_if<event::NegotiationFailed>(&event);
  return failed && failed->failure.connection.empty();
}

}  // namespace

void Journal::add(WallTime time, event::Event event) {
  const std::string name = count_name(event);
  ++counts_[name];
  if (const auto connection = diagnose::connection_of(event); !connection.empty())
    ++counts_by_connection_[std::string(connection)][name];
  JournalEntry entry{++last_number_, time, std::make_shared<const event::Event>(std::move(event))};
  keep_for_trace(entry.what);
  for (const auto& [id, on_entry] : subscribers_) on_entry(entry);
  if (is_noise(entry.event())) return;
  if (entries_.size() == kMostEntries) entries_.pop_front();
  entries_.push_back(std::move(entry));
}

void Journal::keep_for_trace(const std::shared_ptr<const event::Event>& event) {
  const auto id = diagnose::ike_sa_of(*event);
  if (id.value == 0 || std::holds_alternative<event::MessageRejected>(*event)) return;
  Negotiation& negotiation = negotiations_[id];
  if (const auto connection = diagnose::connection_of(*event); !connection.empty()) {
    negotiation.connection = connection;
    latest_[negotiation.connection] = id;
  }
  if (negotiation.events.size() < kMostEventsOfNegotiation) negotiation.events.push_back(event);
  if (negotiations_.size() <= kMostNegotiations) return;
  const auto oldest = negotiations_.begin();
  if (const auto latest = latest_.find(oldest->second.connection);
      latest != latest_.end() && latest->second == oldest->first)
    latest_.erase(latest);
  negotiations_.erase(oldest);
}

std::vector<event::Event> Journal::negotiation(std::string_view connection) const {
  const auto latest = latest_.find(connection);
  if (latest == latest_.end()) return {};
  const auto found = negotiations_.find(latest->second);
  std::vector<event::Event> events;
  if (found != negotiations_.end())
    for (const auto& event : found->second.events) events.push_back(*event);
  return events;
}

Journal::Subscription Journal::subscribe(std::function<void(const JournalEntry&)> on_entry) {
  const std::uint64_t id = ++next_subscriber_;
  subscribers_[id] = std::move(on_entry);
  return {this, id};
}

Journal::Subscription& Journal::Subscription::operator=(Subscription&& other) noexcept {
  if (this != &other) {
    if (journal_) journal_->subscribers_.erase(id_);
    journal_ = std::exchange(other.journal_, nullptr);
    id_ = other.id_;
  }
  return *this;
}

Journal::Subscription::~Subscription() {
  if (journal_) journal_->subscribers_.erase(id_);
}

}  // namespace sallyport::daemon
