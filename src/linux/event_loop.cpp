#include "linux/event_loop.h"

#include <fmt/format.h>
#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>

#include "linux/clock.h"

namespace sallyport::linux {
namespace {

constexpr int kEventsPerTurn = 64;

std::uint32_t epoll_events(Readiness interest) {
  return (interest.readable ? static_cast<std::uint32_t>(EPOLLIN) : 0u) |
         (interest.writable ? static_cast<std::uint32_t>(EPOLLOUT) : 0u);
}

Readiness readiness(std::uint32_t events) {
  const bool trouble = (events & (EPOLLERR | EPOLLHUP)) != 0;
  return {.readable = trouble || (events & EPOLLIN) != 0, .writable = trouble || (events & EPOLLOUT) != 0};
}

}  // namespace

struct EventLoop::Watch::Entry {
  int fd;
  std::size_t slot;
  std::function<void(Readiness)> on_ready;
  Readiness ready;  // of this turn
  bool live = true;
};

EventLoop::Watch::Watch(EventLoop& loop, std::shared_ptr<Entry> entry) : loop_(&loop), entry_(std::move(entry)) {}
EventLoop::Watch::Watch(Watch&& other) noexcept : loop_(other.loop_), entry_(std::move(other.entry_)) {}
EventLoop::Watch& EventLoop::Watch::operator=(Watch&& other) noexcept {
  if (this != &other) {
    end();
    loop_ = other.loop_;
    entry_ = std::move(other.entry_);
  }
  return *this;
}
EventLoop::Watch::~Watch() { end(); }

void EventLoop::Watch::end() {
  if (!entry_) return;
  epoll_ctl(loop_->epoll_.get(), EPOLL_CTL_DEL, entry_->fd, nullptr);
  entry_->live = false;  // it may be among those still to be called in this turn
  loop_->entries_[entry_->slot].reset();
  entry_.reset();
}

void EventLoop::Watch::want(Readiness interest) {
  if (!entry_) return;
  epoll_event event{.events = epoll_events(interest), .data = {.u64 = entry_->slot}};
  epoll_ctl(loop_->epoll_.get(), EPOLL_CTL_MOD, entry_->fd, &event);
}

SystemResult<std::unique_ptr<EventLoop>> EventLoop::create() {
  FileDescriptor epoll(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) return refused(errno, "cannot create an epoll file");
  return std::unique_ptr<EventLoop>(new EventLoop(std::move(epoll)));
}

EventLoop::~EventLoop() = default;

SystemResult<EventLoop::Watch> EventLoop::watch(int fd, Readiness interest, std::function<void(Readiness)> on_ready) {
  const auto free = std::ranges::find(entries_, nullptr);
  const auto slot = static_cast<std::size_t>(free - entries_.begin());
  epoll_event event{.events = epoll_events(interest), .data = {.u64 = slot}};
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0)
    return refused(errno, fmt::format("cannot wait for file {}", fd));
  auto entry = std::make_shared<Watch::Entry>(fd, slot, std::move(on_ready), Readiness{});
  if (free == entries_.end()) entries_.emplace_back();
  entries_[slot] = entry;
  return Watch(*this, std::move(entry));
}

void EventLoop::add_timers(std::function<std::optional<Instant>()> next, std::function<void(Instant)> due) {
  timers_.push_back({std::move(next), std::move(due)});
}

Result<void> EventLoop::run() {
  stopped_ = false;
  while (!stopped_) TRY(turn());
  return {};
}

Result<void> EventLoop::turn(std::optional<Duration> limit) {
  for (std::size_t i = 0; i < before_sleep_.size(); ++i) before_sleep_[i]();
  if (stopped_) return {};
  std::array<epoll_event, kEventsPerTurn> events;
  const int count = epoll_wait(epoll_.get(), events.data(), kEventsPerTurn, sleep_milliseconds(limit));
  if (count < 0 && errno != EINTR) return system_failure(errno);
  ready_.clear();
  for (int i = 0; i < count; ++i) {
    // A slot is free when its file's last events were still under way as the watch ended.
    const auto& entry = entries_[events[static_cast<std::size_t>(i)].data.u64];
    if (!entry) continue;
    entry->ready = readiness(events[static_cast<std::size_t>(i)].events);
    ready_.push_back(entry);
  }
  for (std::size_t i = 0; i < ready_.size(); ++i)
    if (ready_[i]->live) ready_[i]->on_ready(ready_[i]->ready);
  ready_.clear();
  call_timers();
  return {};
}

/// Rounded up: to wake up before the time would mean to turn in vain until it comes.
int EventLoop::sleep_milliseconds(std::optional<Duration> limit) const {
  std::optional<Instant> earliest;
  for (const Timers& timers : timers_)
    if (const auto next = timers.next(); next && (!earliest || *next < *earliest)) earliest = next;
  std::optional<Duration> wait = limit;
  if (earliest) {
    const Instant now = monotonic_now();
    // "At once" may be Instant::min(), from which nothing can be taken away.
    const Duration until = *earliest <= now ? Duration::zero() : *earliest - now;
    wait = wait ? std::min(*wait, until) : until;
  }
  if (!wait) return -1;
  const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(*wait).count();
  return static_cast<int>(std::clamp<std::int64_t>(milliseconds, 0, std::numeric_limits<int>::max()));
}

void EventLoop::call_timers() {
  for (std::size_t i = 0; i < timers_.size(); ++i) {
    const Instant now = monotonic_now();
    if (const auto next = timers_[i].next(); next && *next <= now) timers_[i].due(now);
  }
}

}  // namespace sallyport::linux
