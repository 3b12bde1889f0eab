// datapath_against_bare [ROUNDS [SUITE]]: what the datapath's own work costs: nanoseconds per packet from clear packet
// to Send, and from ESP to Deliver, beside libipsec-mb called directly for the same octets in the same memory, burst by
// burst in turn. Policy and SA look-up, sequence numbers, replay window, selectors and copies are in ours; in the bare
// figures nothing but the cipher: direct calls for AES-GCM, the library's bursts of jobs for the others, keyed
// beforehand.
//
// Where DPDK was found when this was built, its librte_ipsec stands beside them: one SA each way, known without
// look-up.
//
// Printed are medians over rounds, of which a busy machine disturbs few, and the median of each round's ratio. Every
// packet opened was sealed in the same run; that none is lost is checked.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <deque>
#include <optional>

#include "datapath/test_support.h"
#include "suites.h"
#ifdef SALLYPORT_HAS_DPDK
#include "rte_ipsec.h"
#endif

namespace sallyport::datapath {
namespace {

using namespace test;

void must(bool holds, const char* what) {
  if (holds) return;
  fmt::print(stderr, "{}\n", what);
  std::exit(1);
}

/// One ESP packet as the bare calls see it.
struct Text {
  std::uint8_t* packet;
  std::uint8_t* octets;
  std::size_t size;
  std::uint8_t* icv;
};

/// The library alone. Keys and IVs are whatever they are: its time does not depend on them.
class Bare {
 public:
  explicit Bare(const Suite& suite) : suite_(suite), manager_(alloc_mb_mgr(0)) {
    must(manager_ != nullptr, "libipsec-mb gives no manager");
    init_mb_mgr_auto(manager_, nullptr);
    if (suite.key == 16)
      IMB_AES128_GCM_PRE(manager_, key_.data(), &gcm_);
    else
      IMB_AES256_GCM_PRE(manager_, key_.data(), &gcm_);
    const auto expand = suite.key == 32 ? manager_->keyexp_256 : manager_->keyexp_128;
    expand(key_.data(), encrypting_.data(), decrypting_.data());
    des_key_schedule(des_.data(), key_.data());
  }
  ~Bare() { free_mb_mgr(manager_); }
  Bare(const Bare&) = delete;
  Bare& operator=(const Bare&) = delete;

  void run(std::span<const Text> texts, bool seal) {
    if (suite_.cipher == IMB_CIPHER_GCM) return run_gcm(texts, seal);
    std::array<IMB_JOB*, kBurst> jobs;
    while (IMB_GET_NEXT_BURST(manager_, kBurst, jobs.data()) < kBurst) IMB_FLUSH_BURST(manager_, kBurst, jobs.data());
    for (std::size_t i = 0; i < kBurst; ++i) fill(*jobs[i], texts[i], seal, i);
    std::uint32_t done = IMB_SUBMIT_BURST_NOCHECK(manager_, kBurst, jobs.data());
    while (done < kBurst) done += IMB_FLUSH_BURST(manager_, kBurst, jobs.data());
  }

 private:
  void run_gcm(std::span<const Text> texts, bool seal) {
    const auto call = suite_.key == 16 ? (seal ? manager_->gcm128_enc : manager_->gcm128_dec)
                                       : (seal ? manager_->gcm256_enc : manager_->gcm256_dec);
    for (std::size_t i = 0; i < kBurst; ++i)
      call(&gcm_, &context_, texts[i].octets, texts[i].octets, texts[i].size, ivs_[i].data(), texts[i].packet, 8,
           icvs_[i].data(), suite_.icv);
  }

  void fill(IMB_JOB& job, const Text& text, bool seal, std::size_t index) {
    const bool is_ccm = suite_.cipher == IMB_CIPHER_CCM, is_des = suite_.cipher == IMB_CIPHER_DES3;
    const bool combined = is_ccm || suite_.cipher == IMB_CIPHER_CHACHA20_POLY1305;
    const auto head = static_cast<std::size_t>(text.octets - text.packet);
    job = IMB_JOB{};
    job.cipher_mode = suite_.cipher;
    job.hash_alg = suite_.hash;
    job.cipher_direction = seal ? IMB_DIR_ENCRYPT : IMB_DIR_DECRYPT;
    job.chain_order = seal != is_ccm ? IMB_ORDER_CIPHER_HASH : IMB_ORDER_HASH_CIPHER;  // CCM's tag is of the clear text
    job.enc_keys = encrypting_.data();
    job.dec_keys = suite_.cipher == IMB_CIPHER_CBC ? decrypting_.data() : encrypting_.data();
    if (is_des) job.enc_keys = job.dec_keys = des_keys_.data();
    if (combined && !is_ccm) job.enc_keys = job.dec_keys = key_.data();
    job.key_len_in_bytes = suite_.key;
    job.src = text.packet;
    job.dst = text.octets;
    job.iv = ivs_[index].data();
    job.iv_len_in_bytes = is_ccm ? 11 : is_des ? 8 : combined ? 12 : 16;
    job.cipher_start_src_offset_in_bytes = head;
    job.msg_len_to_cipher_in_bytes = text.size;
    job.hash_start_src_offset_in_bytes = combined ? head : 0;
    job.msg_len_to_hash_in_bytes = combined ? text.size : head + text.size;
    job.auth_tag_output = icvs_[index].data();
    job.auth_tag_output_len_in_bytes = suite_.icv;
    if (is_ccm) {
      job.u.CCM.aad = text.packet;
      job.u.CCM.aad_len_in_bytes = 8;
    } else if (combined) {
      job.u.CHACHA20_POLY1305.aad = text.packet;
      job.u.CHACHA20_POLY1305.aad_len_in_bytes = 8;
    } else if (suite_.hash == IMB_AUTH_AES_XCBC) {
      job.u.XCBC._k1_expanded = reinterpret_cast<const std::uint32_t*>(encrypting_.data());
      job.u.XCBC._k2 = job.u.XCBC._k3 = pad_.data();
    } else if (suite_.hash == IMB_AUTH_AES_CMAC) {
      job.u.CMAC._key_expanded = encrypting_.data();
      job.u.CMAC._skey1 = job.u.CMAC._skey2 = pad_.data();
    } else {
      job.u.HMAC._hashed_auth_key_xor_ipad = pad_.data();
      job.u.HMAC._hashed_auth_key_xor_opad = pad_.data();
    }
  }

  const Suite& suite_;
  IMB_MGR* manager_;
  alignas(64) gcm_key_data gcm_{};
  gcm_context_data context_{};
  alignas(64) std::array<std::uint8_t, 32> key_{1, 2, 3};
  alignas(64) std::array<std::uint8_t, 64> pad_{};
  alignas(16) std::array<std::uint8_t, 240> encrypting_{}, decrypting_{};
  alignas(16) std::array<std::uint64_t, IMB_DES_KEY_SCHED_SIZE / sizeof(std::uint64_t)> des_{};
  std::array<const void*, 3> des_keys_{des_.data(), des_.data(), des_.data()};
  std::array<std::array<std::uint8_t, 16>, kBurst> ivs_{};
  std::array<std::array<std::uint8_t, 64>, kBurst> icvs_{};
};

/// What so large a share of the values is below.
double quantile(std::vector<double> values, double share) {
  const auto place = static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::ranges::nth_element(values, values.begin() + place);
  return values[static_cast<std::size_t>(place)];
}
double median(std::vector<double> values) { return quantile(std::move(values), 0.5); }

template <class Work>
double nanoseconds_per_packet(Work work) {
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < kBurstsPerTime; ++i) work(i);
  const std::chrono::duration<double, std::nano> taken = std::chrono::steady_clock::now() - start;
  return taken.count() / (kBurstsPerTime * static_cast<double>(kBurst));
}

struct Figures {
  std::vector<double> bare, ours, ratio, dpdk, to_dpdk;

  void add(double bare_time, double our_time, std::optional<double> dpdk_time) {
    bare.push_back(bare_time);
    ours.push_back(our_time);
    ratio.push_back(our_time / bare_time);
    if (!dpdk_time) return;
    dpdk.push_back(*dpdk_time);
    to_dpdk.push_back(our_time / *dpdk_time);
  }
  void print(const Suite& suite, std::string_view size, const char* direction) const {
    fmt::print("{:18} {:>5} {:4} {:8.1f} {:8.1f} [{:.1f} - {:.1f}] {:6.2f}", suite.name, size, direction, median(bare),
               median(ours), quantile(ours, 0.25), quantile(ours, 0.75), median(ratio));
    if (!dpdk.empty()) fmt::print(" {:8.1f} {:6.2f}", median(dpdk), median(to_dpdk));
    fmt::print("\n");
  }
};

/// DPDK's librte_ipsec beside us, or nothing.
class Peer {
 public:
  struct Times {
    std::optional<double> seal, open;
  };
#ifdef SALLYPORT_HAS_DPDK
  Peer(const Suite& suite, std::span<const std::size_t> sizes) {
    static const bool started = RteIpsec::start();
    if (started) dpdk_.emplace(suite, sizes);
  }
  Times run() {
    if (!dpdk_) return {};
    const auto [seal, open] = dpdk_->run();
    return {seal, open};
  }

 private:
  std::optional<RteIpsec> dpdk_;
#else
  Peer(const Suite&, std::span<const std::size_t>) {}
  Times run() { return {}; }
#endif
};

/// Sizes of clear packets, in turn, over the burst; with room behind each.
std::vector<Bytes> clear_packets(std::span<const std::size_t> sizes) {
  std::vector<Bytes> clear;
  for (std::size_t i = 0; i < kBurst; ++i) {
    clear.push_back(build({.size = sizes[i % sizes.size()]}));
    clear.back().resize(clear.back().size() + Packet::trailer_room);
  }
  return clear;
}

void measure(const Suite& suite, std::string_view name, std::span<const std::size_t> sizes, int rounds) {
  Pair pair(ChildSa{.proposal = suite.proposal});
  Bare bare(suite);
  Peer peer(suite, sizes);
  auto clear = clear_packets(sizes);
  std::vector<Packet> packets;
  for (Bytes& bytes : clear) {
    const std::size_t size = bytes.size() - Packet::trailer_room;
    packets.push_back({.bytes = ByteSpan(bytes).first(size), .offload = {}, .room = Packet::trailer_room});
  }
  const std::size_t head = 8 + suite.iv;
  const auto text_of = [&](std::uint8_t* packet, std::size_t size) {
    return Text{packet, packet + head, size - head - suite.icv, packet + size - suite.icv};
  };

  Verdicts sealed, opened;
  Figures out, in;
  for (int round = 0; round < rounds; ++round) {
    const double our_seal = nanoseconds_per_packet([&](int) { pair.here().outbound(Instant{}, packets, sealed); });
    std::vector<Text> texts;
    for (const Send& send : sealed.sends)
      for (std::size_t i = 0; i < send.packet_count(); ++i)
        texts.push_back(text_of(const_cast<std::uint8_t*>(send.packet(i).data()), send.packet(i).size()));
    must(texts.size() == kBurst, "packets were dropped that were to be sealed");

    std::deque<Wire> wires;  // which stay where they are
    for (int i = 0; i < kBurstsPerTime; ++i) {
      pair.here().outbound(Instant{}, packets, sealed);
      wires.emplace_back(sealed.sends);
    }
    std::vector<std::vector<Text>> received(kBurstsPerTime);
    for (int i = 0; i < kBurstsPerTime; ++i)
      for (Datagram& datagram : wires[static_cast<std::size_t>(i)].datagrams())
        received[static_cast<std::size_t>(i)].push_back(text_of(datagram.bytes.data(), datagram.bytes.size()));
    const double our_open = nanoseconds_per_packet([&](int i) {
      pair.there().inbound(Instant{}, wires[static_cast<std::size_t>(i)].datagrams(), opened);
      must(opened.deliveries.size() == kBurst, "packets were dropped that were to be opened");
    });
    const double bare_seal = nanoseconds_per_packet([&](int) { bare.run(texts, true); });
    const double bare_open =
        nanoseconds_per_packet([&](int i) { bare.run(received[static_cast<std::size_t>(i)], false); });
    const Peer::Times dpdk = peer.run();
    out.add(bare_seal, our_seal, dpdk.seal);
    in.add(bare_open, our_open, dpdk.open);
  }
  out.print(suite, name, "seal");
  in.print(suite, name, "open");
}

}  // namespace
}  // namespace sallyport::datapath

int main(int count, char** words) {
  using namespace sallyport::datapath;
  const int rounds = count > 1 ? std::max(1, std::atoi(words[1])) : 200;
  fmt::print("{:18} {:>5} {:4} {:>8} {:>8} {:>16} {:>6} {:>8} {:>6}\n", "ns per packet", "size", "", "bare", "ours",
             "[quartiles]", "ratio", "DPDK", "ratio");
  // IMIX by the numbers of packets that are usual: 7 of 40 octets (here 64), 4 of 576, 1 of 1500 (here 1420).
  constexpr std::size_t imix[] = {64, 576, 64, 64, 576, 64, 1420, 64, 576, 64, 576, 64};
  for (const Suite& suite : kSuites) {
    if (count > 2 && std::string_view(words[2]) != suite.name) continue;
    for (const std::size_t size : {std::size_t{64}, std::size_t{512}, std::size_t{1420}})
      measure(suite, fmt::format("{}", size), {&size, 1}, rounds);
    measure(suite, "IMIX", imix, rounds);
  }
}
