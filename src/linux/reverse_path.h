// The reverse path filter (rp_filter) of IPv4. A device in strict mode drops a packet when the way back to its source
// does not lead out by the same device. Where policies protect all traffic with a peer, our rules say that the way back
// is the TUN: the peer's own ESP would be dropped. Two remedies:
//
//   marks   the guard gives arriving IKE and ESP our own mark, and the kernel is told to heed marks when it looks for
//           the way back (src_valid_mark); marked packets pass our rules by. Nothing is weakened.
//   loose   where the peer is a neighbour on the link, that is not enough: the kernel also applies the filter to ARP
//           requests, which bear no mark. Such a device is set to loose mode: any way back will do. What it then lets
//           in of protected traffic, the guard drops.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "linux/footprint.h"
#include "linux/system_error.h"
#include "policy/spd.h"

namespace sallyport::linux {

class ReversePathFilter {
 public:
  explicit ReversePathFilter(const Footprint& footprint) : footprint_(footprint) {}

  struct Outcome {
    bool mark_arriving = false;        // for GuardSettings
    std::vector<std::string> notices;  // what was changed, or could not be, for the administrator
  };
  /// Makes the kernel hear peers under these policies; before the guard is loaded and the steering applied.
  Outcome adapt(const policy::Spd& spd);
  /// Puts back what adapt() has changed. Not done by itself: who is killed leaves it, and who goes in peace calls this.
  void restore();

 private:
  bool change(const std::string& setting, int value, std::vector<std::string>& notices);

  Footprint footprint_;
  std::map<std::string, int> before_;  // by setting
};

/// The TUN itself takes packets from any source that has a route: what is inside is authenticated already.
void relax_reverse_path(const std::string& device);

}  // namespace sallyport::linux
