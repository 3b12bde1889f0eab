// ChildSaSpec: the contract between the key exchange and whatever moves the packets, our datapath or a kernel's IPsec.
// Everything that either needs to know about one Child SA (a pair of SAs), and nothing of how it was negotiated.
#pragma once

#include <optional>
#include <string>

#include "base/secret.h"
#include "base/strong_id.h"
#include "policy/connection.h"

namespace sallyport::policy {

/// Unique for the life of a daemon; swanctl's "uniqueid".
using IkeSaId = StrongId<struct IkeSaTag, std::uint32_t>;
using ChildSaId = StrongId<struct ChildSaTag, std::uint32_t>;

/// One direction: the SPI that its receiver chose, and its keys as crypto::PacketKeys wants them.
struct SaKeys {
  std::uint32_t spi = 0;
  Secret encryption_key;
  Secret integrity_key;

  SaKeys clone() const { return {spi, encryption_key.clone(), integrity_key.clone()}; }
};

/// The outer pair of SAs of a bundle (RFC 2401 §4.3, transport adjacency): AH around the ESP that the rest of a
/// ChildSaSpec tells of. It adds no header of its own but AH's, in either mode.
struct BundledAh {
  Suite suite;
  SaKeys inbound;
  SaKeys outbound;
};

/// Compression inside of ESP (RFC 3173), by DEFLATE: the CPIs that each receiver chose for it.
struct Ipcomp {
  std::uint16_t cpi_in = 0;
  std::uint16_t cpi_out = 0;

  friend bool operator==(const Ipcomp&, const Ipcomp&) = default;
};

struct ChildSaSpec {
  ChildSaId id;
  IkeSaId ike_sa;
  std::string connection;
  std::string child;
  /// We began the exchange that made it, so the peer has its half already.
  bool initiated = false;
  /// There is an older one for its traffic, which stays with that until something comes by this one, or until we are
  /// told that it is time: the peer may take a while to have it.
  bool settling = false;
  Mode mode = Mode::tunnel;
  Suite suite;  // its protocol says ESP or AH
  SaKeys inbound;
  SaKeys outbound;
  std::optional<BundledAh> bundled_ah;  // then `suite` is ESP's
  /// The outer addresses; the ports count only with udp_encap (RFC 3948).
  Endpoint local;
  Endpoint remote;
  bool udp_encap = false;
  /// Behind a NAT in transport mode, the peer's checksums are over addresses that we do not see (RFC 3948 §3.1.2).
  bool nat_local = false;
  bool nat_remote = false;
  TrafficSelectors local_ts;
  TrafficSelectors remote_ts;
  std::uint32_t replay_window = 4096;  // packets; 0: no check
  bool copy_df = true;
  bool copy_ecn = true;
  bool fragment_before = false;  // tunnel mode
  std::optional<Ipcomp> ipcomp;
  TfcPadding tfc_padding;  // what we send; the peer has not refused it
  /// With the soft one reached in either direction it wants to be rekeyed, with the hard one nothing more passes.
  Volume soft_limit, hard_limit;
};

}  // namespace sallyport::policy
