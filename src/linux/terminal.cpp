#include "linux/terminal.h"

#include <fcntl.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "linux/file_descriptor.h"
#include "linux/signals.h"

namespace sallyport::linux {
namespace {

constexpr std::size_t kLongestLine = 1024;

/// As long as it lives, what is typed is not shown.
class Hidden {
 public:
  explicit Hidden(int terminal) : terminal_(terminal) {
    known_ = tcgetattr(terminal_, &before_) == 0;
    termios hidden = before_;
    hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    if (known_) tcsetattr(terminal_, TCSAFLUSH, &hidden);
  }
  ~Hidden() {
    if (known_) tcsetattr(terminal_, TCSAFLUSH, &before_);
  }
  Hidden(const Hidden&) = delete;
  Hidden& operator=(const Hidden&) = delete;
  bool works() const { return known_; }

 private:
  int terminal_;
  termios before_{};
  bool known_ = false;
};

void say(int terminal, std::string_view words) {
  while (!words.empty()) {
    const auto written = ::write(terminal, words.data(), words.size());
    if (written <= 0) return;
    words.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

SystemResult<Secret> ask_secret(std::string_view question) {
  const FileDescriptor terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
  if (!terminal)
    return refused(ENXIO, "cannot ask for the password", "run it on a terminal, or configure the password");
  const auto signals = TRY(SignalSource::create({SIGINT, SIGTERM, SIGHUP, SIGQUIT}));
  const Hidden hidden(terminal.get());
  if (!hidden.works()) return refused(ENXIO, "cannot ask for the password");
  say(terminal.get(), question);
  Secret line(kLongestLine);
  std::size_t size = 0;
  for (;;) {
    std::array<pollfd, 2> waiting = {pollfd{terminal.get(), POLLIN, 0}, pollfd{signals.fd(), POLLIN, 0}};
    if (::poll(waiting.data(), waiting.size(), -1) < 0 && errno != EINTR)
      return refused(errno, "cannot wait for input");
    if (signals.next()) break;
    if (waiting[0].revents == 0) continue;
    const auto got = ::read(terminal.get(), line.span().data() + size, 1);
    if (got <= 0) break;
    if (line.view()[size] == '\n') {
      say(terminal.get(), "\n");
      return Secret::copy_of(line.view().first(size));
    }
    if (++size == kLongestLine) break;
  }
  say(terminal.get(), "\n");
  return refused(ECANCELED, "no password was given");
}

}  // namespace sallyport::linux
