// Journal: what happened, kept for as long as it may be asked for: the latest events, and of each connection the events
// of its last negotiation. Everything in it is bounded.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "event/event.h"

namespace sallyport::daemon {

struct JournalEntry {
  std::uint64_t number = 0;  // from 1, without gaps
  WallTime time;
  std::shared_ptr<const event::Event> what;  // a negotiation may have it too
  const event::Event& event() const { return *what; }
};

/// How often each kind of event occurred, by the names of diagnose/event_text.h; of messages also by exchange.
using EventCounts = std::map<std::string, std::uint64_t, std::less<>>;

class Journal {
 public:
  static constexpr std::size_t kMostEntries = 2000;
  static constexpr std::size_t kMostEventsOfNegotiation = 200;

  void add(WallTime time, event::Event event);

  const std::deque<JournalEntry>& entries() const { return entries_; }
  /// The last negotiation of a connection, from the first message of the IKE SA that spoke last; empty: none yet.
  std::vector<event::Event> negotiation(std::string_view connection) const;
  const EventCounts& counts() const { return counts_; }
  const std::map<std::string, EventCounts, std::less<>>& counts_by_connection() const { return counts_by_connection_; }

  /// Called for each entry from now on, until the handle that it returns is destroyed.
  class Subscription {
   public:
    Subscription() = default;
    Subscription(Subscription&& other) noexcept : journal_(std::exchange(other.journal_, nullptr)), id_(other.id_) {}
    Subscription& operator=(Subscription&& other) noexcept;
    ~Subscription();

   private:
    friend class Journal;
    Subscription(Journal* journal, std::uint64_t id) : journal_(journal), id_(id) {}
    Journal* journal_ = nullptr;
    std::uint64_t id_ = 0;
  };
  [[nodiscard]] Subscription subscribe(std::function<void(const JournalEntry&)> on_entry);

 private:
  void keep_for_trace(const std::shared_ptr<const event::Event>& event);

  std::deque<JournalEntry> entries_;
  std::uint64_t last_number_ = 0;
  EventCounts counts_;
  std::map<std::string, EventCounts, std::less<>> counts_by_connection_;

  struct Negotiation {
    std::string connection;  // empty while a responder does not know it
    std::vector<std::shared_ptr<const event::Event>> events;
  };
  std::map<policy::IkeSaId, Negotiation> negotiations_;         // of the latest IKE SAs
  std::map<std::string, policy::IkeSaId, std::less<>> latest_;  // by connection
  std::map<std::uint64_t, std::function<void(const JournalEntry&)>> subscribers_;
  std::uint64_t next_subscriber_ = 0;
};

}  // namespace sallyport::daemon
