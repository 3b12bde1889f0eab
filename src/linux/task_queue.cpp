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
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    if (pending_.exchange(true, std::memory_order_release)) return;  // it is being woken already
  }
  waker_.wake();
}

void TaskQueue::run_all() {
  std::vector<Task> tasks;
  {
    const std::lock_guard lock(mutex_);
    tasks.swap(tasks_);
    pending_.store(false, std::memory_order_relaxed);
  }
  for (Task& task : tasks) task();
}

}  // namespace sallyport::linux
