// Result<T>: a value or a small Error. What a peer, packet, file, user or kernel can cause is a Result; nothing here
// throws. An Error is two words: what is wrong, and where in the input. Sentences are made by whoever shows it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string_view>
#include <utility>

namespace sallyport {

enum class ErrorCode : std::uint8_t {
  truncated,     // the input ends before the element does
  trailing,      // the element ends before the input does
  malformed,     // the bytes contradict their own format
  out_of_range,  // well formed, but a value that the format or our bounds do not allow
  unsupported,   // well formed and legal; we do not have it
  unauthentic,   // an integrity check failed; deliberately says nothing more
  missing,       // something that must be there is not
  duplicate,     // something that may be there once is there again
  mismatch,      // does not agree with what was negotiated or configured
  exhausted,     // a fixed bound is reached (sequence numbers, table sizes)
  refused,       // policy forbids it
  system,        // the operating system said no; `where` holds errno
};

std::string_view to_string(ErrorCode code);

struct [[nodiscard]] Error {
  ErrorCode code;
  /// Offset in bytes into the input, or errno for ErrorCode::system; 0 where neither applies.
  std::size_t where = 0;

  friend bool operator==(const Error&, const Error&) = default;
};

template <class T>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(ErrorCode code, std::size_t where = 0) {
  return std::unexpected(Error{code, where});
}

namespace detail {
template <class T, class E>
T take(std::expected<T, E>&& result) {
  return std::move(*result);
}
template <class E>
void take(std::expected<void, E>&&) {}
}  // namespace detail

}  // namespace sallyport

/// The value of a Result, or return its Error from the enclosing function: `auto length = TRY(reader.u16());`
#define TRY(expression)                                            \
  __extension__({                                                  \
    auto try_result_ = (expression);                               \
    if (!try_result_) return std::unexpected(try_result_.error()); \
    ::sallyport::detail::take(std::move(try_result_));             \
  })
