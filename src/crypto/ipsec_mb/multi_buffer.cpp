#include "crypto/ipsec_mb/multi_buffer.h"

#include "base/check.h"

namespace sallyport::crypto::ipsec_mb {

namespace {

// Without AES instructions the library would emulate them with tables, whose timing shows the key: not offered.
struct Choice {
  InstructionSet set;
  std::uint64_t features;
  void (*initialise)(IMB_MGR*);
};
constexpr Choice kWidestFirst[] = {
    {InstructionSet::avx512, IMB_CPUFLAGS_AVX512, init_mb_mgr_avx512},
    {InstructionSet::avx2, IMB_CPUFLAGS_AVX2, init_mb_mgr_avx2},
    {InstructionSet::avx, IMB_CPUFLAGS_AVX, init_mb_mgr_avx},
    {InstructionSet::sse, IMB_CPUFLAGS_SSE, init_mb_mgr_sse},
};

}  // namespace

std::shared_ptr<MultiBuffer> MultiBuffer::create(InstructionSet widest) {
  std::shared_ptr<MultiBuffer> made(new MultiBuffer(alloc_mb_mgr(0)));
  IMB_MGR* manager = made->get();
  if (manager == nullptr) return nullptr;
  for (const Choice& choice : kWidestFirst) {
    if (choice.set > widest || (imb_get_feature_flags() & choice.features) != choice.features) continue;
    choice.initialise(manager);
    made->instruction_set_ = choice.set;
    return imb_get_errno(manager) == 0 ? made : nullptr;
  }
  return nullptr;
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
