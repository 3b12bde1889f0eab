// Handshakes of the engine in memory, both ends on one core, with a pre-shared key and one Child SA each: IKEv2, and
// IKEv1's Main and Aggressive Mode with a Quick Mode behind. Beside each, in the same run, the very same cryptographic
// operations with nothing around them. And what an established IKE SA with its Child SA keeps in memory.
//
//   handshake_bench                       rates, and the share of the bare cryptography
//   handshake_bench --memory [N]          octets per IKE SA, for N of them (10000), of each kind
#include <benchmark/benchmark.h>
#include <malloc.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "crypto/openssl/provider_openssl.h"
#include "ike/engine/engine.h"
#include "recording_provider.h"

namespace sallyport::bench {
namespace {

using policy::IpAddress;

/// Host number n of 198.18.0.0/15 and beyond.
IpAddress host(std::uint32_t n) {
  return IpAddress::v4(198, static_cast<std::uint8_t>(18 + (n >> 16)), static_cast<std::uint8_t>(n >> 8),
                       static_cast<std::uint8_t>(n));
}
constexpr std::uint32_t kGateway = 1;

policy::Proposal words(policy::Protocol protocol, const char* text) {
  auto proposal = policy::parse_proposal(protocol, text);
  if (!proposal) std::abort();
  return *proposal;
}

/// What is agreed on, and how.
struct Kind {
  const char* name;
  policy::IkeVersion version;
  bool aggressive;
  const char* ike;
};
constexpr auto v1 = policy::IkeVersion::v1, v2 = policy::IkeVersion::v2;
constexpr Kind kKinds[] = {
#if SALLYPORT_HAS_IKEV2
    {"IKEv2/X25519", v2, false, "aes256gcm16-prfsha256-x25519"},
    {"IKEv2/ECP256", v2, false, "aes256-sha256-ecp256"},
    {"IKEv2/MODP2048", v2, false, "aes256-sha256-modp2048"},
#endif
#if SALLYPORT_HAS_IKEV1
    {"MainAndQuick/ECP256", v1, false, "aes256-sha256-ecp256"},
    {"MainAndQuick/MODP2048", v1, false, "aes256-sha256-modp2048"},
    {"AggressiveAndQuick/ECP256", v1, true, "aes256-sha256-ecp256"},
    {"AggressiveAndQuick/MODP2048", v1, true, "aes256-sha256-modp2048"},
#endif
};

policy::ConnectionPtr connection(const Kind& kind, const char* local_id, const char* remote_id,
                                 std::optional<std::uint32_t> remote) {
  policy::Connection made;
  made.name = "bench";
  made.version = kind.version;
  made.aggressive = kind.aggressive;
  if (remote) made.remote_addrs = {policy::AddressRange::host(host(*remote))};
  made.local.id = policy::Identity::fqdn(local_id);
  made.remote.id = policy::Identity::fqdn(remote_id);
  made.proposals = {words(policy::Protocol::ike, kind.ike)};
  policy::Child child;
  child.name = "net";
  child.esp_proposals = {words(policy::Protocol::esp, "aes256gcm16")};
  made.children = {child};
  return std::make_shared<const policy::Connection>(std::move(made));
}

class End final : public ike::HostView {
 public:
  End(crypto::Provider& crypto, std::uint64_t seed, std::uint32_t number, policy::ConnectionPtr connection)
      : random_(seed), address_(host(number)), engine_(settings(), crypto, random_, *this) {
    policy::Pad pad;
    pad.add({.name = "ike", .secret = Secret::copy_of(as_bytes("not a secret, only a benchmark"))});
    engine_.load(Instant{}, {std::move(connection)}, std::move(pad));
  }
  std::optional<Instant> last_inbound(policy::ChildSaId) const override { return std::nullopt; }
  std::optional<IpAddress> source_address(const IpAddress&) const override { return address_; }
  std::vector<IpAddress> addresses() const override { return {address_}; }
  ike::Engine& engine() { return engine_; }

 private:
  static const ike::Settings& settings() {
    static const ike::Settings all = [] {
      ike::Settings many;
      many.cookie_threshold = many.cookie_threshold_ip = many.block_threshold = many.puzzle_threshold = 1u << 30;
      many.half_open_limit = 1u << 30;
      many.aggressive_per_second = 1u << 30;
      return many;
    }();
    return all;
  }
  SeededRandom random_;
  IpAddress address_;
  ike::Engine engine_;
};

/// Carries datagrams between the two until both are silent; returns the Child SAs that came up.
std::size_t exchange(End& a, End& b) {
  std::size_t installed = 0;
  for (bool busy = true; busy;) {
    busy = false;
    for (auto [from, to] : {std::pair{&a, &b}, std::pair{&b, &a}})
      while (auto output = from->engine().poll_output()) {
        busy = true;
        installed += std::holds_alternative<ike::InstallChildSa>(*output);
        if (const auto* datagram = std::get_if<ike::SendDatagram>(&*output))
          to->engine().on_datagram({}, {datagram->remote, datagram->local, datagram->message});
      }
  }
  return installed;
}

/// Two ends that have not met.
struct Strangers {
  Strangers(const Kind& kind, crypto::Provider& crypto, std::uint64_t seed)
      : initiator(crypto, seed, 2, connection(kind, "client", "gateway", kGateway)),
        responder(crypto, seed + 1, kGateway, connection(kind, "gateway", "client", std::nullopt)) {}
  End initiator, responder;
};

void handshake(Strangers& pair) {
  if (!pair.initiator.engine().initiate({}, "bench", {}) || exchange(pair.initiator, pair.responder) != 2) std::abort();
}

void measure_handshake(benchmark::State& state, const Kind& kind) {
  const auto crypto = crypto::make_openssl_provider();
  std::optional<Strangers> pair;
  std::uint64_t seed = 1;
  for (auto _ : state) {
    state.PauseTiming();  // hosts load their configuration once, not for each handshake
    pair.emplace(kind, *crypto, seed += 2);
    state.ResumeTiming();
    handshake(*pair);
  }
  state.SetItemsProcessed(state.iterations());
}

void measure_bare_cryptography(benchmark::State& state, const Kind& kind) {
  const auto crypto = crypto::make_openssl_provider();
  RecordingProvider recorder(*crypto);
  Strangers pair(kind, recorder, 1);
  handshake(pair);
  const auto operations = recorder.take_operations();
  for (auto _ : state)
    for (const auto& operation : operations) operation();
  state.SetItemsProcessed(state.iterations());
  state.counters["operations"] = static_cast<double>(operations.size());
}

int measure_memory(const Kind& kind, std::uint32_t count) {
  const auto crypto = crypto::make_openssl_provider();
  End gateway(*crypto, 1, kGateway, connection(kind, "gateway", "client", std::nullopt));
  const auto used = [] { return mallinfo2().uordblks; };
  const std::size_t before = used();
  for (std::uint32_t n = 0; n < count; ++n) {
    End client(*crypto, n + 2, n + 2, connection(kind, "client", "gateway", kGateway));
    if (!client.engine().initiate({}, "bench", {}) || exchange(client, gateway) != 2) return 1;
  }
  std::printf("%s: %u IKE SAs with a Child SA each: %zu octets per IKE SA\n", kind.name, count,
              (used() - before) / count);
  return 0;
}

int measure_memory(std::uint32_t count) {
  int failed = 0;
  for (const Kind& kind : kKinds) failed |= measure_memory(kind, count);
  return failed;
}

void register_all() {
  for (const Kind& kind : kKinds) {
    const std::string name = kind.name;
    for (const auto& [measured, how] :
         {std::pair{"/handshake", &measure_handshake}, {"/bare", &measure_bare_cryptography}})
      benchmark::RegisterBenchmark((name + measured).c_str(), how, kind)->Unit(benchmark::kMicrosecond);
  }
}

}  // namespace
}  // namespace sallyport::bench

int main(int argc, char** argv) {
  if (argc > 1 && std::strcmp(argv[1], "--memory") == 0)
    return sallyport::bench::measure_memory(argc > 2 ? static_cast<std::uint32_t>(std::atoi(argv[2])) : 10000);
  benchmark::Initialize(&argc, argv);
  sallyport::bench::register_all();
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
