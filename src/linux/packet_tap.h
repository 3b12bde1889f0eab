// PacketTap: who looks at the pump's packets as they pass: clear ones before they are sealed and after they were
// opened, protected ones as they come and go, and IKE's messages. Called for each burst, in the thread of the pump;
// views live until the call returns. Where there is no tap, that costs a branch for each burst.
#pragma once

#include "datapath/verdicts.h"

namespace sallyport::linux {

class PacketTap {
 public:
  virtual ~PacketTap() = default;
  virtual void on_clear_out(Instant now, std::span<const datapath::Packet> packets) = 0;
  virtual void on_protected_in(Instant now, std::span<const datapath::Datagram> datagrams) = 0;
  /// What became of either, before any of it is written.
  virtual void on_verdicts(Instant now, const datapath::Verdicts& verdicts) = 0;
  /// Without the non-ESP marker.
  virtual void on_ike_out(Instant now, const policy::Endpoint& local, const policy::Endpoint& remote,
                          ByteView message) = 0;
  virtual void on_ike_in(Instant now, const policy::Endpoint& local, const policy::Endpoint& remote,
                         ByteView message) = 0;
};

}  // namespace sallyport::linux
