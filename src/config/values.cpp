#include "config/values.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "policy/number.h"
#include "policy/spelling.h"
#include "policy/text_error.h"

namespace sallyport::config {
namespace {

using Kind = ConfigNode::Kind;

constexpr std::uint64_t kMostSeconds = 10ull * 365 * 86400;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_word(std::string_view a, std::string_view b) { return std::ranges::equal(a, b, {}, lower, lower); }

void bad_value(const ConfigNode& node, std::string_view expected, Diagnostics& diagnostics,
               std::string_view suggestion = {}) {
  diagnostics.error(node.origin(), fmt::format("{}: {} is not {}", node.path(), policy::quoted(node.text()), expected),
                    suggestion);
}

/// All of `digits`, in decimal, or in hexadecimal after 0x.
std::optional<std::uint64_t> to_number(std::string_view digits) {
  int base = 10;
  if (digits.starts_with("0x") || digits.starts_with("0X")) {
    base = 16;
    digits.remove_prefix(2);
  }
  return policy::parse_number<std::uint64_t>(digits, base);
}

/// "90", "90s", "15 m", "4h", "1D"
std::optional<std::uint64_t> to_seconds(std::string_view text) {
  std::uint64_t unit = 1;
  const auto last = text.empty() ? '\0' : lower(text.back());
  if (last == 's' || last == 'm' || last == 'h' || last == 'd') {
    unit = last == 's' ? 1 : last == 'm' ? 60 : last == 'h' ? 3600 : 86400;
    text.remove_suffix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
  }
  const auto number = to_number(text);
  if (!number || *number > kMostSeconds) return number ? std::optional(kMostSeconds + 1) : std::nullopt;
  return *number * unit;
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

}  // namespace

void report_wrong_type(const ConfigNode& node, std::string_view expected, Diagnostics& diagnostics,
                       std::string_view suggestion) {
  diagnostics.error(node.origin(),
                    fmt::format("{}: expected {}, found {}", node.path(), expected, to_string(node.kind())),
                    suggestion);
}

std::optional<bool> read_boolean(const ConfigNode& node, Diagnostics& diagnostics) {
  constexpr std::array<std::string_view, 4> yes = {"yes", "true", "enabled", "1"},
                                            no = {"no", "false", "disabled", "0"};
  if (node.kind() == Kind::boolean) return node.boolean();
  const auto is_among = [&](const auto& words) {
    return std::ranges::any_of(words, [&](std::string_view word) { return same_word(word, node.text()); });
  };
  std::optional<bool> meant;
  if (node.kind() == Kind::text && is_among(yes)) meant = true;
  if (node.kind() == Kind::text && is_among(no)) meant = false;
  if (node.is_text_only() && meant) return meant;
  if (node.is_text_only() && node.kind() == Kind::text) {
    bad_value(node, "a boolean", diagnostics, "write yes or no");
  } else {
    report_wrong_type(node, "a boolean", diagnostics,
                      !meant   ? "write true or false"
                      : *meant ? "write true"
                               : "write false");
  }
  return std::nullopt;
}

std::optional<std::uint64_t> read_number(const ConfigNode& node, Diagnostics& diagnostics, std::uint64_t least,
                                         std::uint64_t most) {
  const auto range = fmt::format("an integer from {} to {}", least, most);
  std::optional<std::uint64_t> number;
  if (node.kind() == Kind::integer) {
    if (node.integer() >= 0) number = static_cast<std::uint64_t>(node.integer());
    if (!number || *number < least || *number > most) {
      diagnostics.error(node.origin(), fmt::format("{}: {} is not {}", node.path(), node.integer(), range));
      return std::nullopt;
    }
    return number;
  }
  if (node.kind() != Kind::text || !node.is_text_only()) {
    const bool number_in_quotes = node.kind() == Kind::text && to_number(node.text());
    report_wrong_type(node, "an integer", diagnostics, number_in_quotes ? "leave the quotes out" : "");
    return std::nullopt;
  }
  number = to_number(node.text());
  if (number && *number >= least && *number <= most) return number;
  bad_value(node, range, diagnostics);
  return std::nullopt;
}

std::optional<policy::Seconds> read_time(const ConfigNode& node, Diagnostics& diagnostics) {
  constexpr std::string_view advice = "seconds as a number, or a string such as \"90s\", \"15m\", \"4h\", \"1d\"";
  std::optional<std::uint64_t> seconds;
  if (node.kind() == Kind::integer) {
    if (node.integer() < 0) {
      diagnostics.error(node.origin(), fmt::format("{}: a time cannot be negative", node.path()));
      return std::nullopt;
    }
    seconds = static_cast<std::uint64_t>(node.integer());
  } else if (node.kind() == Kind::text) {
    if (node.text().starts_with('-')) {
      diagnostics.error(node.origin(), fmt::format("{}: a time cannot be negative", node.path()));
      return std::nullopt;
    }
    seconds = to_seconds(node.text());
    if (!seconds) {
      bad_value(node, "a time", diagnostics, advice);
      return std::nullopt;
    }
  } else {
    report_wrong_type(node, "a time", diagnostics, advice);
    return std::nullopt;
  }
  if (*seconds > kMostSeconds) {
    diagnostics.error(node.origin(), fmt::format("{}: longer than ten years", node.path()), "0 stands for never");
    return std::nullopt;
  }
  return policy::Seconds(*seconds);
}

std::optional<std::uint64_t> read_octets(const ConfigNode& node, Diagnostics& diagnostics) {
  if (node.kind() != Kind::text) return read_number(node, diagnostics, 0, kMostVolume);
  std::string_view text = node.text();
  const auto unit = text.empty() ? std::string_view::npos : std::string_view("kmg").find(lower(text.back()));
  if (unit != std::string_view::npos) {
    text.remove_suffix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
  }
  const unsigned shift = unit == std::string_view::npos ? 0 : 10 * (static_cast<unsigned>(unit) + 1);
  const auto number = to_number(text);
  if (number && *number <= kMostVolume >> shift) return *number << shift;
  bad_value(node, fmt::format("a number of octets up to {}", kMostVolume), diagnostics,
            "octets as a number, or a string such as \"500m\", \"4g\"");
  return std::nullopt;
}

std::optional<double> read_decimal(const ConfigNode& node, Diagnostics& diagnostics, double least, double most) {
  double number = NAN;
  if (node.kind() == Kind::integer) {
    number = static_cast<double>(node.integer());
  } else if (node.kind() == Kind::decimal) {
    number = node.decimal();
  } else {
    report_wrong_type(node, "a number", diagnostics);
    return std::nullopt;
  }
  // Not a number compares false with everything.
  if (number >= least && number <= most) return number;
  diagnostics.error(node.origin(),
                    fmt::format("{}: {} is not a number from {} to {}", node.path(), number, least, most));
  return std::nullopt;
}

std::optional<std::string_view> read_text(const ConfigNode& node, Diagnostics& diagnostics) {
  if (node.kind() == Kind::text) return node.text();
  report_wrong_type(node, "a string", diagnostics);
  return std::nullopt;
}

std::vector<Item> read_list(const ConfigNode& node, Diagnostics& diagnostics) {
  std::vector<Item> items;
  if (node.kind() == Kind::list) {
    for (const ConfigNode& item : node.children()) {
      if (item.kind() != Kind::text) {
        report_wrong_type(item, "a string", diagnostics);
        continue;
      }
      items.push_back({item.text(), &item, 0});
    }
    return items;
  }
  if (node.kind() != Kind::text) {
    report_wrong_type(node, "an array of strings", diagnostics);
    return items;
  }
  const std::string_view all = node.text();
  for (std::size_t start = 0, end = 0; end != std::string_view::npos; start = end + 1) {
    end = all.find(',', start);
    const std::string_view item = trimmed(all.substr(start, end == std::string_view::npos ? end : end - start));
    items.push_back({item, &node, static_cast<std::size_t>(item.data() - all.data())});
  }
  return items;
}

std::optional<std::size_t> read_word(const ConfigNode& node, Diagnostics& diagnostics,
                                     std::span<const std::string_view> words, std::span<const std::string_view> shown) {
  if (node.kind() != Kind::text) {
    report_wrong_type(node, "a string", diagnostics);
    return std::nullopt;
  }
  const auto found = std::ranges::find_if(words, [&](std::string_view word) { return same_word(word, node.text()); });
  if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  diagnostics.error(
      node.origin(),
      fmt::format("{}: {} is none of: {}", node.path(), policy::quoted(node.text()), fmt::join(shown, ", ")),
      policy::did_you_mean(node.text(), words));
  return std::nullopt;
}

void report_unsupported_value(const ConfigNode& node, Diagnostics& diagnostics) {
  diagnostics.error(node.origin(),
                    fmt::format("{}: {} is not supported yet", node.path(), policy::quoted(node.text())));
}

}  // namespace sallyport::config
