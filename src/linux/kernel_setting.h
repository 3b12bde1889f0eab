// Kernel settings (sysctl) of the network namespace that we run in.
#pragma once

#include <optional>
#include <string>

#include "linux/system_error.h"

namespace sallyport::linux {

/// `name` with slashes: "net/ipv4/conf/all/rp_filter". nullopt: there is no such setting, or it is no number.
std::optional<int> read_kernel_setting(const std::string& name);
/// EROFS and EACCES are what containers say.
SystemResult<void> write_kernel_setting(const std::string& name, int value);

}  // namespace sallyport::linux
