// Values: from a node to a typed value, or to a diagnostic that says what was expected and what was found. The grammars
// are swanctl's. In a text-only tree numbers and booleans are read from their text; a typed one must have the right
// type.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "config/diagnostic.h"
#include "config/node.h"
#include "policy/connection.h"

namespace sallyport::config {

std::optional<bool> read_boolean(const ConfigNode& node, Diagnostics& diagnostics);
/// From `least` to `most`, both included.
std::optional<std::uint64_t> read_number(const ConfigNode& node, Diagnostics& diagnostics, std::uint64_t least,
                                         std::uint64_t most);
/// Seconds as a number, or a number with one of s, m, h, d behind it; at most ten years.
std::optional<policy::Seconds> read_time(const ConfigNode& node, Diagnostics& diagnostics);
/// What an SA may carry, at most: octets or packets.
inline constexpr std::uint64_t kMostVolume = std::uint64_t{1} << 62;
/// Octets as a number, or a number with one of k, m, g behind it: times 1024, once, twice, three times.
std::optional<std::uint64_t> read_octets(const ConfigNode& node, Diagnostics& diagnostics);
/// A number that may have a fraction; for times of less than a second too.
std::optional<double> read_decimal(const ConfigNode& node, Diagnostics& diagnostics, double least, double most);
/// The view lives as long as the node.
std::optional<std::string_view> read_text(const ConfigNode& node, Diagnostics& diagnostics);

/// One element of a list, and where in which node it stands.
struct Item {
  std::string_view text;
  const ConfigNode* node = nullptr;
  std::size_t offset = 0;  // of the element in the node's text

  /// Of the element as a whole: its opening quote, where it has quotes of its own.
  Origin origin() const { return offset == 0 ? node->origin() : node->origin_at(offset); }
  /// Of an octet inside.
  Origin origin_at(std::size_t inside) const { return node->origin_at(offset + inside); }
};
/// An array of strings, or one string with commas between the elements.
std::vector<Item> read_list(const ConfigNode& node, Diagnostics& diagnostics);

/// A word with a meaning, or one that is known and has none here yet.
template <class T>
struct Word {
  std::string_view word;
  std::optional<T> meaning;
};
inline constexpr std::nullopt_t kNotYet = std::nullopt;

/// The place of the node's text in `words`, without regard to case; `shown` are the words to name when it is none.
std::optional<std::size_t> read_word(const ConfigNode& node, Diagnostics& diagnostics,
                                     std::span<const std::string_view> words, std::span<const std::string_view> shown);
void report_unsupported_value(const ConfigNode& node, Diagnostics& diagnostics);

template <class T, std::size_t N>
std::optional<T> read_word(const ConfigNode& node, Diagnostics& diagnostics, const std::array<Word<T>, N>& words) {
  std::array<std::string_view, N> spellings;
  std::vector<std::string_view> shown;  // one word for each meaning
  for (std::size_t i = 0; i < N; ++i) {
    spellings[i] = words[i].word;
    bool fresh = words[i].meaning.has_value();
    for (std::size_t j = 0; j < i; ++j) fresh = fresh && words[j].meaning != words[i].meaning;
    if (fresh) shown.push_back(words[i].word);
  }
  const auto found = read_word(node, diagnostics, spellings, shown);
  if (found && !words[*found].meaning) report_unsupported_value(node, diagnostics);
  return found ? words[*found].meaning : std::nullopt;
}

/// Puts a value that could be read into its place.
template <class To, class From>
void assign(To& to, const std::optional<From>& value) {
  if (value) to = static_cast<To>(*value);
}

/// "connections.office.encap: expected a boolean, found a string"
void report_wrong_type(const ConfigNode& node, std::string_view expected, Diagnostics& diagnostics,
                       std::string_view suggestion = {});

}  // namespace sallyport::config
