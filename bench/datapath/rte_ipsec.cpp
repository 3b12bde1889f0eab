#include "rte_ipsec.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <rte_cryptodev.h>
#include <rte_eal.h>
#include <rte_ip.h>
#include <rte_ipsec.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>
#include <sched.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <string>
#include <utility>

namespace sallyport::datapath {
namespace {

// Device numbers are those of the order in which EAL is given them.
constexpr std::uint8_t kGcmDevice = 0, kMultiBufferDevice = 1;
constexpr std::size_t kDevices = 2;
constexpr std::size_t kSessions = 256;
constexpr std::size_t kPacketRoom = 2048;
constexpr std::uint16_t kIvOffset = sizeof(rte_crypto_op) + sizeof(rte_crypto_sym_op);
constexpr std::uint32_t kReplayWindow = 4096;  // as ours

rte_mempool* sessions_of[kDevices];
rte_mempool* packet_pool;

void must(bool holds, const char* what) {
  if (holds) return;
  fmt::print(stderr, "DPDK: {}\n", what);
  std::exit(1);
}

bool start_device(std::uint8_t device) {
  rte_cryptodev_config config{};
  config.socket_id = SOCKET_ID_ANY;
  config.nb_queue_pairs = 1;
  const unsigned session_size = rte_cryptodev_sym_get_private_session_size(device);
  sessions_of[device] = rte_cryptodev_sym_session_pool_create(fmt::format("sessions{}", device).c_str(), kSessions,
                                                              session_size, 0, 0, SOCKET_ID_ANY);
  rte_cryptodev_qp_conf queue{};
  queue.nb_descriptors = 2048;
  queue.mp_session = sessions_of[device];
  return sessions_of[device] != nullptr && rte_cryptodev_configure(device, &config) == 0 &&
         rte_cryptodev_queue_pair_setup(device, 0, &queue, SOCKET_ID_ANY) == 0 && rte_cryptodev_start(device) == 0;
}

/// One direction's cryptography as DPDK describes it: a combined transform, or two in the order of their application.
struct Transforms {
  std::array<rte_crypto_sym_xform, 2> chain{};
  std::array<std::uint8_t, 64> key{1, 2, 3, 4, 5};

  Transforms(const Suite& suite, bool seal) {
    const bool is_combined = suite.cipher == IMB_CIPHER_GCM || suite.cipher == IMB_CIPHER_CCM ||
                             suite.cipher == IMB_CIPHER_CHACHA20_POLY1305;
    if (is_combined)
      combined(suite, seal);
    else
      separate(suite, seal);
  }
  Transforms(const Transforms&) = delete;  // the chain points into it
  Transforms& operator=(const Transforms&) = delete;

 private:
  void combined(const Suite& suite, bool seal) {
    chain[0].type = RTE_CRYPTO_SYM_XFORM_AEAD;
    auto& aead = chain[0].aead;
    aead.op = seal ? RTE_CRYPTO_AEAD_OP_ENCRYPT : RTE_CRYPTO_AEAD_OP_DECRYPT;
    aead.algo = suite.cipher == IMB_CIPHER_GCM   ? RTE_CRYPTO_AEAD_AES_GCM
                : suite.cipher == IMB_CIPHER_CCM ? RTE_CRYPTO_AEAD_AES_CCM
                                                 : RTE_CRYPTO_AEAD_CHACHA20_POLY1305;
    aead.key = {key.data(), static_cast<std::uint16_t>(suite.key)};
    aead.iv = {kIvOffset, static_cast<std::uint16_t>(suite.cipher == IMB_CIPHER_CCM ? 11 : 12)};
    aead.digest_length = static_cast<std::uint16_t>(suite.icv);
    aead.aad_length = 8;
  }
  static std::pair<rte_crypto_auth_algorithm, std::uint16_t> integrity_of(IMB_HASH_ALG hash) {
    switch (hash) {
      case IMB_AUTH_HMAC_SHA_256: return {RTE_CRYPTO_AUTH_SHA256_HMAC, 32};
      case IMB_AUTH_HMAC_SHA_384: return {RTE_CRYPTO_AUTH_SHA384_HMAC, 48};
      case IMB_AUTH_HMAC_SHA_512: return {RTE_CRYPTO_AUTH_SHA512_HMAC, 64};
      case IMB_AUTH_AES_XCBC: return {RTE_CRYPTO_AUTH_AES_XCBC_MAC, 16};
      case IMB_AUTH_AES_CMAC: return {RTE_CRYPTO_AUTH_AES_CMAC, 16};
      case IMB_AUTH_MD5: return {RTE_CRYPTO_AUTH_MD5_HMAC, 16};
      default: return {RTE_CRYPTO_AUTH_SHA1_HMAC, 20};
    }
  }
  void separate(const Suite& suite, bool seal) {
    auto& cipher = chain[seal ? 0 : 1];
    auto& integrity = chain[seal ? 1 : 0];
    chain[0].next = &chain[1];
    cipher.type = RTE_CRYPTO_SYM_XFORM_CIPHER;
    cipher.cipher.op = seal ? RTE_CRYPTO_CIPHER_OP_ENCRYPT : RTE_CRYPTO_CIPHER_OP_DECRYPT;
    cipher.cipher.algo = suite.cipher == IMB_CIPHER_CBC    ? RTE_CRYPTO_CIPHER_AES_CBC
                         : suite.cipher == IMB_CIPHER_CNTR ? RTE_CRYPTO_CIPHER_AES_CTR
                         : suite.cipher == IMB_CIPHER_DES3 ? RTE_CRYPTO_CIPHER_3DES_CBC
                                                           : RTE_CRYPTO_CIPHER_NULL;
    cipher.cipher.key = {key.data(), static_cast<std::uint16_t>(suite.key)};
    const bool has_block_iv = suite.cipher == IMB_CIPHER_CBC || suite.cipher == IMB_CIPHER_CNTR;
    cipher.cipher.iv = {kIvOffset, static_cast<std::uint16_t>(has_block_iv ? 16 : suite.iv)};
    integrity.type = RTE_CRYPTO_SYM_XFORM_AUTH;
    integrity.auth.op = seal ? RTE_CRYPTO_AUTH_OP_GENERATE : RTE_CRYPTO_AUTH_OP_VERIFY;
    const auto [algorithm, key_size] = integrity_of(suite.hash);
    integrity.auth.algo = algorithm;
    integrity.auth.key = {key.data(), key_size};
    integrity.auth.digest_length = static_cast<std::uint16_t>(suite.icv);
  }
};

/// One direction.
class SaOfDpdk {
 public:
  SaOfDpdk(const Suite& suite, bool seal) : device_(suite.cipher == IMB_CIPHER_GCM ? kGcmDevice : kMultiBufferDevice) {
    Transforms transforms(suite, seal);
    rte_ipv4_hdr outer{};
    outer.version_ihl = 0x45;
    outer.time_to_live = 64;
    outer.next_proto_id = IPPROTO_ESP;
    rte_ipsec_sa_prm parameters{};
    auto& esp = parameters.ipsec_xform;
    esp.spi = 0x1000;
    esp.salt = 0x01020304;
    esp.direction = seal ? RTE_SECURITY_IPSEC_SA_DIR_EGRESS : RTE_SECURITY_IPSEC_SA_DIR_INGRESS;
    esp.proto = RTE_SECURITY_IPSEC_SA_PROTO_ESP;
    esp.mode = RTE_SECURITY_IPSEC_SA_MODE_TUNNEL;
    esp.tunnel.type = RTE_SECURITY_IPSEC_TUNNEL_IPV4;
    esp.replay_win_sz = kReplayWindow;
    parameters.crypto_xform = transforms.chain.data();
    parameters.tun.hdr_len = sizeof outer;
    parameters.tun.hdr = &outer;
    parameters.tun.next_proto = IPPROTO_IPIP;
    const int size = rte_ipsec_sa_size(&parameters);
    must(size > 0, "no such SA");
    session_.sa = static_cast<rte_ipsec_sa*>(rte_zmalloc(nullptr, static_cast<std::size_t>(size), 64));
    must(session_.sa != nullptr && rte_ipsec_sa_init(session_.sa, &parameters, static_cast<std::uint32_t>(size)) > 0,
         "the SA was refused");
    session_.type = RTE_SECURITY_ACTION_TYPE_CPU_CRYPTO;
    session_.crypto.dev_id = device_;
    session_.crypto.ses = static_cast<rte_cryptodev_sym_session*>(
        rte_cryptodev_sym_session_create(device_, transforms.chain.data(), sessions_of[device_]));
    must(session_.crypto.ses != nullptr && rte_ipsec_session_prepare(&session_) == 0, "no session on this device");
  }
  ~SaOfDpdk() {
    rte_cryptodev_sym_session_free(device_, session_.crypto.ses);
    rte_ipsec_sa_fini(session_.sa);
    rte_free(session_.sa);
  }
  SaOfDpdk(const SaOfDpdk&) = delete;
  SaOfDpdk& operator=(const SaOfDpdk&) = delete;

  std::size_t process(std::span<rte_mbuf*> packets) {
    const std::uint16_t prepared =
        rte_ipsec_pkt_cpu_prepare(&session_, packets.data(), static_cast<std::uint16_t>(packets.size()));
    return rte_ipsec_pkt_process(&session_, packets.data(), prepared);
  }

 private:
  std::uint8_t device_;
  rte_ipsec_session session_{};
};

}  // namespace

struct RteIpsec::Sas {
  explicit Sas(const Suite& suite) : sealing(suite, true), opening(suite, false) {}
  SaOfDpdk sealing, opening;
};

bool RteIpsec::start() {
  const std::string processor = std::to_string(std::max(0, sched_getcpu()));
  std::vector<std::string> words = {"against_bare",
                                    "--no-huge",
                                    "-m",
                                    "256",
                                    "--no-pci",
                                    "--no-shconf",
                                    "--no-telemetry",
                                    "--log-level=3",
                                    "-l",
                                    processor,
                                    "--vdev=crypto_aesni_gcm0",
                                    "--vdev=crypto_aesni_mb0"};
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  if (rte_eal_init(static_cast<int>(arguments.size()), arguments.data()) < 0) return false;
  if (rte_cryptodev_get_dev_id("crypto_aesni_gcm0") != kGcmDevice ||
      rte_cryptodev_get_dev_id("crypto_aesni_mb0") != kMultiBufferDevice)
    return false;
  packet_pool = rte_pktmbuf_pool_create("packets", 1023, 0, 0, RTE_PKTMBUF_HEADROOM + kPacketRoom, SOCKET_ID_ANY);
  return packet_pool != nullptr && start_device(kGcmDevice) && start_device(kMultiBufferDevice);
}

RteIpsec::RteIpsec(const Suite& suite, std::span<const std::size_t> sizes)
    : sas_(std::make_unique<Sas>(suite)), packets_(kBurst), sizes_(kBurst) {
  for (std::size_t i = 0; i < kBurst; ++i) {
    const std::size_t size = sizes_[i] = sizes[i % sizes.size()];
    packets_[i] = rte_pktmbuf_alloc(packet_pool);
    must(packets_[i] != nullptr, "no memory for packets");
    auto* clear = reinterpret_cast<std::uint8_t*>(rte_pktmbuf_append(packets_[i], static_cast<std::uint16_t>(size)));
    std::fill(clear, clear + size, static_cast<std::uint8_t>(i));
    auto* header = reinterpret_cast<rte_ipv4_hdr*>(clear);
    *header = {};
    header->version_ihl = 0x45;
    header->total_length = htons(static_cast<std::uint16_t>(size));
    header->time_to_live = 63;
    header->next_proto_id = IPPROTO_UDP;
  }
}

RteIpsec::~RteIpsec() {
  for (rte_mbuf* packet : packets_) rte_pktmbuf_free(packet);
}

double RteIpsec::nanoseconds(Process process) {
  for (rte_mbuf* packet : packets_) {  // what a driver or the stage before would have left there
    packet->l2_len = 0;
    packet->l3_len = sizeof(rte_ipv4_hdr);
    packet->ol_flags = 0;
    packet->packet_type = 0;
  }
  const auto start = std::chrono::steady_clock::now();
  const std::size_t done = process(*sas_, packets_);
  const std::chrono::duration<double, std::nano> taken = std::chrono::steady_clock::now() - start;
  must(done == kBurst, "packets were dropped");
  return taken.count() / static_cast<double>(kBurst);
}

RteIpsec::Times RteIpsec::run() {
  Times sum{};
  for (int i = 0; i < kBurstsPerTime; ++i) {
    sum.seal += nanoseconds([](Sas& sas, std::span<rte_mbuf*> packets) { return sas.sealing.process(packets); });
    sum.open += nanoseconds([](Sas& sas, std::span<rte_mbuf*> packets) { return sas.opening.process(packets); });
  }
  for (std::size_t i = 0; i < kBurst; ++i) must(packets_[i]->pkt_len == sizes_[i], "a packet has changed its size");
  return {sum.seal / kBurstsPerTime, sum.open / kBurstsPerTime};
}

}  // namespace sallyport::datapath
