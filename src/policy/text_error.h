// TextError: why a value's text form cannot be taken, for whoever wrote it.
#pragma once

#include <cstddef>
#include <string>

namespace sallyport::policy {

struct TextError {
  std::size_t offset = 0;  // octets into the text, where the trouble begins
  std::string message;     // a sentence without a full stop
};

}  // namespace sallyport::policy
