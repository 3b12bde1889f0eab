// All sections with their keys: what "it belongs to" looks through, and what the printed reference is made of.
#include <fmt/format.h>

#include "config/connection_draft.h"
#include "config/section_keys.h"

namespace sallyport::config {
namespace {

/// A cell of a Markdown table.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

std::string code(std::string_view text) { return text.empty() ? "" : fmt::format("`{}`", cell(text)); }

void print_section(const KeySection& section, std::string& out) {
  out += fmt::format("## `[{}]`\n\n{}\n\n| key | type | default | meaning |\n| --- | --- | --- | --- |\n", section.path,
                     section.meaning);
  std::string later;
  for (const auto& [key, supported] : section.keys) {
    if (supported) {
      out += fmt::format("| `{}` | {} | {} | {} |\n", key.name, cell(key.type), code(key.fallback), cell(key.meaning));
    } else {
      later += fmt::format("| `{}` | {} | {} |\n", key.name, cell(key.meaning), code(key.accepted));
    }
  }
  out += "\n";
  if (later.empty()) return;
  out +=
      "Keys of swanctl.conf that are not supported yet. Writing one is an error, unless its value says what is done "
      "anyway:\n\n";
  out += "| key | meaning | accepted value |\n| --- | --- | --- |\n" + later + "\n";
}

}  // namespace

const std::vector<KeySection>& key_sections() {
  static const std::vector<KeySection> sections = {
      describe("connections.NAME", "A peer: where it is, and how IKE speaks with it.", connection_keys()),
      describe("connections.NAME.local", "How we prove who we are.", local_keys()),
      describe("connections.NAME.remote", "How the peer proves who it is.", remote_keys()),
      describe("connections.NAME.children.CHILD", "Traffic that is protected, and how.", child_keys()),
      describe_secrets(),
      describe_pools(),
      describe_datapath(),
      describe_daemon(),
  };
  return sections;
}

std::string key_reference_markdown() {
  std::string out;
  for (const KeySection& section : key_sections()) print_section(section, out);
  out.pop_back();
  return out;
}

}  // namespace sallyport::config
