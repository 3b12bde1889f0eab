#include "policy/spelling.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace sallyport::policy {
namespace {

/// Longer words are not looked at: nobody meant them, and the work grows with the square.
constexpr std::size_t kLongest = 64;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// Damerau's distance, each pair of letters swapped at most once.
std::size_t slips_between(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last, last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = lower(a[i - 1]) == lower(b[j - 1]);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]);
      if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    before_last = std::exchange(last, row);
  }
  return last[b.size()];
}

}  // namespace

std::optional<std::string_view> nearest(std::string_view word, std::span<const std::string_view> known) {
  if (word.empty() || word.size() > kLongest) return std::nullopt;
  std::optional<std::string_view> best;
  std::size_t fewest = 0;
  for (const std::string_view candidate : known) {
    if (candidate.size() > kLongest) continue;
    const std::size_t slips = slips_between(word, candidate);
    if (slips * 3 > std::max(candidate.size(), word.size())) continue;
    if (!best || slips < fewest) best = candidate, fewest = slips;
  }
  if (best || word.size() < 3) return best;
  const auto begins = [&](std::string_view candidate) {
    return std::ranges::equal(candidate.substr(0, word.size()), word, {}, lower, lower);
  };
  const auto longer = std::ranges::find_if(known, begins);
  return longer == known.end() ? std::nullopt : std::optional(*longer);
}

std::string did_you_mean(std::string_view word, std::span<const std::string_view> known) {
  const auto meant = nearest(word, known);
  return meant ? "did you mean \"" + std::string(*meant) + "\"?" : std::string();
}

}  // namespace sallyport::policy
