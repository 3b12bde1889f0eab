// FileDescriptor: owns one, closes it.
#pragma once

#include <utility>

namespace sallyport::linux {

class FileDescriptor {
 public:
  FileDescriptor() = default;
  /// Takes ownership; a negative number is none.
  explicit FileDescriptor(int number) : number_(number) {}
  FileDescriptor(FileDescriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    if (this != &other) {
      close();
      number_ = std::exchange(other.number_, -1);
    }
    return *this;
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  ~FileDescriptor() { close(); }

  int get() const { return number_; }
  explicit operator bool() const { return number_ >= 0; }
  /// Leaves errno as it was.
  void close() noexcept;

 private:
  int number_ = -1;
};

}  // namespace sallyport::linux
