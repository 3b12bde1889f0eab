#include "sim/schedule.h"

#include <algorithm>

#include "base/check.h"

namespace sallyport::sim {

bool Schedule::later(const Entry& a, const Entry& b) {
  if (a.when != b.when) return a.when > b.when;
  return a.order > b.order;
}

void Schedule::at(Instant when, Action action) {
  heap_.push_back({std::max(when, now_), asked_++, std::move(action)});
  std::ranges::push_heap(heap_, later);
}

std::optional<Instant> Schedule::next() const {
  if (heap_.empty()) return std::nullopt;
  return heap_.front().when;
}

bool Schedule::step() {
  if (heap_.empty()) return false;
  std::ranges::pop_heap(heap_, later);
  Entry entry = std::move(heap_.back());
  heap_.pop_back();
  now_ = entry.when;
  entry.action();
  return true;
}

void Schedule::idle_until(Instant when) {
  ASSERT(when >= now_ && (heap_.empty() || when <= heap_.front().when));
  now_ = when;
}

}  // namespace sallyport::sim
