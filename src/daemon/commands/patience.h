// How long a client wants to wait for a command: VICI's `timeout`, in milliseconds.
#pragma once

#include <optional>

#include "base/time.h"
#include "control/message.h"

namespace sallyport::daemon {

struct Patience {
  bool waits = true;
  std::optional<Duration> limit;  // nullopt: for as long as it takes

  /// Absent or 0: without limit. Below 0: no waiting at all. nullopt: not a number.
  static std::optional<Patience> of(const control::Message& request);
};

}  // namespace sallyport::daemon
