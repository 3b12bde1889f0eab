// TimerSet: all the timers of one thing, a slot per member of an enumeration. No heap, no callbacks: the owner asks
// which are due. `Timer` is an enum class whose last member is `count_`.
#pragma once

#include <array>
#include <optional>

#include "base/time.h"

namespace sallyport {

template <class Timer>
class TimerSet {
 public:
  void set(Timer timer, Instant at) { slot(timer) = at; }
  void cancel(Timer timer) { slot(timer).reset(); }
  void cancel_all() { slots_.fill(std::nullopt); }
  bool is_set(Timer timer) const { return slot(timer).has_value(); }
  std::optional<Instant> at(Timer timer) const { return slot(timer); }

  std::optional<Instant> earliest() const {
    std::optional<Instant> first;
    for (const auto& at : slots_)
      if (at && (!first || *at < *first)) first = at;
    return first;
  }
  /// The due timer with the earliest time, which is thereby cancelled; nullopt when none is due.
  std::optional<Timer> pop_due(Instant now) {
    std::optional<std::size_t> due;
    for (std::size_t i = 0; i < slots_.size(); ++i)
      if (slots_[i] && *slots_[i] <= now && (!due || *slots_[i] < *slots_[*due])) due = i;
    if (!due) return std::nullopt;
    slots_[*due].reset();
    return static_cast<Timer>(*due);
  }

 private:
  std::optional<Instant>& slot(Timer timer) { return slots_[static_cast<std::size_t>(timer)]; }
  const std::optional<Instant>& slot(Timer timer) const { return slots_[static_cast<std::size_t>(timer)]; }

  std::array<std::optional<Instant>, static_cast<std::size_t>(Timer::count_)> slots_;
};

}  // namespace sallyport
