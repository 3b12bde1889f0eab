// A page of the documentation: its fenced blocks, and the parts of it that are printed from the code. Such a part
// stands between `<!-- printed: NAME -->` and `<!-- end -->`.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::docs {

/// By its path from the top of the tree; a page that cannot be read is empty.
std::string read_page(const std::string& path);
void write_page(const std::string& path, std::string_view text);

/// The page with `text` as its part `name`; nullopt when it has no such part.
std::optional<std::string> with_printed_part(std::string_view page, std::string_view name, std::string_view text);

/// The contents of its blocks in that language ("toml"), in order.
std::vector<std::string> fenced_blocks(std::string_view page, std::string_view language);

}  // namespace sallyport::docs
