#include "linux/kernel_setting.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>

#include "linux/file_descriptor.h"

namespace sallyport::linux {

std::optional<int> read_kernel_setting(const std::string& name) {
  const FileDescriptor file(open(("/proc/sys/" + name).c_str(), O_RDONLY | O_CLOEXEC));
  char text[32];
  const ssize_t size = file ? read(file.get(), text, sizeof text) : -1;
  if (size <= 0) return std::nullopt;
  int value = 0;
  if (std::from_chars(text, text + size, value).ec != std::errc{}) return std::nullopt;
  return value;
}

SystemResult<void> write_kernel_setting(const std::string& name, int value) {
  const FileDescriptor file(open(("/proc/sys/" + name).c_str(), O_WRONLY | O_CLOEXEC));
  const std::string text = std::to_string(value);
  if (!file || write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    return refused(errno, fmt::format("cannot set {} to {}", name, value));
  return {};
}

}  // namespace sallyport::linux
