#include "tests/docs/page.h"

#include <fstream>
#include <sstream>

namespace sallyport::docs {
namespace {

std::string path_in_tree(const std::string& path) { return std::string(SALLYPORT_SOURCE_DIR) + "/" + path; }

}  // namespace

std::string read_page(const std::string& path) {
  std::stringstream text;
  text << std::ifstream(path_in_tree(path)).rdbuf();
  return text.str();
}

void write_page(const std::string& path, std::string_view text) { std::ofstream(path_in_tree(path)) << text; }

std::optional<std::string> with_printed_part(std::string_view page, std::string_view name, std::string_view text) {
  const std::string begin = "<!-- printed: " + std::string(name) + " -->\n";
  const auto from = page.find(begin);
  if (from == std::string_view::npos) return std::nullopt;
  const auto to = page.find("<!-- end -->\n", from);
  if (to == std::string_view::npos) return std::nullopt;
  return std::string(page.substr(0, from)) + begin + "\n" + std::string(text) + "\n" + std::string(page.substr(to));
}

std::vector<std::string> fenced_blocks(std::string_view page, std::string_view language) {
  const std::string opening = "\n```" + std::string(language) + "\n", closing = "\n```\n";
  std::vector<std::string> blocks;
  for (auto at = page.find(opening); at != std::string_view::npos; at = page.find(opening, at)) {
    at += opening.size();
    const auto end = page.find(closing, at);
    blocks.emplace_back(page.substr(at, end == std::string_view::npos ? end : end + 1 - at));
  }
  return blocks;
}

}  // namespace sallyport::docs
