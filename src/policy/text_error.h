// TextError: why a value's text form cannot be taken, told to whoever wrote it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sallyport::policy {

struct TextError {
  std::size_t offset = 0;       // octets into the text, where the trouble begins
  std::string message;          // a sentence without a full stop
  std::string suggestion = {};  // "did you mean "tcp"?"; may be empty
};

/// A piece of configuration in quotes, fit for print: everything but printable ASCII escaped, cut after 60 octets.
std::string quoted(std::string_view text);

}  // namespace sallyport::policy
