// Schedule: the virtual clock and what is to happen when. Time stands still while something happens, and then jumps to
// the next thing. Things due at the same moment happen in the order in which they were asked for.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "base/time.h"

namespace sallyport::sim {

class Schedule {
 public:
  using Action = std::move_only_function<void()>;

  /// Where every world's clock starts: not at the clock's own zero, so that nothing comes to rely on it.
  static constexpr Instant start_of_time{std::chrono::hours(1000)};

  Instant now() const { return now_; }
  /// A moment that is past already means now.
  void at(Instant when, Action action);
  void after(Duration delay, Action action) { at(now_ + delay, std::move(action)); }

  bool empty() const { return heap_.empty(); }
  std::size_t size() const { return heap_.size(); }
  /// When the next thing happens.
  std::optional<Instant> next() const;
  /// Moves the clock to the next thing and does it. False when there is none.
  bool step();
  /// Moves the clock over a stretch in which nothing happens: `when` is neither past, nor later than next().
  void idle_until(Instant when);

 private:
  struct Entry {
    Instant when;
    std::uint64_t order;
    Action action;
  };
  static bool later(const Entry& a, const Entry& b);

  Instant now_ = start_of_time;
  std::uint64_t asked_ = 0;
  std::vector<Entry> heap_;
};

}  // namespace sallyport::sim
