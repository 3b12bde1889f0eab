#include "daemon/commands/patience.h"

#include <algorithm>

#include "control/value.h"

namespace sallyport::daemon {

std::optional<Patience> Patience::of(const control::Message& request) {
  const auto text = request.text("timeout");
  if (!text) return Patience{};
  const auto milliseconds = control::parse_i64(*text);
  if (!milliseconds) return std::nullopt;
  if (*milliseconds < 0) return Patience{.waits = false};
  if (*milliseconds == 0) return Patience{};
  constexpr std::int64_t kMost = 1000LL * 86400 * 365;  // fits into a Duration
  return Patience{.limit = std::chrono::milliseconds(std::min(*milliseconds, kMost))};
}

}  // namespace sallyport::daemon
