#include "config/toml.h"

#include <fmt/format.h>

#include <algorithm>

// As light as it goes, and with errors as values. Nesting is bounded, since toml++ recurses.
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#define TOML_ENABLE_WINDOWS_COMPAT 0
#define TOML_MAX_NESTED_VALUES 16
#include <toml++/toml.h>

namespace sallyport::config {
namespace {

constexpr std::size_t kMostText = 1 << 20;
/// toml++ bounds the nesting of values, but not that of dotted names: "a.a.a…" would use up the stack.
constexpr int kMostDots = 200;
/// The deepest value is an item of connections.NAME.children.CHILD.KEY.
constexpr int kMostDepth = 8;
constexpr std::size_t kLongestName = 200;

/// The text as characters by line and column, the way toml++ counts them.
class Lines {
 public:
  explicit Lines(std::string_view text) {
    for (std::size_t start = 0; start <= text.size();) {
      const std::size_t end = std::min(text.find('\n', start), text.size());
      lines_.push_back(text.substr(start, end - start));
      start = end + 1;
    }
  }

  std::string_view line(int number) const {
    const auto index = static_cast<std::size_t>(number) - 1;
    return number >= 1 && index < lines_.size() ? lines_[index] : std::string_view();
  }

  /// What follows a place on its line.
  std::string_view rest_of_line(const Origin& place) const {
    std::string_view rest = line(place.line);
    for (int column = 1; column < place.column && !rest.empty(); ++column) {
      rest.remove_prefix(1);
      while (!rest.empty() && (rest.front() & 0xc0) == 0x80) rest.remove_prefix(1);
    }
    return rest;
  }

 private:
  std::vector<std::string_view> lines_;
};

/// Dots between delimiters that end any name; those in strings and comments count too, which keeps this simple and
/// safe.
std::optional<Origin> deep_name(const std::string& file, std::string_view text) {
  Origin place{file, 1, 1};
  int dots = 0;
  for (const char c : text) {
    if (c == '\n' || c == '=' || c == ',' || c == '{' || c == '[') dots = 0;
    if (c == '.' && ++dots > kMostDots) return place;
    if (c == '\n') {
      ++place.line;
      place.column = 0;
    }
    if ((c & 0xc0) != 0x80) ++place.column;
  }
  return std::nullopt;
}

class Conversion {
 public:
  Conversion(const std::string& file, std::string_view text, Diagnostics& diagnostics)
      : file_(file), lines_(text), diagnostics_(diagnostics) {}

  void table(toml::table& from, ConfigNode& to, int depth) {
    // toml++ sorts by name; the order of writing is the order that counts, for children above all.
    std::vector<std::pair<const toml::key*, toml::node*>> entries;
    for (auto&& [key, value] : from) entries.emplace_back(&key, &value);
    std::ranges::sort(entries, {}, [](const auto& entry) {
      const auto begin = entry.first->source().begin;
      return std::pair(begin.line, begin.column);
    });
    for (const auto& [key, value] : entries) {
      const Origin key_origin = place(key->source());
      if (key->length() > kLongestName || key->empty()) {
        diagnostics_.error(key_origin, fmt::format("names have 1 to {} characters", kLongestName));
      } else if (depth >= kMostDepth) {
        diagnostics_.error(key_origin, "nested too deep");
      } else {
        node(key->str(), key_origin, *value, to, depth);
      }
    }
  }

  Origin place(const toml::source_region& region) const {
    return {file_, static_cast<int>(region.begin.line), static_cast<int>(region.begin.column)};
  }

  void syntax_error(const toml::parse_error& error) {
    const Origin where = place(error.source());
    std::string why(error.description());
    // What toml++ quotes might be a piece of a secret.
    if (lines_.line(where.line).find("secret") != std::string_view::npos) why = why.substr(0, why.find('\''));
    const bool unquoted = why.find("could not determine value type") != why.npos;
    diagnostics_.error(where, "not TOML: " + why, unquoted ? "strings stand in quotes" : "");
  }

 private:
  void node(std::string_view name, const Origin& key, toml::node& value, ConfigNode& to, int depth) {
    const Origin origin = place(value.source());
    if (auto* inner = value.as_table()) {
      // A table with a header of its own begins where its name stands.
      table(*inner, to.add_section(name, key, inner->is_inline() ? origin : key), depth + 1);
    } else if (auto* array = value.as_array()) {
      ConfigNode& list = to.add_list(name, key, origin);
      for (toml::node& item : *array) {
        if (depth + 1 < kMostDepth) node("", place(item.source()), item, list, depth + 1);
      }
    } else if (auto* text = value.as_string()) {
      ConfigNode& added = to.add_text(name, text->get(), key, origin);
      if (stands_literally(text->get(), origin)) added.mark_literal();
      wipe({reinterpret_cast<std::uint8_t*>(text->get().data()), text->get().size()});
    } else if (const auto* integer = value.as_integer()) {
      to.add_integer(name, integer->get(), key, origin);
    } else if (const auto* decimal = value.as_floating_point()) {
      to.add_decimal(name, decimal->get(), key, origin);
    } else if (const auto* boolean = value.as_boolean()) {
      to.add_boolean(name, boolean->get(), key, origin);
    } else {
      to.add_other(name, key, origin);
    }
  }

  /// No escapes, not over several lines: between the quotes stands just the text.
  bool stands_literally(std::string_view text, const Origin& origin) const {
    std::string_view written = lines_.rest_of_line(origin);
    if (written.empty() || (written.front() != '"' && written.front() != '\'')) return false;
    const char quote = written.front();
    written.remove_prefix(1);
    return written.starts_with(text) && written.substr(text.size()).starts_with(quote);
  }

  const std::string& file_;
  Lines lines_;
  Diagnostics& diagnostics_;
};

}  // namespace

std::optional<ConfigNode> parse_toml(const std::string& file_name, std::string_view text, Diagnostics& diagnostics) {
  if (text.size() > kMostText) {
    diagnostics.error({file_name, 1, 1}, fmt::format("the file is larger than {} octets", kMostText));
    return std::nullopt;
  }
  if (const auto place = deep_name(file_name, text)) {
    diagnostics.error(*place, fmt::format("more than {} dots in one name", kMostDots));
    return std::nullopt;
  }
  Conversion conversion(file_name, text, diagnostics);
  toml::parse_result result = toml::parse(text, std::string_view(file_name));
  if (!result) {
    conversion.syntax_error(result.error());
    return std::nullopt;
  }
  ConfigNode root = ConfigNode::section("", Typing::typed, {file_name, 1, 1});
  conversion.table(result.table(), root, 0);
  return root;
}

}  // namespace sallyport::config
