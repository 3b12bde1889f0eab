// What one core makes of ESP, without I/O: nanoseconds per packet from clear packets to Sends, and from ESP to Deliver
// verdicts. Policy look-up, SA look-up, sequence numbers, replay window, selectors and the cipher are all in it.
//
//   datapath_bench --benchmark_filter='Seal/.*' --benchmark_min_time=1
//
// Arguments: size of the clear packet in octets, number of SAs. A burst is 32 packets, each of its own SA when there
// are many.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "datapath/spd_view.h"
#include "datapath/test_support.h"

namespace sallyport::datapath {
namespace {

using namespace test;

constexpr std::size_t burst_size = 32;

// A gateway with `sa_count` SAs, and packets that go by them in turn.
class Gateway {
 public:
  Gateway(std::string_view proposal, std::size_t packet_size, std::size_t sa_count)
      : pair_(spec(proposal, 0, sa_count), Settings{.flow_cache_size = 65536}), sa_count_(sa_count) {
    policy::Spd here, there;
    for (std::uint32_t i = 0; i < sa_count; ++i) {
      const auto child = spec(proposal, i, sa_count);
      here.entries.push_back(spd_for(child)->entries[0]);
      there.entries.push_back(spd_for(mirrored(child))->entries[0]);
      if (i == 0) continue;
      if (!pair_.here().install(child) || !pair_.there().install(mirrored(child))) std::abort();
    }
    pair_.here().set_policy(std::make_shared<policy::Spd>(here));
    pair_.there().set_policy(std::make_shared<policy::Spd>(there));
    const std::size_t packets = std::max(burst_size, sa_count);
    for (std::size_t i = 0; i < packets; ++i) {
      const auto destination = fmt::format("10.2.{}.{}", (i % sa_count) >> 8, i % sa_count & 255);
      clear_.push_back(build({.destination = destination, .size = packet_size}));
      clear_.back().resize(packet_size + Packet::trailer_room);
    }
    for (Bytes& bytes : clear_)
      packets_.push_back({.bytes = ByteSpan(bytes).first(packet_size), .offload = {}, .room = Packet::trailer_room});
  }

  std::size_t bursts() const { return packets_.size() / burst_size; }
  std::span<const Packet> burst(std::size_t index) const {
    return std::span(packets_).subspan(index * burst_size, burst_size);
  }
  Pair& pair() { return pair_; }

 private:
  static policy::ChildSaSpec spec(std::string_view proposal, std::uint32_t index, std::size_t sa_count) {
    ChildSa sa{.proposal = proposal, .number = index + 1};
    const auto remote = fmt::format("10.2.{}.{}", index >> 8, index & 255);
    const auto child = fmt::format("child{}", index);
    sa.child = child;
    if (sa_count > 1) sa.remote_ts = remote;
    return spec_here(sa);
  }

  Pair pair_;
  std::size_t sa_count_;
  std::vector<Bytes> clear_;
  std::vector<Packet> packets_;
};

void report(benchmark::State& state, std::size_t packet_size) {
  const auto packets = static_cast<double>(state.iterations()) * burst_size;
  state.counters["ns/packet"] = benchmark::Counter(packets, benchmark::Counter::kIsRate | benchmark::Counter::kInvert,
                                                   benchmark::Counter::kIs1000);
  state.SetBytesProcessed(static_cast<std::int64_t>(packets) * static_cast<std::int64_t>(packet_size));
}

void seal(benchmark::State& state, const char* proposal) {
  const auto size = static_cast<std::size_t>(state.range(0));
  Gateway gateway(proposal, size, static_cast<std::size_t>(state.range(1)));
  Verdicts out;
  std::size_t index = 0;
  for ([[maybe_unused]] auto _ : state) {
    gateway.pair().here().outbound(Instant{}, gateway.burst(index), out);
    if (++index == gateway.bursts()) index = 0;
  }
  if (gateway.pair().here().counters().drops.total() != 0) state.SkipWithError("packets were dropped");
  report(state, size);
}

void open(benchmark::State& state, const char* proposal) {
  const auto size = static_cast<std::size_t>(state.range(0));
  Gateway gateway(proposal, size, static_cast<std::size_t>(state.range(1)));
  Verdicts sealed, out;
  std::size_t index = 0;
  for ([[maybe_unused]] auto _ : state) {
    // Opening uses packets up: each burst is sealed afresh, outside of what is measured.
    state.PauseTiming();
    gateway.pair().here().outbound(Instant{}, gateway.burst(index), sealed);
    if (++index == gateway.bursts()) index = 0;
    Wire wire(sealed.sends);
    state.ResumeTiming();
    gateway.pair().there().inbound(Instant{}, wire.datagrams(), out);
  }
  if (gateway.pair().there().counters().drops.total() != 0) state.SkipWithError("packets were dropped");
  report(state, size);
}

/// What a flow costs that is not in the cache: the policy of its first packet, among so many of all three actions.
void decide(benchmark::State& state) {
  SeededRandom random(3);
  policy::Spd spd;
  constexpr policy::SpdAction actions[] = {policy::SpdAction::protect, policy::SpdAction::bypass,
                                           policy::SpdAction::discard};
  const auto network = [&](int front) {
    constexpr const char* lengths[] = {"16", "22", "24", "28", "32"};
    return selectors(fmt::format("10.{}.{}.{}/{}", front, random.below(256), random.below(256),
                                 lengths[random.below(std::size(lengths))]));
  };
  for (std::uint32_t i = 0; i < state.range(0); ++i)
    spd.entries.push_back({.id = {i + 1},
                           .action = actions[i % std::size(actions)],
                           .connection = "c",
                           .child = "c",
                           .local_ts = network(1),
                           .remote_ts = network(2)});
  put_in_order(spd.entries);
  SpdView view;
  view.set_policy(spd);
  std::vector<FlowKey> flows;
  for (int i = 0; i < 4096; ++i) {
    const auto from = fmt::format("10.1.{}.{}", random.below(256), random.below(256));
    const auto to = fmt::format("10.2.{}.{}", random.below(256), random.below(256));
    flows.push_back(FlowKey::of(*wire::IpPacket::parse(build({.source = from, .destination = to}))));
  }
  std::size_t index = 0;
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(view.decide(flows[index++ % flows.size()]));
}
BENCHMARK(decide)->ArgName("policies")->Arg(10)->Arg(1000)->Arg(10000);

void arguments(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"size", "sas"});
  for (const int sas : {1, 10000})
    for (const int size : {64, 512, 1420}) bench->Args({size, sas});
}

BENCHMARK_CAPTURE(seal, aes128gcm16, "aes128gcm16-noesn")->Apply(arguments);
BENCHMARK_CAPTURE(open, aes128gcm16, "aes128gcm16-noesn")->Apply(arguments);
BENCHMARK_CAPTURE(seal, aes256gcm16_esn, "aes256gcm16-esn")->Apply(arguments);
BENCHMARK_CAPTURE(open, aes256gcm16_esn, "aes256gcm16-esn")->Apply(arguments);
BENCHMARK_CAPTURE(seal, aes128_sha256, "aes128-sha256-noesn")->Apply(arguments);
BENCHMARK_CAPTURE(open, aes128_sha256, "aes128-sha256-noesn")->Apply(arguments);
BENCHMARK_CAPTURE(seal, chacha20poly1305, "chacha20poly1305-noesn")->Apply(arguments);
BENCHMARK_CAPTURE(open, chacha20poly1305, "chacha20poly1305-noesn")->Apply(arguments);

}  // namespace
}  // namespace sallyport::datapath

BENCHMARK_MAIN();
