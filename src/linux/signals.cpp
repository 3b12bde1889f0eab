#include "linux/signals.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>

namespace sallyport::linux {

SystemResult<SignalSource> SignalSource::create(std::initializer_list<int> signals) {
  sigset_t wanted{};
  sigemptyset(&wanted);
  for (const int signal : signals) sigaddset(&wanted, signal);
  FileDescriptor descriptor(signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!descriptor) return refused(errno, "cannot create a signalfd");
  sigset_t before{};
  if (const int error = pthread_sigmask(SIG_BLOCK, &wanted, &before)) return refused(error, "cannot block signals");
  return SignalSource(std::move(descriptor), before);
}

SignalSource::~SignalSource() {
  if (signals_) pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

std::optional<int> SignalSource::next() const {
  signalfd_siginfo info{};
  if (read(signals_.get(), &info, sizeof info) != sizeof info) return std::nullopt;
  return static_cast<int>(info.ssi_signo);
}

}  // namespace sallyport::linux
