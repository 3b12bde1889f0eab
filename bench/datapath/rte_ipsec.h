// RteIpsec: DPDK's librte_ipsec as a peer of our datapath in memory: ESP in tunnel mode through one SA each way, with
// sequence numbers and a replay window, by DPDK's fastest way of calling libipsec-mb (synchronously, "CPU crypto"). It
// looks up neither policy nor SA: its caller has to know them.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "suites.h"

struct rte_mbuf;

namespace sallyport::datapath {

class RteIpsec {
 public:
  /// Once for the process, before all else; it then stays on the processor that it runs on. False: DPDK does not start.
  static bool start();

  RteIpsec(const Suite& suite, std::span<const std::size_t> sizes);
  ~RteIpsec();
  RteIpsec(const RteIpsec&) = delete;
  RteIpsec& operator=(const RteIpsec&) = delete;

  /// Nanoseconds per packet. Each burst that seals is opened again, in the same memory, and must be whole then.
  struct Times {
    double seal, open;
  };
  Times run();

 private:
  struct Sas;
  using Process = std::size_t (*)(Sas&, std::span<rte_mbuf*>);
  double nanoseconds(Process process);

  std::unique_ptr<Sas> sas_;
  std::vector<rte_mbuf*> packets_;
  std::vector<std::size_t> sizes_;
};

}  // namespace sallyport::datapath
