// What a server session still has to send, in order. Live events wait apart behind the last reply, because a
// confirmation may overtake them: some clients take the very next packet after a registration for its confirmation.
#pragma once

#include <deque>

#include "base/secret.h"

namespace sallyport::control {

class OutputQueue {
 public:
  /// Behind everything that waits.
  void push_reply(Secret frame);
  void push_event(std::string_view name, Secret frame);
  /// Before the events that wait behind the last reply, but for one that has gone in part.
  void push_confirmation(Secret frame);
  /// Forgets the events of that name behind the last reply, but for one that has gone in part.
  void discard_events(std::string_view name);

  /// The rest of the frame to be sent next; empty when nothing waits. Lives until the queue changes.
  ByteView next() const;
  /// `size` octets of next() are sent.
  void consume(std::size_t size);

  /// Octets of memory that wait, with what each frame costs beyond its own.
  std::size_t cost() const { return cost_; }

 private:
  struct Entry {
    Secret frame;
    std::string event;  // empty for what is not an event

    std::size_t cost() const { return sizeof(Entry) + frame.size() + event.size(); }
  };
  void settle_events();
  void push(std::deque<Entry>& queue, Entry entry);

  std::deque<Entry> settled_;  // goes in just this order: replies, and the events before them
  std::deque<Entry> waiting_;  // events behind the last reply
  std::size_t sent_ = 0;       // octets of the first settled frame
  std::size_t cost_ = 0;
};

}  // namespace sallyport::control
