// StrongId: a number that names one kind of thing and cannot be mistaken for another kind's.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace sallyport {

template <class Tag, class Rep = std::uint64_t>
struct StrongId {
  Rep value{};

  friend constexpr auto operator<=>(StrongId, StrongId) = default;
};

}  // namespace sallyport

template <class Tag, class Rep>
struct std::hash<sallyport::StrongId<Tag, Rep>> {
  std::size_t operator()(sallyport::StrongId<Tag, Rep> id) const noexcept { return std::hash<Rep>()(id.value); }
};
