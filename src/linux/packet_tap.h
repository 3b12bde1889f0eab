// PacketTap: who looks at the pump's packets as they pass: clear ones before they are sealed and after they were
// opened, protected ones as they come and go, and IKE's messages. Called for each burst, in the thread of the pump or
// of IKE, whichever it is, and so by several at a time; views live until the call returns. Where there is no tap, that
// costs a branch for each burst.
#pragma once

#include "datapath/worker.h"

namespace sallyport::linux {

class PacketTap {
 public:
  virtual ~PacketTap() = default;
  virtual void on_clear_out(Instant now, const datapath::Worker& worker, std::span<const datapath::Packet> packets) = 0;
  virtual void on_protected_in(Instant now, const datapath::Worker& worker,
                               std::span<const datapath::Datagram> datagrams) = 0;
  /// What became of either, before any of it is written.
  virtual void on_verdicts(Instant now, const datapath::Worker& worker, const datapath::Verdicts& verdicts) = 0;
  /// Without the non-ESP marker.
  virtual void on_ike_out(Instant now, const policy::Endpoint& local, const policy::Endpoint& remote,
                          ByteView message) = 0;
  virtual void on_ike_in(Instant now, const policy::Endpoint& local, const policy::Endpoint& remote,
                         ByteView message) = 0;
};

}  // namespace sallyport::linux
