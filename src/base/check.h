// ASSERT: for what only our own bug can cause. Never on anything that a peer, a packet, a file, a user or the kernel
// can influence: those are a Result.
#pragma once

namespace sallyport::detail {
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line) noexcept;
}

#define ASSERT(expression) \
  (static_cast<bool>(expression) ? void(0) : ::sallyport::detail::assertion_failed(#expression, __FILE__, __LINE__))
