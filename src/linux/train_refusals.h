// TrainRefusals: whose routes have refused a train of datagrams (UDP_SEGMENT). A device without checksum offload says
// EIO, a route narrower than the train's datagrams EMSGSIZE, or EINVAL before Linux 6.14. Such a destination, and no
// other, is sent one datagram at a time until it is time to try again.
#pragma once

#include <cerrno>
#include <unordered_map>

#include "base/time.h"
#include "policy/address.h"

namespace sallyport::linux {

class TrainRefusals {
 public:
  /// How long a route that has refused a train is not offered another.
  static constexpr Duration kRetry = std::chrono::seconds(30);
  /// Of so many destinations; beyond, all are forgotten, and found out again.
  static constexpr std::size_t kMost = 1024;

  /// Whether this errno may mean the train and not its datagrams.
  static bool is_about_trains(int number) { return number == EIO || number == EMSGSIZE || number == EINVAL; }

  /// A train was refused whose datagrams passed by themselves.
  void note(Instant now, const policy::IpAddress& remote) {
    if (until_.size() >= kMost) until_.clear();
    until_[remote] = now + kRetry;
  }
  bool holds(Instant now, const policy::IpAddress& remote) const {
    if (until_.empty()) return false;  // almost always
    const auto found = until_.find(remote);
    return found != until_.end() && now < found->second;
  }

 private:
  std::unordered_map<policy::IpAddress, Instant> until_;
};

}  // namespace sallyport::linux
