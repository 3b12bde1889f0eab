// Rate: so many a second, and no more than a second's worth at once.
#pragma once

#include <algorithm>

#include "base/time.h"

namespace sallyport::ike {

class Rate {
 public:
  bool allows(Instant now, std::uint32_t per_second) {
    const double seconds = std::chrono::duration<double>(now - last_).count();
    left_ = std::min(left_ + seconds * per_second, static_cast<double>(per_second));
    last_ = now;
    if (left_ < 1) return false;
    left_ -= 1;
    return true;
  }

 private:
  Instant last_{};
  double left_ = 1e9;
};

}  // namespace sallyport::ike
