// The terminal that a person sits at, whatever the standard streams are.
#pragma once

#include <string_view>

#include "base/secret.h"
#include "linux/system_error.h"

namespace sallyport::linux {

/// Asks for a line, which is not shown while it is typed. ENXIO: there is no terminal. ECANCELED: the person did not
/// want to say it (end of file, or a signal such as that of Ctrl-C); the terminal is as it was before.
SystemResult<Secret> ask_secret(std::string_view question);

}  // namespace sallyport::linux
