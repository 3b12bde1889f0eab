// TaskQueue: what other threads want done in the thread of an event loop: one after the other, in the order in which it
// was asked for. For control, not for packets: each task is allocated, and a lock is taken for a moment.
#pragma once

#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <type_traits>
#include <vector>

#include "linux/event_loop.h"
#include "linux/waker.h"

namespace sallyport::linux {

class TaskQueue {
 public:
  using Task = std::move_only_function<void()>;

  /// For the thread that turns `loop`, which outlives it.
  static SystemResult<std::unique_ptr<TaskQueue>> create(EventLoop& loop);

  // ---- From any thread

  void post(Task task);
  /// Posts what may wait for wake(), or for packets to come if that is sooner: many tasks are then one interruption.
  void post_quietly(Task task);
  void wake();
  /// Posts `question`, and waits until it was answered. Not from the loop's own thread, and only while the loop turns.
  template <class Question>
  auto ask(Question question) {
    using AnswerOf = std::invoke_result_t<Question>;
    std::promise<AnswerOf> promise;
    auto answer = promise.get_future();
    post([&question, promise = std::move(promise)]() mutable {
      if constexpr (std::is_void_v<AnswerOf>) {
        question();
        promise.set_value();
      } else {
        promise.set_value(question());
      }
    });
    return answer.get();
  }

  // ---- From the loop's thread

  /// Runs what was posted until now. The loop calls it in its turns; who has just received packets calls it before they
  /// are looked at, so that what was asked for before they came is done before. Cheap when there is nothing.
  void run_pending() {
    if (pending_.load(std::memory_order_acquire)) run_all();
  }

 private:
  explicit TaskQueue(Waker waker) : waker_(std::move(waker)) {}
  void run_all();

  Waker waker_;
  EventLoop::Watch watch_;
  std::atomic<bool> pending_ = false;
  std::mutex mutex_;
  std::vector<Task> tasks_;  // under the mutex
  bool woken_ = false;       // under the mutex: it is on its way to them
};

}  // namespace sallyport::linux
