#include "linux/system_error.h"

#include <fmt/format.h>

#include <cstring>

namespace sallyport::linux {

std::string_view describe_errno(int number) {
  const char* description = strerrordesc_np(number);
  return description ? description : "unknown error";
}

std::unexpected<SystemError> refused(int number, std::string_view attempt, std::string_view advice) {
  std::string text = fmt::format("{}: {}", attempt, describe_errno(number));
  if (!advice.empty()) text += fmt::format("; {}", advice);
  return std::unexpected(SystemError{number, std::move(text)});
}

std::unexpected<Error> system_failure(int number) { return fail(ErrorCode::system, static_cast<std::size_t>(number)); }

}  // namespace sallyport::linux
