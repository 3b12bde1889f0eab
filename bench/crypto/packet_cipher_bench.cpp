// Packet ciphers alone: a burst of packets of one SA, hot in the cache. `per_packet` is the time for one of them.
#include <benchmark/benchmark.h>

#include "base/random.h"
#include "crypto/openssl/packet_cipher_openssl.h"
#ifdef SALLYPORT_HAS_IPSEC_MB
#include "crypto/ipsec_mb/packet_cipher_ipsec_mb.h"
#endif

namespace sallyport::crypto {
namespace {

constexpr std::size_t kBurst = 32;

struct Suite {
  const char* name;
  Encryption encryption;
  Integrity integrity;
};
constexpr Suite kSuites[] = {
    {"aes128gcm16", {Cipher::aes_gcm_16, 128}, Integrity::none},
    {"aes256gcm16", {Cipher::aes_gcm_16, 256}, Integrity::none},
    {"chacha20poly1305", {Cipher::chacha20_poly1305, 256}, Integrity::none},
    {"aes128-sha256", {Cipher::aes_cbc, 128}, Integrity::hmac_sha2_256_128},
    {"aes128-sha1", {Cipher::aes_cbc, 128}, Integrity::hmac_sha1_96},
    {"aes128ctr-sha256", {Cipher::aes_ctr, 128}, Integrity::hmac_sha2_256_128},
    {"null-sha1", {Cipher::null, 0}, Integrity::hmac_sha1_96},
    {"3des-md5", {Cipher::triple_des_cbc, 192}, Integrity::hmac_md5_96},
};

/// Packets laid out behind each other for one cipher.
struct Burst {
  Bytes octets;
  std::array<PacketJob, kBurst> jobs{};

  Burst(const PacketCipher& cipher, std::size_t size) {
    const std::size_t text = (size + cipher.alignment() - 1) / cipher.alignment() * cipher.alignment();
    const std::size_t whole = 8 + cipher.iv_size() + text + cipher.icv_size();
    octets.resize(kBurst * whole);
    for (std::size_t i = 0; i < kBurst; ++i) {
      PacketJob& job = jobs[i];
      job.packet = octets.data() + i * whole;
      job.iv = job.packet + 8;
      job.text = job.iv + cipher.iv_size();
      job.text_size = static_cast<std::uint32_t>(text);
      job.icv = job.text + text;
      job.sequence = i + 1;
    }
  }
};

void per_packet(benchmark::State& state) {
  state.counters["per_packet"] =
      benchmark::Counter(kBurst, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

void seal(benchmark::State& state, PacketCipher& cipher) {
  Burst burst(cipher, static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    cipher.seal(burst.jobs);
    benchmark::ClobberMemory();
  }
  per_packet(state);
}

// Opening alone would need fresh packets each time, whose copying costs as much.
void seal_and_open(benchmark::State& state, PacketCipher& cipher) {
  Burst burst(cipher, static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    cipher.seal(burst.jobs);
    cipher.open(burst.jobs);
    if (!burst.jobs.back().ok) state.SkipWithError("not authentic");
  }
  per_packet(state);
}

void register_all(const std::string& implementation, PacketCipherFactory& factory) {
  for (const Suite& suite : kSuites) {
    const Bytes key(keying_size(suite.encryption), 1), integrity_key(key_size(suite.integrity), 2);
    auto made = factory.make({suite.encryption, suite.integrity, false, key, integrity_key});
    if (!made) continue;
    const std::shared_ptr<PacketCipher> cipher = *std::move(made);
    const std::string name = implementation + "/" + suite.name;
    for (const int size : {64, 512, 1420}) {
      benchmark::RegisterBenchmark((name + "/seal").c_str(), [=](auto& state) { seal(state, *cipher); })->Arg(size);
      benchmark::RegisterBenchmark((name + "/seal_and_open").c_str(), [=](auto& state) {
        seal_and_open(state, *cipher);
      })->Arg(size);
    }
  }
}

const bool registered = [] {
#ifdef SALLYPORT_HAS_IPSEC_MB
  if (const auto factory = make_ipsec_mb_factory()) register_all("ipsec_mb", *factory);
#endif
  register_all("openssl", *make_openssl_factory());
  return true;
}();

}  // namespace
}  // namespace sallyport::crypto
