#include "linux/waker.h"

#include <sys/eventfd.h>

#include <cerrno>

namespace sallyport::linux {

SystemResult<Waker> Waker::create() {
  FileDescriptor event(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!event) return refused(errno, "cannot create an eventfd");
  return Waker(std::move(event));
}

void Waker::wake() const noexcept {
  // Fails only when the counter is full, and then the loop is being woken already.
  eventfd_write(event_.get(), 1);
}

void Waker::drain() const noexcept {
  eventfd_t count = 0;
  eventfd_read(event_.get(), &count);
}

}  // namespace sallyport::linux
