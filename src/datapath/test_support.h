// For the datapath's tests, benchmarks and fuzz target: clear packets, a Child SA as its two ends see it, and two
// workers joined back to back.
#pragma once

#include <deque>
#include <memory>
#include <string_view>

#include "base/random.h"
#include "datapath/worker.h"
#include "wire/ip.h"

namespace sallyport::datapath::test {

/// The fastest that this build and this processor have.
std::unique_ptr<crypto::PacketCipherFactory> best_packet_ciphers();

policy::IpAddress address(std::string_view text);
policy::TrafficSelectors selectors(std::string_view text);  // as SelectorTemplate::parse reads one

struct ClearPacket {
  std::string_view source = "10.1.0.1";
  std::string_view destination = "10.2.0.1";
  wire::IpProtocol protocol = wire::IpProtocol::udp;
  std::uint16_t source_port = 40000;  // ICMP: type and code
  std::uint16_t destination_port = 5001;
  std::size_t size = 100;  // of the whole IP packet
  std::uint8_t traffic_class = 0;
  std::uint8_t hop_limit = 63;
  bool dont_fragment = false;
  std::uint16_t fragment_offset = 0;  // octets; IPv4
  bool more_fragments = false;        // IPv4
  std::uint8_t tcp_flags = 0x10;      // ACK
  std::uint32_t tcp_sequence = 1;
  std::uint8_t fill = 0;  // where the payload's pattern begins
};
/// With lengths and checksums right. `size` must leave room for the headers.
Bytes build(const ClearPacket& packet);

/// What is random in a Child SA does not matter to tests, but must differ.
struct ChildSa {
  std::string_view here = "192.0.2.1";
  std::string_view there = "192.0.2.2";
  std::string_view local_ts = "10.1.0.0/16";
  std::string_view remote_ts = "10.2.0.0/16";
  std::string_view proposal = "aes128gcm16-noesn";
  policy::Protocol protocol = policy::Protocol::esp;
  policy::Mode mode = policy::Mode::tunnel;
  bool udp_encap = true;
  std::uint32_t number = 1;  // of the Child SA: keys, SPIs and id follow from it
  std::string_view child = "lan";
};
/// Addresses of two gateways, and of two hosts behind them.
struct Ends {
  const char *here, *there;
};
constexpr Ends v4{"192.0.2.1", "192.0.2.2"}, v6{"2001:db8::1", "2001:db8::2"};
constexpr Ends inner4{"10.1.0.1", "10.2.0.1"}, inner6{"fd01::1", "fd02::1"};

/// As "here" sees it.
policy::ChildSaSpec spec_here(const ChildSa& sa);
/// The same SA as "there" sees it.
policy::ChildSaSpec spec_there(const ChildSa& sa);
policy::ChildSaSpec mirrored(const policy::ChildSaSpec& spec);

/// A policy that protects what the SA's selectors say.
policy::SpdPtr spd_for(const policy::ChildSaSpec& spec, bool on_demand = false);

/// The ESP of a burst as the far end's sockets would show it, in buffers of its own.
class Wire {
 public:
  /// Each packet by itself, or trains as they were sent.
  enum class Grouping : std::uint8_t {
    packets,
    trains
  };
  explicit Wire(std::span<const Send> sends, Grouping grouping = Grouping::packets);

  std::span<Datagram> datagrams() { return datagrams_; }

 private:
  std::deque<Bytes> buffers_;
  std::vector<Datagram> datagrams_;
};

/// Two gateways, with nothing but a wire between them.
class Pair {
 public:
  explicit Pair(const ChildSa& sa = {}, const Settings& settings = {});
  Pair(const policy::ChildSaSpec& here_spec, const Settings& settings);

  /// What "here" sends for these clear packets.
  const Verdicts& send(std::vector<Bytes> clear);
  const Verdicts& send(std::span<const Packet> clear);
  const Verdicts& receive(std::span<const Datagram> datagrams);
  /// Here to there: what comes out of there's TUN.
  std::vector<Bytes> pass(std::vector<Bytes> clear);

  Instant now{std::chrono::seconds(1000)};
  Worker& here() { return *here_; }
  Worker& there() { return *there_; }
  Verdicts sent;
  Verdicts received;

 private:
  std::unique_ptr<crypto::PacketCipherFactory> ciphers_;
  SeededRandom random_{7};
  std::unique_ptr<Worker> here_;
  std::unique_ptr<Worker> there_;
  std::vector<Bytes> clear_;
};

/// The one packet that "here" sends for the clear one; empty: none, or several.
Bytes sent_by(Pair& pair, const ClearPacket& clear = {});

std::vector<Bytes> delivered(const Verdicts& verdicts);

}  // namespace sallyport::datapath::test
