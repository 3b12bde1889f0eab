#include "linux/task_queue.h"

#include <utility>

namespace sallyport::linux {

SystemResult<std::unique_ptr<TaskQueue>> TaskQueue::create(EventLoop& loop) {
  std::unique_ptr<TaskQueue> queue(new TaskQueue(TRY(Waker::create())));
  queue->watch_ = TRY(loop.watch(queue->waker_.fd(), {.readable = true}, [self = queue.get()](Readiness) {
    self->waker_.drain();
    self->run_pending();
  }));
  return queue;
}

void TaskQueue::post(Task task) {
  post_quietly(std::move(task));
  wake();
}

void TaskQueue::post_quietly(Task task) {
  const std::lock_guard lock(mutex_);
  tasks_.push_back(std::move(task));
  pending_.store(true, std::memory_order_release);
}

void TaskQueue::wake() {
  {
    const std::lock_guard lock(mutex_);
    if (tasks_.empty() || std::exchange(woken_, true)) return;
  }
  waker_.wake();
}

void TaskQueue::run_all() {
  std::vector<Task> tasks;
  {
    const std::lock_guard lock(mutex_);
    tasks.swap(tasks_);
    pending_.store(false, std::memory_order_relaxed);
    woken_ = false;
  }
  for (Task& task : tasks) task();
}

}  // namespace sallyport::linux
