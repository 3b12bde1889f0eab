// sallyport psk generate: a pre-shared key that nobody can guess, as the configuration takes it.
#include "base/secret.h"
#include "cli/command.h"
#include "cli/json.h"
#include "cli/print.h"
#include "linux/kernel_random.h"

namespace sallyport::cli {

int psk_generate(const Global& global) {
  Secret key(32);  // 256 bits: as strong as the strongest PRF that it feeds
  linux::KernelRandom().fill(key.span());
  const std::string text = "0s" + to_base64(key.view());
  print_line(global.json ? text_json("secret", text) : text);
  return done;
}

}  // namespace sallyport::cli
