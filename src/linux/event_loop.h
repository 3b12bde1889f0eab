// EventLoop: waits for files to become ready and for time to pass, in one thread, and calls whoever asked. It never
// turns without a reason: it sleeps until a file is ready or until the earliest of its timers.
//
// Level-triggered: whoever leaves something unread is called again in the next turn, after all others. So each call
// does a bounded amount of work, and nobody starves.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/time.h"
#include "linux/file_descriptor.h"
#include "linux/system_error.h"

namespace sallyport::linux {

/// What is waited for, or has come. An error or hang-up of the file shows as both: the next call on it says which.
struct Readiness {
  bool readable = false;
  bool writable = false;

  friend bool operator==(const Readiness&, const Readiness&) = default;
};

class EventLoop {
 public:
  /// A file that the loop looks at, for as long as this object lives. Ends before the file is closed, and before the
  /// loop.
  class Watch {
   public:
    Watch() = default;
    Watch(Watch&& other) noexcept;
    Watch& operator=(Watch&& other) noexcept;
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;
    ~Watch();

    /// Replaces what is waited for. Nothing: only errors are reported.
    void want(Readiness interest);

   private:
    friend class EventLoop;
    struct Entry;
    Watch(EventLoop& loop, std::shared_ptr<Entry> entry);
    void end();

    EventLoop* loop_ = nullptr;
    std::shared_ptr<Entry> entry_;
  };

  static SystemResult<std::unique_ptr<EventLoop>> create();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;
  ~EventLoop();

  /// Calls `on_ready` in each turn in which `fd` is ready. It may end this watch or any other.
  SystemResult<Watch> watch(int fd, Readiness interest, std::function<void(Readiness)> on_ready);

  /// `next` is asked before each sleep; `due` is called once in a turn at or after that time.
  void add_timers(std::function<std::optional<Instant>()> next, std::function<void(Instant)> due);
  /// Called before each sleep: the place to carry out what the calls of a turn have queued.
  void before_sleep(std::function<void()> action) { before_sleep_.push_back(std::move(action)); }

  /// Turns until stop().
  Result<void> run();
  /// One turn: sleeps at most `limit`, then calls whom it concerns.
  Result<void> turn(std::optional<Duration> limit = std::nullopt);
  void stop() { stopped_ = true; }

 private:
  struct Timers {
    std::function<std::optional<Instant>()> next;
    std::function<void(Instant)> due;
  };
  explicit EventLoop(FileDescriptor epoll) : epoll_(std::move(epoll)) {}
  int sleep_milliseconds(std::optional<Duration> limit) const;
  void call_timers();

  FileDescriptor epoll_;
  bool stopped_ = false;
  std::vector<Timers> timers_;
  std::vector<std::function<void()>> before_sleep_;
  std::vector<std::shared_ptr<Watch::Entry>> entries_;  // by slot; null: free
  std::vector<std::shared_ptr<Watch::Entry>> ready_;    // of this turn
};

}  // namespace sallyport::linux
