// Spelling: which of the known words somebody probably meant.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sallyport::policy {

/// The known word with the fewest slips (a letter missing, added, wrong, or two swapped) from `word`, without regard to
/// case; the first among equals. When even that one differs in more than a third of its letters: the first that begins
/// with `word`, if that has three letters or more.
std::optional<std::string_view> nearest(std::string_view word, std::span<const std::string_view> known);

/// `did you mean "tcp"?`, or nothing when no word is near.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> known);

}  // namespace sallyport::policy
