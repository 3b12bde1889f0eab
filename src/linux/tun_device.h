// TunDevice: the network device whose other end is this program: clear packets that must be protected come out of it,
// and what was opened goes into it. It vanishes with the object, or with the process.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "base/bytes.h"
#include "linux/file_descriptor.h"
#include "linux/system_error.h"

namespace sallyport::linux {

struct TunOptions {
  std::string name = "sally0";
  std::uint16_t mtu = 1400;  // octets of a clear packet
  /// Ask for super-frames: runs of segments, and checksums, that we finish ourselves. Every frame then has a header of
  /// 10 octets (datapath::Offload).
  bool offload = true;
  std::uint32_t queue_length = 1000;  // packets waiting to be read
  bool several_queues = false;        // then add_queue() may be called
};

class TunDevice {
 public:
  struct Offload {
    bool checksum = false;
    bool tcp = false;  // both families
    bool udp = false;  // both families; Linux 6.2
  };
  /// The longest frame that read() gives: 64 KiB and the header.
  static constexpr std::size_t kMaxFrame = 65535 + 10;

  /// Makes it and brings it up. EBUSY: another process has one of this name. ENOENT, ENODEV: the kernel has no TUN.
  static SystemResult<TunDevice> create(const TunOptions& options);

  /// Another queue of the same device, for another thread. The kernel gives all packets of a flow to one, that by which
  /// packets of the same connection were written last.
  SystemResult<TunDevice> add_queue() const;

  const std::string& name() const { return name_; }
  std::uint32_t index() const { return index_; }
  int fd() const { return file_.get(); }
  /// What the kernel may hand to us and take from us.
  Offload offload() const { return offload_; }
  bool has_header() const { return has_header_; }

  SystemResult<void> set_mtu(std::uint16_t mtu) const;

  /// One frame, header first if has_header(). `into` has kMaxFrame octets. nullopt: none waits.
  Result<std::optional<std::size_t>> read(ByteSpan into) const;
  /// One frame in pieces; `header` is empty unless has_header(). ErrorCode::out_of_range: more than kMaxPieces.
  Result<void> write(ByteView header, std::span<const ByteView> pieces) const;
  static constexpr std::size_t kMaxPieces = 256;

 private:
  TunDevice(FileDescriptor file, std::string name) : file_(std::move(file)), name_(std::move(name)) {}
  static SystemResult<FileDescriptor> open_queue(const std::string& name, int flags);
  void ask_for_offload();

  FileDescriptor file_;
  std::string name_;
  std::uint32_t index_ = 0;
  bool has_header_ = false;
  Offload offload_;
};

}  // namespace sallyport::linux
