// IPComp on the packet path (RFC 3173): what goes into ESP is compressed where that makes it smaller, and what comes
// out of it compressed is expanded, within bounds.
#pragma once

#include "compression/deflate.h"
#include "datapath/sad.h"
#include "wire/ipcomp.h"

namespace sallyport::datapath {

/// One for all SAs of a worker: nothing is remembered between packets but by IpcompSa.
class Compressor {
 public:
  /// Header and compressed octets, smaller than `payload`, until the next call; empty: it is to be sent as it is, for
  /// that it is small, or would not become smaller (§2.2), or because others of late did not (§4.2).
  ByteView compress(IpcompSa& sa, ByteView payload, wire::IpProtocol next_header);

 private:
  compression::Deflater deflater_;
  Bytes room_;
};

class Expander {
 public:
  void begin_burst() { expanded_ = 0; }

  struct Expanded {
    wire::IpProtocol next_header{};
    ByteView payload;  // until the next call
  };
  /// nullopt: another CPI than was agreed on, damaged, larger than an IP packet can be, or too much for one burst.
  std::optional<Expanded> expand(const IpcompSa& sa, ByteView payload);

 private:
  /// A peer that makes much of little makes no more than this at once.
  static constexpr std::size_t most_of_burst = 8 * 1024 * 1024;

  compression::Inflater inflater_;
  Bytes room_;
  std::size_t expanded_ = 0;
};

}  // namespace sallyport::datapath
