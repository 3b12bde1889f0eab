#include "linux/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "linux/file_descriptor.h"

namespace sallyport::linux {
namespace {

SystemResult<FileDescriptor> open_regular(const std::string& path, struct stat& status) {
  // Without O_NONBLOCK a pipe would have us wait for its writer.
  FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file || fstat(file.get(), &status) != 0) return refused(errno, fmt::format("cannot open {}", path));
  if (S_ISDIR(status.st_mode)) return refused(EISDIR, fmt::format("cannot read {}", path));
  if (!S_ISREG(status.st_mode)) return refused(EINVAL, fmt::format("cannot read {}", path), "it is not a plain file");
  return file;
}

SystemResult<void> write_all(const FileDescriptor& file, const std::string& path, ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t taken = write(file.get(), bytes.data(), bytes.size());
    if (taken < 0 && errno == EINTR) continue;
    if (taken < 0) return refused(errno, fmt::format("cannot write to {}", path));
    bytes = bytes.subspan(static_cast<std::size_t>(taken));
  }
  return {};
}

}  // namespace

SystemResult<FileContent> read_file(const std::string& path, std::size_t limit) {
  struct stat status{};
  const FileDescriptor file = TRY(open_regular(path, status));
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size > limit)
    return refused(EFBIG, fmt::format("cannot read {}", path), fmt::format("at most {} octets are taken", limit));
  FileContent content{.bytes = Secret(size), .exposed = (status.st_mode & (S_IROTH | S_IWOTH)) != 0};
  std::size_t have = 0;
  while (have < size) {
    const ssize_t got = read(file.get(), content.bytes.span().data() + have, size - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return refused(errno, fmt::format("cannot read {}", path));
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  if (have < size) content.bytes = Secret::copy_of(content.bytes.view().first(have));  // it shrank meanwhile
  return content;
}

SystemResult<std::vector<std::string>> config_files(const std::string& main) {
  std::vector<std::string> files;
  const std::filesystem::path folder = std::filesystem::path(main).parent_path() / "conf.d";
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (!name.starts_with('.') && name.ends_with(".toml")) files.push_back(entry->path().string());
  }
  if (error && error != std::errc::no_such_file_or_directory)
    return refused(error.value(), fmt::format("cannot list {}", folder.string()));
  std::ranges::sort(files);
  files.insert(files.begin(), main);
  return files;
}

SystemResult<void> append_private(const std::string& path, std::string_view text) {
  const FileDescriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file) return refused(errno, fmt::format("cannot open {}", path));
  return write_all(file, path, as_bytes(text));
}

SystemResult<PrivateFile> PrivateFile::create(const std::string& path) {
  FileDescriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  // What was there may have been for everybody: first it is made private, then it is emptied.
  if (!file || fchmod(file.get(), 0600) != 0 || ftruncate(file.get(), 0) != 0)
    return refused(errno, fmt::format("cannot create {}", path));
  return PrivateFile(std::move(file), path);
}

PrivateFile PrivateFile::standard_output() {
  return {FileDescriptor(fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0)), "standard output"};
}

SystemResult<void> PrivateFile::append(ByteView bytes) { return write_all(file_, path_, bytes); }

SystemResult<void> make_private_folder(const std::string& path) {
  if (mkdir(path.c_str(), 0700) != 0) return refused(errno, fmt::format("cannot make the folder {}", path));
  return {};
}

namespace {

/// Whole or not at all, also if the machine stops meanwhile.
SystemResult<void> replace_private(const std::string& path, std::string_view text) {
  const std::string draft = path + ".new";
  if (unlink(draft.c_str()) != 0 && errno != ENOENT) return refused(errno, fmt::format("cannot replace {}", draft));
  const FileDescriptor file(open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file) return refused(errno, fmt::format("cannot make {}", draft));
  if (auto written = write_all(file, draft, as_bytes(text)); !written) return written;
  if (fsync(file.get()) != 0 || rename(draft.c_str(), path.c_str()) != 0)
    return refused(errno, fmt::format("cannot write to {}", path));
  return {};
}

}  // namespace

SystemResult<Secret> kept_secret(const std::string& path, std::size_t size, RandomSource& random) {
  if (auto known = read_file(path, size); known && known->bytes.size() == size && !known->exposed)
    return std::move(known->bytes);
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  std::error_code error;
  if (std::filesystem::create_directories(folder, error))
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
  if (error) return refused(error.value(), fmt::format("cannot make {}", folder.string()));
  Secret made(size);
  random.fill(made.span());
  if (auto written = replace_private(path, as_text(made.view())); !written) return std::unexpected(written.error());
  return made;
}

}  // namespace sallyport::linux
