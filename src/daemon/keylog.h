// KeyLog: the keys of SAs in the form of Wireshark's preference files, for debugging. Whoever can read them can read
// the traffic; they are made only when the configuration names a folder for them, and for their owner's eyes.
//
//   ikev1_decryption_table   initiator's cookie and key of each ISAKMP SA
//   ikev2_decryption_table   SPIs, SK_ei, SK_er, SK_ai, SK_ar of each IKE SA
//   esp_sa                   addresses, SPI and keys of each ESP SA
#pragma once

#include <optional>
#include <string>

#include "ike/core/output.h"
#include "policy/child_sa.h"

namespace sallyport::daemon {

/// The lines for Wireshark, without a newline. Wireshark 4.0 has names for all that we negotiate but PRFs, which it
/// does not need. nullopt where it has no name for a cipher.
std::optional<std::string> ikev2_line(const ike::LogKeys& keys);
std::string ikev1_line(const ike::LogKeys& keys);
/// Both directions, a line each.
std::optional<std::string> esp_lines(const policy::ChildSaSpec& spec);

class KeyLog {
 public:
  /// An empty folder: nothing is written.
  explicit KeyLog(std::string folder) : folder_(std::move(folder)) {}
  bool enabled() const { return !folder_.empty(); }

  /// An error is a sentence about what could not be written.
  std::optional<std::string> add(const ike::LogKeys& keys);
  std::optional<std::string> add(const policy::ChildSaSpec& spec);

 private:
  std::optional<std::string> append(const char* file, const std::optional<std::string>& lines);
  std::string folder_;
};

}  // namespace sallyport::daemon
