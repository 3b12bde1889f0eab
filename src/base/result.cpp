#include "base/result.h"

namespace sallyport {

std::string_view to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::truncated: return "truncated";
    case ErrorCode::trailing: return "trailing bytes";
    case ErrorCode::malformed: return "malformed";
    case ErrorCode::out_of_range: return "out of range";
    case ErrorCode::unsupported: return "unsupported";
    case ErrorCode::unauthentic: return "not authentic";
    case ErrorCode::missing: return "missing";
    case ErrorCode::duplicate: return "duplicate";
    case ErrorCode::mismatch: return "mismatch";
    case ErrorCode::exhausted: return "exhausted";
    case ErrorCode::refused: return "refused";
    case ErrorCode::system: return "system error";
  }
  return "unknown error";
}

}  // namespace sallyport
