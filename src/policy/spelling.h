// Spelling: which of the known words somebody probably meant.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace sallyport::policy {

/// The known word with the fewest slips (a letter missing, added, wrong, or two swapped) from `word`, without regard to
/// case; the first among equals. nullopt when even that one differs in more than a third of its letters.
std::optional<std::string_view> nearest(std::string_view word, std::span<const std::string_view> known);

}  // namespace sallyport::policy
