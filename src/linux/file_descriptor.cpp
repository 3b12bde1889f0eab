#include "linux/file_descriptor.h"

#include <unistd.h>

#include <cerrno>

namespace sallyport::linux {

void FileDescriptor::close() noexcept {
  if (number_ < 0) return;
  const int before = errno;
  ::close(std::exchange(number_, -1));  // after EINTR, too, Linux has closed it
  errno = before;
}

}  // namespace sallyport::linux
