#include "linux/unix_socket.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>

namespace sallyport::linux {
namespace {

constexpr int kBacklog = 16;

SystemResult<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path || path.find('\0') != std::string::npos)
    return refused(ENAMETOOLONG, fmt::format("cannot use the socket {}", path),
                   fmt::format("a socket's path has 1 to {} octets", sizeof address.sun_path - 1));
  std::ranges::copy(path, address.sun_path);
  return address;
}

const sockaddr* generic(const sockaddr_un& address) { return reinterpret_cast<const sockaddr*>(&address); }

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

/// Held while we look whether a socket is stale, remove it and make ours, so that nobody else does so meanwhile.
SystemResult<FileDescriptor> lock_folder(const std::string& folder) {
  FileDescriptor descriptor(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!descriptor && errno == ENOENT) {
    if (mkdir(folder.c_str(), 0755) != 0 && errno != EEXIST)
      return refused(errno, fmt::format("cannot make the folder {}", folder));
    descriptor = FileDescriptor(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }
  if (!descriptor) return refused(errno, fmt::format("cannot open the folder {}", folder));
  if (flock(descriptor.get(), LOCK_EX) != 0) return refused(errno, fmt::format("cannot lock the folder {}", folder));
  return descriptor;
}

/// Removes what is in our way, if it is a socket that nobody listens to.
SystemResult<void> clear_stale(const std::string& path, const sockaddr_un& address) {
  struct stat status{};
  if (lstat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return {};
    return refused(errno, fmt::format("cannot look at {}", path));
  }
  if (!S_ISSOCK(status.st_mode))
    return refused(EEXIST, fmt::format("cannot listen on {}", path), "something that is not a socket is there");
  const FileDescriptor probe(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!probe) return refused(errno, "cannot create a unix socket");
  // Only a refusal proves that nobody listens: a listener that is merely busy lets us wait (EAGAIN).
  if (connect(probe.get(), generic(address), sizeof address) == 0 || errno != ECONNREFUSED)
    return refused(EADDRINUSE, fmt::format("cannot listen on {}", path), "another daemon runs there; stop it first");
  if (unlink(path.c_str()) != 0) return refused(errno, fmt::format("cannot remove the stale socket {}", path));
  return {};
}

}  // namespace

SystemResult<UnixStream> UnixStream::connect(const std::string& path) {
  const sockaddr_un address = TRY(address_of(path));
  FileDescriptor descriptor(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!descriptor) return refused(errno, "cannot create a unix socket");
  if (::connect(descriptor.get(), generic(address), sizeof address) != 0) {
    const bool nobody = errno == ENOENT || errno == ECONNREFUSED;
    return refused(errno, fmt::format("cannot connect to {}", path), nobody ? "no daemon listens there" : "");
  }
  return UnixStream(std::move(descriptor));
}

Result<std::optional<std::size_t>> UnixStream::read(ByteSpan into) const {
  for (;;) {
    const ssize_t got = recv(socket_.get(), into.data(), into.size(), 0);
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno == EAGAIN) return std::nullopt;
    if (errno != EINTR) return system_failure(errno);
  }
}

Result<std::optional<std::size_t>> UnixStream::write(ByteView from) const {
  for (;;) {
    const ssize_t taken = send(socket_.get(), from.data(), from.size(), MSG_NOSIGNAL);
    if (taken >= 0) return static_cast<std::size_t>(taken);
    if (errno == EAGAIN) return std::nullopt;
    if (errno != EINTR) return system_failure(errno);
  }
}

Result<bool> UnixStream::wait_readable(Duration limit) const {
  pollfd descriptor{.fd = socket_.get(), .events = POLLIN, .revents = 0};
  const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(limit).count();
  const int most = std::numeric_limits<int>::max();
  const int ready = poll(&descriptor, 1, static_cast<int>(std::clamp<std::int64_t>(milliseconds, 0, most)));
  if (ready < 0 && errno != EINTR) return system_failure(errno);
  return ready > 0;
}

Result<PeerCredentials> UnixStream::peer() const {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (getsockopt(socket_.get(), SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return system_failure(errno);
  return PeerCredentials{credentials.pid, credentials.uid, credentials.gid};
}

SystemResult<UnixListener> UnixListener::listen(const std::string& path) {
  const sockaddr_un address = TRY(address_of(path));
  const FileDescriptor lock = TRY(lock_folder(folder_of(path)));
  TRY(clear_stale(path, address));
  FileDescriptor descriptor(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!descriptor) return refused(errno, "cannot create a unix socket");
  // The file that bind() makes takes the socket's own mode, and the umask can but narrow it: no moment at which others
  // could connect.
  if (fchmod(descriptor.get(), 0600) != 0) return refused(errno, "cannot restrict a unix socket to its owner");
  if (bind(descriptor.get(), generic(address), sizeof address) != 0)
    return refused(errno, fmt::format("cannot listen on {}", path));
  UnixListener listener(std::move(descriptor), path);
  struct stat status{};
  if (lstat(path.c_str(), &status) == 0) {
    listener.device_ = status.st_dev;
    listener.inode_ = status.st_ino;
  }
  // Before the lock is released: a socket that is bound but does not listen yet would look stale.
  if (::listen(listener.fd(), kBacklog) != 0) return refused(errno, fmt::format("cannot listen on {}", path));
  return listener;
}

UnixListener::~UnixListener() {
  if (!socket_) return;
  struct stat status{};
  if (lstat(path_.c_str(), &status) == 0 && status.st_dev == device_ && status.st_ino == inode_) unlink(path_.c_str());
}

Result<std::optional<UnixStream>> UnixListener::accept() const {
  FileDescriptor accepted(accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (accepted) return UnixStream(std::move(accepted));
  // The client has gone already, or nobody is there.
  if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED) return std::nullopt;
  return system_failure(errno);
}

}  // namespace sallyport::linux
