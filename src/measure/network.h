// Two hosts on one wire, made for a measurement: network namespaces without names, which vanish with their last file.
#pragma once

#include <utility>

#include "linux/file_descriptor.h"
#include "linux/system_error.h"
#include "policy/address.h"

namespace sallyport::measure {

class Namespace {
 public:
  /// With lo up. EPERM: whoever measures is not root.
  static linux::SystemResult<Namespace> create();

  /// Calls `action` inside, in this thread.
  template <class Action>
  auto within(Action action) const {
    const Visit visit(*this);
    return action();
  }
  int fd() const { return file_.get(); }

 private:
  struct Visit {
    explicit Visit(const Namespace& to);
    ~Visit();
    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;
    linux::FileDescriptor before;
  };
  explicit Namespace(linux::FileDescriptor file) : file_(std::move(file)) {}

  linux::FileDescriptor file_;
};

/// A veth pair with an IPv4 address at each end.
linux::SystemResult<void> join(const Namespace& near, const policy::IpAddress& near_address, const Namespace& far,
                               const policy::IpAddress& far_address);

}  // namespace sallyport::measure
