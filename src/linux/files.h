// Files that the daemon reads: its configuration, and what is secret in it. And files that we write for their owner's
// eyes alone.
#pragma once

#include <string>
#include <vector>

#include "base/random.h"
#include "base/secret.h"
#include "linux/file_descriptor.h"
#include "linux/system_error.h"

namespace sallyport::linux {

/// A whole file, wiped when it goes: it may hold secrets.
struct FileContent {
  Secret bytes;
  bool exposed = false;  // everybody on the machine can read or write it

  std::string_view text() const { return as_text(bytes.view()); }
};

/// At most `limit` octets, else EFBIG. A folder, a device or a pipe is refused (EISDIR, EINVAL).
SystemResult<FileContent> read_file(const std::string& path, std::size_t limit = 16 * 1024 * 1024);

/// `main` itself, then conf.d/*.toml in the same folder by name. The folder conf.d may be missing; that `main` can be
/// read is for whoever reads it to see.
SystemResult<std::vector<std::string>> config_files(const std::string& main);

/// What is kept in this file, for its owner alone; if there is none of this size, or others could have read it, another
/// one is made, kept there and returned. Its folder is made if need be.
SystemResult<Secret> kept_secret(const std::string& path, std::size_t size, RandomSource& random);

/// Appends to a file that only its owner can read, and makes it if need be.
SystemResult<void> append_private(const std::string& path, std::string_view text);

/// A file that only its owner can read, whoever could before, and that is written from its beginning.
class PrivateFile {
 public:
  /// ELOOP: there is a symbolic link of that name.
  static SystemResult<PrivateFile> create(const std::string& path);
  /// Whatever that is.
  static PrivateFile standard_output();

  SystemResult<void> append(ByteView bytes);

 private:
  PrivateFile(FileDescriptor file, std::string path) : file_(std::move(file)), path_(std::move(path)) {}
  FileDescriptor file_;
  std::string path_;
};

/// Which only its owner can look into. EEXIST: there is something of that name.
SystemResult<void> make_private_folder(const std::string& path);

}  // namespace sallyport::linux
