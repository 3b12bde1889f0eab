// Explanation: a Failure in plain words. One sentence says which side refused what; one says which value to change, and
// where it is written.
#pragma once

#include <string>

#include "event/failure.h"
#include "policy/connection.h"
#include "policy/pad.h"

namespace sallyport::diagnose {

struct Explanation {
  std::string sentence;  // "the peer accepts none of our IKE proposals (aes256-…)."
  std::string advice;    // "Change connections.office.proposals …"; empty: there is nothing to change here
  policy::Origin where;  // of the value that the advice names; empty file: not from a file

  /// Sentence, advice and place in one line.
  std::string text() const;
};

/// `connection` is the one that the failure names; nullptr: none was found. With `secrets` it also says which of them
/// did not fit.
Explanation explain(const event::Failure& failure, const policy::Connection* connection,
                    const policy::Pad* secrets = nullptr);

/// What a peer said, in printable ASCII: of all else the octets.
std::string printable(std::string_view text);

/// "closed-by-peer", "no-proposal-chosen": names for programs.
std::string_view to_string(event::FailureKind kind);

}  // namespace sallyport::diagnose
