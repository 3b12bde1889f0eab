// SignalSource: signals as something to read, instead of handlers that interrupt.
#pragma once

#include <csignal>
#include <initializer_list>
#include <optional>

#include "linux/file_descriptor.h"
#include "linux/system_error.h"

namespace sallyport::linux {

class SignalSource {
 public:
  /// Blocks these signals in the calling thread and in the threads that it starts later: call it before there are any.
  static SystemResult<SignalSource> create(std::initializer_list<int> signals);
  SignalSource(SignalSource&&) noexcept = default;
  SignalSource& operator=(SignalSource&&) = delete;
  /// Gives the calling thread back the mask that it had.
  ~SignalSource();

  /// Readable while a signal waits.
  int fd() const { return signals_.get(); }
  /// The next signal's number; nullopt: none waits.
  std::optional<int> next() const;

 private:
  SignalSource(FileDescriptor signals, const sigset_t& before) : signals_(std::move(signals)), before_(before) {}
  FileDescriptor signals_;
  sigset_t before_;
};

}  // namespace sallyport::linux
