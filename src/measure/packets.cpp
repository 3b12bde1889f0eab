#include "measure/packets.h"

#include <array>
#include <limits>

#include "base/check.h"
#include "crypto/packet/packet_ciphers.h"
#include "linux/clock.h"
#include "linux/kernel_random.h"
#include "measure/ends.h"
#include "wire/ip_header.h"

namespace sallyport::measure {
namespace {

constexpr std::size_t kBurst = 32;
/// Bursts for each look at the clock.
constexpr int kBurstsAtOnce = 8;

/// The shortest of what was timed, for each packet.
class Shortest {
 public:
  void add(Duration time, std::size_t packets) {
    least_ = std::min(least_, static_cast<double>(time.count()) / static_cast<double>(packets));
  }
  double nanoseconds() const { return least_; }

 private:
  double least_ = std::numeric_limits<double>::max();
};

template <class Action>
Duration time_of(Action action) {
  const Instant began = linux::monotonic_now();
  action();
  return linux::monotonic_now() - began;
}

/// A datagram of UDP from the near host to the far one.
Bytes clear_packet(std::size_t octets) {
  Bytes packet(octets);
  wire::Ipv4Header header{.total_length = static_cast<std::uint16_t>(octets), .protocol = wire::IpProtocol::udp};
  std::ranges::copy(policy::IpAddress::parse(near_host)->bytes(), header.source.begin());
  std::ranges::copy(policy::IpAddress::parse(far_host)->bytes(), header.destination.begin());
  wire::write_ipv4_header(packet.data(), header);
  store_be16(&packet[wire::ipv4_header_size], 40000);
  store_be16(&packet[wire::ipv4_header_size + 2], 5001);
  store_be16(&packet[wire::ipv4_header_size + 4], static_cast<std::uint16_t>(octets - wire::ipv4_header_size));
  return packet;
}

/// Packets behind each other, laid out for one cipher.
struct Burst {
  Bytes memory;
  std::array<crypto::PacketJob, kBurst> jobs{};

  Burst(const crypto::PacketCipher& cipher, std::size_t octets) {
    constexpr std::size_t header = 8;  // SPI and sequence number
    const std::size_t text = (octets + 2 + cipher.alignment() - 1) / cipher.alignment() * cipher.alignment();
    const std::size_t whole = header + cipher.iv_size() + text + cipher.icv_size();
    memory.resize(kBurst * whole);
    for (std::size_t i = 0; i < kBurst; ++i) {
      crypto::PacketJob& job = jobs[i];
      job.packet = memory.data() + i * whole;
      job.iv = job.packet + header;
      job.text = job.iv + cipher.iv_size();
      job.text_size = static_cast<std::uint32_t>(text);
      job.icv = job.text + text;
      job.sequence = i + 1;
    }
  }
};

/// ESP as it would lie in the far end's buffers. It is opened in place: what was sent is copied for each time.
struct Received {
  std::vector<Bytes> buffers;
  std::vector<datapath::Datagram> datagrams;

  explicit Received(const datapath::Verdicts& sent) {
    for (const datapath::Send& send : sent.sends) {
      buffers.emplace_back(send.bytes.begin(), send.bytes.end());
      datagrams.push_back({.bytes = buffers.back(),
                           .segment_size = send.segment_size,
                           .local = send.remote,
                           .remote = send.local,
                           .udp_encap = send.udp_encap});
    }
    for (std::size_t i = 0; i < buffers.size(); ++i) datagrams[i].bytes = buffers[i];
  }
};

}  // namespace

Result<PacketTime> measure_cipher(std::string_view suite, std::size_t octets, Duration time) {
  linux::KernelRandom random;
  const auto ciphers = crypto::make_packet_ciphers();
  const Ends ends = make_ends(suite, true, random);
  const auto make = [&](const policy::SaKeys& keys) {
    return ciphers->make({.encryption = ends.near.suite.encryption,
                          .integrity = ends.near.suite.integrity,
                          .extended_sequence_numbers = true,
                          .encryption_key = keys.encryption_key.view(),
                          .integrity_key = keys.integrity_key.view()});
  };
  const auto sealer = TRY(make(ends.near.outbound)), opener = TRY(make(ends.far.inbound));
  Burst burst(*sealer, octets);
  Shortest sealing, opening;
  const Instant end = linux::monotonic_now() + time;
  while (linux::monotonic_now() < end) {
    sealing.add(time_of([&] {
                  for (int i = 0; i < kBurstsAtOnce; ++i) sealer->seal(burst.jobs);
                }),
                kBurst * kBurstsAtOnce);
    opening.add(time_of([&] { opener->open(burst.jobs); }), kBurst);
    for (const crypto::PacketJob& job : burst.jobs) ASSERT(job.ok);
  }
  return PacketTime{sealing.nanoseconds(), opening.nanoseconds()};
}

Result<PacketTime> measure_datapath(std::string_view suite, std::size_t octets, Duration time) {
  linux::KernelRandom random;
  const auto ciphers = crypto::make_packet_ciphers();
  const Ends ends = make_ends(suite, true, random);
  datapath::Worker near(*ciphers, random), far(*ciphers, random);
  near.set_policy(policy_for(ends.near));
  far.set_policy(policy_for(ends.far));
  TRY(near.install(ends.near));
  TRY(far.install(ends.far));

  Bytes memory;
  const Bytes clear = clear_packet(octets);
  const std::size_t stride = octets + datapath::Packet::trailer_room;
  memory.resize(kBurst * stride);
  std::vector<datapath::Packet> packets;
  for (std::size_t i = 0; i < kBurst; ++i) {
    std::ranges::copy(clear, memory.begin() + static_cast<std::ptrdiff_t>(i * stride));
    packets.push_back(
        {.bytes = ByteSpan(memory).subspan(i * stride, octets), .offload = {}, .room = datapath::Packet::trailer_room});
  }
  datapath::Verdicts sent, received;
  Shortest sealing, opening;
  const Instant end = linux::monotonic_now() + time;
  std::uint64_t passed = 0;
  for (Instant now = linux::monotonic_now(); now < end; now = linux::monotonic_now()) {
    sealing.add(time_of([&] { near.outbound(now, packets, sent); }), kBurst);
    Received train(sent);
    opening.add(time_of([&] { far.inbound(now, train.datagrams, received); }), kBurst);
    passed += kBurst;
  }
  ASSERT(far.counters().inbound.packets == passed);  // each was authentic, and delivered
  return PacketTime{sealing.nanoseconds(), opening.nanoseconds()};
}

}  // namespace sallyport::measure
