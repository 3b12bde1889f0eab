// What must hold in every world, whatever befalls it. Checks return sentences about what is wrong; none: all is well.
#pragma once

#include <map>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "sim/host.h"
#include "sim/link.h"

namespace sallyport::sim {

using Violations = std::vector<std::string>;

/// Looks for the application's marker in every packet on every link. Make it when the links are there.
class SecrecyWatch final : public Tap {
 public:
  explicit SecrecyWatch(World& world);
  ~SecrecyWatch() override;
  SecrecyWatch(const SecrecyWatch&) = delete;
  SecrecyWatch& operator=(const SecrecyWatch&) = delete;

  Verdict on_packet(Link& link, Direction direction, Bytes& packet) override;
  /// The first few leaks.
  const Violations& violations() const { return violations_; }

 private:
  World& world_;
  Violations violations_;
};

/// No key is used for two SAs, and no nonce for two packets: looks at what leaves by the `a` ends of some links, which
/// are hosts, and at what hosts have installed.
class NonceWatch final : public Tap {
 public:
  explicit NonceWatch(std::vector<Link*> lines);
  ~NonceWatch() override;
  NonceWatch(const NonceWatch&) = delete;
  NonceWatch& operator=(const NonceWatch&) = delete;

  Verdict on_packet(Link& link, Direction direction, Bytes& packet) override;
  /// Of the SAs that this host receives by.
  Violations check_keys(const Host& host);
  /// The first few nonces that served two packets.
  const Violations& violations() const { return violations_; }

 private:
  /// By whom, with which SPIs, and which nonce: of ESP and AH the sequence number, of IKEv2 the first octets of the IV.
  using Nonce = std::tuple<std::uint32_t, std::uint64_t, std::uint64_t, std::uint64_t>;

  std::vector<Link*> lines_;
  std::map<Nonce, std::size_t> used_;                            // and the hash of what it was used for
  std::map<Bytes, std::pair<std::string, std::uint32_t>> keys_;  // and the host and SPI that have them
  Violations violations_;
};

/// At all times: the engine, the datapath and what was installed agree on which Child SAs there are, and no message of
/// another application has come in clear.
Violations check_bookkeeping(const Host& host);

/// At all times: nobody outside can make a host hold more than this.
struct Bounds {
  std::size_t ike_sas = 16;
  std::size_t child_sas = 64;
  std::size_t half_open = 1000;
};
Violations check_bounds(const Host& host, const Bounds& bounds);

/// When the dust has settled: each IKE SA and each Child SA of a host has its other half at just one of the others,
/// with the same keys, suite, mode and selectors. So both ends of a pair have the same or nothing. What both have
/// closed, and keep for seconds to take in what is under way by it, does not count.
Violations check_pairs(std::span<const Host* const> hosts);

}  // namespace sallyport::sim
