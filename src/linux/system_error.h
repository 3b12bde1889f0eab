// SystemError: what the operating system refused, in words for whoever runs the daemon. Where nobody but us will ever
// read it (a packet that could not be sent), a plain Error with errno does.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sallyport::linux {

struct [[nodiscard]] SystemError {
  int number = 0;    // errno
  std::string text;  // one sentence without a full stop: what we wanted, why not, and what to do about it

  operator Error() const {  // NOLINT(google-explicit-constructor): so that TRY passes it up
    return {ErrorCode::system, static_cast<std::size_t>(number)};
  }
};

template <class T>
using SystemResult = std::expected<T, SystemError>;

/// "cannot open /dev/net/tun: No such file or directory; load the module tun"
std::unexpected<SystemError> refused(int number, std::string_view attempt, std::string_view advice = {});

/// What errno means, in the C library's words.
std::string_view describe_errno(int number);

/// errno as an Error.
std::unexpected<Error> system_failure(int number);

}  // namespace sallyport::linux
