#include "control/output_queue.h"

#include "base/check.h"

namespace sallyport::control {

void OutputQueue::push(std::deque<Entry>& queue, Entry entry) {
  cost_ += entry.cost();
  queue.push_back(std::move(entry));
}

void OutputQueue::settle_events() {
  std::ranges::move(waiting_, std::back_inserter(settled_));
  waiting_.clear();
}

void OutputQueue::push_reply(Secret frame) {
  settle_events();
  push(settled_, {std::move(frame), {}});
}

void OutputQueue::push_event(std::string_view name, Secret frame) {
  push(waiting_, {std::move(frame), std::string(name)});
}

void OutputQueue::push_confirmation(Secret frame) { push(settled_, {std::move(frame), {}}); }

void OutputQueue::discard_events(std::string_view name) {
  std::erase_if(waiting_, [&](const Entry& entry) {
    if (entry.event != name) return false;
    cost_ -= entry.cost();
    return true;
  });
}

ByteView OutputQueue::next() const {
  if (!settled_.empty()) return settled_.front().frame.view().subspan(sent_);
  if (!waiting_.empty()) return waiting_.front().frame.view();
  return {};
}

void OutputQueue::consume(std::size_t size) {
  ASSERT(size <= next().size());
  if (size == 0) return;
  if (settled_.empty()) {
    settled_.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  sent_ += size;
  if (sent_ < settled_.front().frame.size()) return;
  cost_ -= settled_.front().cost();
  settled_.pop_front();
  sent_ = 0;
}

}  // namespace sallyport::control
