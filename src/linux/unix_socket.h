// Unix sockets, for the control protocol: the daemon listens, the command line connects. Whoever may open the socket
// may command the daemon, so it is born with mode 0600, whatever the umask.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/time.h"
#include "linux/file_descriptor.h"
#include "linux/system_error.h"

namespace sallyport::linux {

struct PeerCredentials {
  pid_t pid = 0;
  uid_t uid = 0;
  gid_t gid = 0;
};

/// One connection. What comes from connect() waits in read() and write(), what comes from accept() does not.
class UnixStream {
 public:
  /// ENOENT and ECONNREFUSED: no daemon listens there.
  static SystemResult<UnixStream> connect(const std::string& path);

  int fd() const { return socket_.get(); }
  /// Octets read; 0: the other end has closed; nullopt: nothing there yet.
  Result<std::optional<std::size_t>> read(ByteSpan into) const;
  /// Octets taken, maybe fewer than offered; nullopt: no room yet.
  Result<std::optional<std::size_t>> write(ByteView from) const;
  /// Sleeps until there is something to read, or the other end has closed; false after `limit`.
  Result<bool> wait_readable(Duration limit) const;
  /// Who is at the other end, as it was when it connected.
  Result<PeerCredentials> peer() const;

 private:
  friend class UnixListener;
  explicit UnixStream(FileDescriptor socket) : socket_(std::move(socket)) {}
  FileDescriptor socket_;
};

class UnixListener {
 public:
  /// Makes the folder if only that is missing, and takes over a socket that nobody listens to any more. EADDRINUSE:
  /// somebody does. Two that start at the same moment cannot both succeed.
  static SystemResult<UnixListener> listen(const std::string& path);
  UnixListener(UnixListener&&) noexcept = default;
  UnixListener& operator=(UnixListener&&) = delete;
  /// Removes the socket's file, unless somebody has put another in its place.
  ~UnixListener();

  int fd() const { return socket_.get(); }
  const std::string& path() const { return path_; }
  /// nullopt: nobody waits.
  Result<std::optional<UnixStream>> accept() const;

 private:
  UnixListener(FileDescriptor socket, std::string path) : socket_(std::move(socket)), path_(std::move(path)) {}
  FileDescriptor socket_;
  std::string path_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

}  // namespace sallyport::linux
