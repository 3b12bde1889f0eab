// forwarder HERE THERE LOCAL REMOTE: a gateway without IKE, policies of others, or a guard in the kernel: one SA of
// AES-128-GCM in UDP with keys that everybody knows, between the outer addresses HERE and THERE, for the networks LOCAL
// and REMOTE. Where it is as fast as sallyportd, the daemon's time is the packets'; what it has in hand is the price of
// what stands around them. Its device is sally0, for others to address and to route to.
#include <cstdio>

#include "datapath/test_support.h"
#include "linux/packet_pump.h"

namespace sallyport {
namespace {

constexpr std::uint16_t kPort = 4500;
constexpr std::uint32_t kMark = 0x53504f57;

linux::SystemResult<void> forward(char** words) {
  datapath::test::ChildSa sa{.here = words[0], .there = words[1], .local_ts = words[2], .remote_ts = words[3]};
  const bool first = sa.here < sa.there;  // both ends agree on whose keys are whose
  if (!first) sa = {.here = words[1], .there = words[0], .local_ts = words[3], .remote_ts = words[2]};
  auto spec = first ? datapath::test::spec_here(sa) : datapath::test::spec_there(sa);
  spec.local.port = spec.remote.port = kPort;

  auto loop = TRY(linux::EventLoop::create());
  auto tun = TRY(linux::TunDevice::create({}));
  auto ciphers = datapath::test::best_packet_ciphers();
  SeededRandom random(1);
  datapath::Settings settings;
  settings.join = {.tcp = tun.offload().tcp, .udp = tun.offload().udp};
  datapath::Worker worker(*ciphers, random, settings);
  if (!worker.install(spec)) return linux::refused(0, "the SA was not accepted");
  worker.set_policy(datapath::test::spd_for(spec));

  std::vector<linux::PacketSocket> sockets;
  sockets.push_back(TRY(linux::PacketSocket::open_udp(policy::Family::ipv4, kPort, kMark)));
  linux::PumpObserver observer{.before_packets = {},
                               .on_ike = [](auto&&...) {},
                               .on_need_sa = [](auto&&...) {},
                               .on_peer_moved = [](auto&&...) {},
                               .on_sequence_runs_out = [](auto&&...) {},
                               .on_narrow_path = {}};
  const auto pump = TRY(linux::PacketPump::start(*loop, tun, std::move(sockets), worker, std::move(observer)));
  if (!loop->run()) return linux::refused(0, "the event loop ended");
  return {};
}

}  // namespace
}  // namespace sallyport

int main(int count, char** words) {
  if (count != 5) {
    std::fputs("usage: forwarder HERE THERE LOCAL REMOTE\n", stderr);
    return 2;
  }
  const auto done = sallyport::forward(words + 1);
  if (!done) std::fprintf(stderr, "forwarder: %s\n", done.error().text.c_str());
  return done ? 0 : 1;
}
