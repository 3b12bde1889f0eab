#include "crypto/ipsec_mb/multi_buffer.h"

#include "base/check.h"

namespace sallyport::crypto::ipsec_mb {

std::shared_ptr<MultiBuffer> MultiBuffer::create() {
  std::shared_ptr<MultiBuffer> made(new MultiBuffer(alloc_mb_mgr(0)));
  if (made->get() == nullptr) return nullptr;
  IMB_ARCH architecture = IMB_ARCH_NONE;
  init_mb_mgr_auto(made->get(), &architecture);
  // Without AES instructions the library emulates them in table lookups, which are slow and whose timing shows the key.
  if (architecture < IMB_ARCH_SSE || imb_get_errno(made->get()) != 0) return nullptr;
  return made;
}

void MultiBuffer::take(std::size_t count, Jobs& jobs) {
  ASSERT(count <= burst_size);
  const auto taken = IMB_GET_NEXT_BURST(get(), static_cast<std::uint32_t>(count), jobs.data());
  ASSERT(taken == count);  // each burst runs to its end, so the queue is empty in between
}

void MultiBuffer::complete(std::size_t count, Jobs& jobs) {
  const auto mark = [&jobs](std::size_t completed) {
    for (std::size_t i = 0; i < completed; ++i)
      if (jobs[i]->status == IMB_STATUS_COMPLETED) *static_cast<bool*>(jobs[i]->user_data) = true;
    return completed;
  };
  std::size_t completed = mark(IMB_SUBMIT_BURST_NOCHECK(get(), static_cast<std::uint32_t>(count), jobs.data()));
  while (completed < count) {
    const auto flushed = IMB_FLUSH_BURST(get(), static_cast<std::uint32_t>(count - completed), jobs.data());
    ASSERT(flushed > 0);
    completed += mark(flushed);
  }
}

}  // namespace sallyport::crypto::ipsec_mb
