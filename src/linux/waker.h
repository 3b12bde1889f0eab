// Waker: lets another thread wake an event loop up, so that it looks at what that thread has left for it.
#pragma once

#include "linux/file_descriptor.h"
#include "linux/system_error.h"

namespace sallyport::linux {

class Waker {
 public:
  static SystemResult<Waker> create();

  /// From any thread. Several calls before drain() are one.
  void wake() const noexcept;
  /// Readable after wake(), until drain().
  int fd() const { return event_.get(); }
  void drain() const noexcept;

 private:
  explicit Waker(FileDescriptor event) : event_(std::move(event)) {}
  FileDescriptor event_;
};

}  // namespace sallyport::linux
