// IcmpSocket: hears what routers say of packets that are too large for the way on (ICMP "fragmentation needed", ICMPv6
// "packet too big"), whoever sent those. The kernel lets nothing else through to it.
#pragma once

#include <functional>

#include "base/bytes.h"
#include "linux/file_descriptor.h"
#include "linux/system_error.h"
#include "policy/address.h"

namespace sallyport::linux {

class IcmpSocket {
 public:
  static SystemResult<IcmpSocket> open(policy::Family family);

  int fd() const { return file_.get(); }
  policy::Family family() const { return family_; }
  /// Each message that waits, from its type on, at most 64 of them. The view lives as long as the call.
  void receive(const std::function<void(ByteView)>& on_message) const;

 private:
  IcmpSocket(FileDescriptor file, policy::Family family) : file_(std::move(file)), family_(family) {}

  FileDescriptor file_;
  policy::Family family_;
};

}  // namespace sallyport::linux
