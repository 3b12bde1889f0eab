// AddressWatch: hears from the kernel when addresses of this host come and go, or routes. What has become of them is
// for others to ask.
#pragma once

#include "base/bytes.h"
#include "linux/file_descriptor.h"
#include "linux/footprint.h"
#include "linux/system_error.h"

namespace sallyport::linux {

class AddressWatch {
 public:
  /// What we do ourselves is not told: on the device `tunnel`, and with routes of ours.
  static SystemResult<AddressWatch> open(const Footprint& footprint, std::uint32_t tunnel);

  int fd() const { return socket_.get(); }
  /// Reads what there is. Was there a change? If some of it was lost, there was.
  bool has_changed();

 private:
  AddressWatch(FileDescriptor socket, std::uint8_t route_protocol, std::uint32_t tunnel)
      : socket_(std::move(socket)), route_protocol_(route_protocol), tunnel_(tunnel) {}
  bool matters(ByteView datagram) const;

  FileDescriptor socket_;
  std::uint8_t route_protocol_;
  std::uint32_t tunnel_;
  Bytes buffer_ = Bytes(64 * 1024);
};

}  // namespace sallyport::linux
