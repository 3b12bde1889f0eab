#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace sallyport::detail {

void assertion_failed(const char* expression, const char* file, int line) noexcept {
  std::fprintf(stderr, "sallyport: broken invariant: %s (%s:%d)\n", expression, file, line);
  std::abort();
}

}  // namespace sallyport::detail
