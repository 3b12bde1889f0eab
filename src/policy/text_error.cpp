#include "policy/text_error.h"

#include "base/bytes.h"

namespace sallyport::policy {

std::string quoted(std::string_view text) {
  constexpr std::size_t most = 60;
  std::string out = "\"";
  for (const char c : text.substr(0, most)) {
    const auto octet = static_cast<std::uint8_t>(c);
    if (c >= ' ' && c <= '~') {
      out += c;
    } else {
      out += "\\x" + to_hex({&octet, 1});
    }
  }
  return out + (text.size() > most ? "...\"" : "\"");
}

}  // namespace sallyport::policy
