// Handshakes of the engine in memory, both ends on one core: PSK, X25519, AES-256-GCM, one Child SA each. Beside them,
// in the same run, the very same cryptographic operations with nothing around them. And what an established IKE SA with
// its Child SA keeps in memory.
//
//   handshake_bench                       rates, and the share of the bare cryptography
//   handshake_bench --memory [N]          octets per IKE SA, for N of them (10000)
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

policy::ConnectionPtr connection(const char* local_id, const char* remote_id, std::optional<std::uint32_t> remote) {
  policy::Connection made;
  made.name = "bench";
  made.version = policy::IkeVersion::v2;
  if (remote) made.remote_addrs = {policy::AddressRange::host(host(*remote))};
  made.local.id = policy::Identity::fqdn(local_id);
  made.remote.id = policy::Identity::fqdn(remote_id);
  made.proposals = {words(policy::Protocol::ike, "aes256gcm16-prfsha256-x25519")};
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
    engine_.load({std::move(connection)}, std::move(pad));
  }
  std::optional<Instant> last_inbound(policy::ChildSaId) const override { return std::nullopt; }
  std::optional<IpAddress> source_address(const IpAddress&) const override { return address_; }
  ike::Engine& engine() { return engine_; }

 private:
  static const ike::Settings& settings() {
    static const ike::Settings all = [] {
      ike::Settings many;
      many.cookie_threshold = 1u << 30;
      many.half_open_limit = 1u << 30;
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
  Strangers(crypto::Provider& crypto, std::uint64_t seed)
      : initiator(crypto, seed, 2, connection("client", "gateway", kGateway)),
        responder(crypto, seed + 1, kGateway, connection("gateway", "client", std::nullopt)) {}
  End initiator, responder;
};

void handshake(Strangers& pair) {
  if (!pair.initiator.engine().initiate({}, "bench", {}) || exchange(pair.initiator, pair.responder) != 2) std::abort();
}

void BM_Handshake(benchmark::State& state) {
  const auto crypto = crypto::make_openssl_provider();
  std::optional<Strangers> pair;
  std::uint64_t seed = 1;
  for (auto _ : state) {
    state.PauseTiming();  // hosts load their configuration once, not for each handshake
    pair.emplace(*crypto, seed += 2);
    state.ResumeTiming();
    handshake(*pair);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_Handshake)->Unit(benchmark::kMicrosecond);

void BM_BareCryptographyOfAHandshake(benchmark::State& state) {
  const auto crypto = crypto::make_openssl_provider();
  RecordingProvider recorder(*crypto);
  Strangers pair(recorder, 1);
  handshake(pair);
  const auto operations = recorder.take_operations();
  for (auto _ : state)
    for (const auto& operation : operations) operation();
  state.SetItemsProcessed(state.iterations());
  state.counters["operations"] = static_cast<double>(operations.size());
}
BENCHMARK(BM_BareCryptographyOfAHandshake)->Unit(benchmark::kMicrosecond);

int measure_memory(std::uint32_t count) {
  const auto crypto = crypto::make_openssl_provider();
  End gateway(*crypto, 1, kGateway, connection("gateway", "client", std::nullopt));
  const auto used = [] { return mallinfo2().uordblks; };
  const std::size_t before = used();
  for (std::uint32_t n = 0; n < count; ++n) {
    End client(*crypto, n + 2, n + 2, connection("client", "gateway", kGateway));
    if (!client.engine().initiate({}, "bench", {}) || exchange(client, gateway) != 2) return 1;
  }
  std::printf("%u IKE SAs with a Child SA each: %zu octets per IKE SA\n", count, (used() - before) / count);
  return 0;
}

}  // namespace
}  // namespace sallyport::bench

int main(int argc, char** argv) {
  if (argc > 1 && std::strcmp(argv[1], "--memory") == 0)
    return sallyport::bench::measure_memory(argc > 2 ? static_cast<std::uint32_t>(std::atoi(argv[2])) : 10000);
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
