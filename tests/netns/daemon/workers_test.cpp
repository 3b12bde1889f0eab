// Two gateways with several workers each, and Child SAs whose keys they were given: whose packets come by which thread,
// and that none is lost or overtaken where they have to change it.
#include "daemon/workers.h"

#include <fmt/format.h>
#include <netinet/in.h>

#include <numeric>
#include <thread>

#include "datapath/test_support.h"
#include "linux/clock.h"
#include "linux/guard.h"
#include "linux/ike_sockets.h"
#include "linux/steering.h"
#include "tests/netns/linux/network.h"

namespace sallyport::daemon {
namespace {

using datapath::test::ChildSa;
using datapath::test::spec_here;
using datapath::test::spec_there;
using linux::Application;
using linux::endpoint;
using policy::Family;
using Use = datapath::Worker::OutboundUse;

constexpr std::uint32_t kWorkers = 3;

/// All that a daemon is, but for IKE.
class Gateway {
 public:
  Gateway(const linux::Namespace& where, policy::SpdPtr spd) : spd_(std::move(spd)) {
    const auto set_up = where.within([&] { return open(); });
    EXPECT_TRUE(set_up) << set_up.error().text;
  }
  Workers& workers() { return *workers_; }
  /// Lets what the workers have said be heard, until `done`; a few seconds at most.
  template <class Done>
  void turn_until(Done done) {
    for (int i = 0; i < 500 && !done(); ++i) EXPECT_TRUE(loop_->turn(std::chrono::milliseconds(10)));
    EXPECT_TRUE(done());
  }

  std::vector<datapath::NeedSa> needs;
  std::vector<std::string> ike;
  std::vector<ErrorCode> refusals;

 private:
  linux::SystemResult<void> open() {
    TRY(linux::load_guard(*spd_, {.footprint = footprint_}));
    tun_.emplace(TRY(linux::TunDevice::create({.several_queues = true})));
    steering_.emplace(TRY(linux::Steering::open(footprint_, tun_->index())));
    TRY(steering_->apply(*spd_));
    loop_ = TRY(linux::EventLoop::create());
    std::vector<std::vector<linux::PacketSocket>> of_worker(kWorkers);
    for (const Family family : {Family::ipv4, Family::ipv6}) {
      auto group = TRY(linux::PacketSocket::open_shared_udp(family, 4500, footprint_.own_mark, kWorkers));
      of_ike_.push_back(std::move(group.front()));
      for (std::uint32_t i = 0; i < kWorkers; ++i) of_worker[i].push_back(std::move(group[i + 1]));
    }
    datapath::Settings settings;
    settings.join = {.tcp = tun_->offload().tcp, .udp = tun_->offload().udp};
    workers_.emplace(Workers::Options{.settings = settings,
                                      .count = kWorkers,
                                      .make_ciphers = datapath::test::best_packet_ciphers,
                                      .own_mark = footprint_.own_mark});
    tasks_ = TRY(linux::TaskQueue::create(*loop_));
    TRY(workers_->start(*tasks_, *tun_, std::move(of_worker),
                        {.on_ike = [this](Instant, const policy::Endpoint&, const policy::Endpoint&,
                                          ByteView message) { ike.emplace_back(as_text(message)); },
                         .on_need_sa = [this](Instant, const datapath::NeedSa& need) { needs.push_back(need); },
                         .on_peer_moved = [](Instant, const datapath::PeerMoved&) {},
                         .on_sequence_runs_out = [](Instant, const datapath::SequenceRunsOut&) {},
                         .on_narrow_path = [](policy::ChildSaId, const policy::IpAddress&) {},
                         .on_refused = [this](policy::ChildSaId, ErrorCode why) { refusals.push_back(why); }}));
    workers_->set_policy(spd_);
    return {};
  }

  policy::SpdPtr spd_;
  linux::Footprint footprint_;
  std::optional<linux::TunDevice> tun_;
  std::optional<linux::Steering> steering_;
  std::unique_ptr<linux::EventLoop> loop_;
  std::unique_ptr<linux::TaskQueue> tasks_;
  std::vector<linux::PacketSocket> of_ike_;
  std::optional<Workers> workers_;
};

class WorkersTest : public linux::NetworkTest {
 protected:
  void SetUp() override {
    NetworkTest::SetUp();
    if (IsSkipped()) return;
    pair.emplace();
    here.emplace(pair->here, datapath::test::spd_for(spec_here({}), true));
    there.emplace(pair->there, datapath::test::spd_for(spec_there({}), true));
  }
  /// Both ends of a Child SA, each of which belongs to the given worker on its side.
  void install(const ChildSa& sa, std::uint32_t worker_here, std::uint32_t worker_there, Use use = Use::at_once) {
    auto spec = spec_here(sa);
    const auto of = [](std::uint32_t spi, std::uint32_t worker) { return spi * kWorkers + worker; };
    spec.inbound.spi = of(spec.inbound.spi, worker_here);
    spec.outbound.spi = of(spec.outbound.spi, worker_there);
    there->workers().install(datapath::test::mirrored(spec), use, {});
    there->workers().settle();
    here->workers().install(std::move(spec), use, {});
    here->workers().settle();
  }
  /// What an application has received, in its order.
  static std::vector<int> received(const Application& application, std::size_t count) {
    std::vector<int> numbers;
    while (numbers.size() < count)
      if (const auto got = application.receive())
        numbers.push_back(std::stoi(got->text));
      else
        break;
    return numbers;
  }
  static std::vector<int> up_to(int count) {
    std::vector<int> numbers(static_cast<std::size_t>(count));
    std::iota(numbers.begin(), numbers.end(), 0);
    return numbers;
  }

  std::optional<linux::Pair> pair;
  std::optional<Gateway> here, there;
};

/// Datagrams that nobody answers: which queue of the device a flow gets, nothing but chance decides.
TEST_F(WorkersTest, GivePacketsToTheOneThatHasTheSa) {
  install({}, 0, 2);
  std::deque<Application> ours, theirs;
  constexpr int flows = 16, packets = 50;
  for (std::uint16_t i = 0; i < flows; ++i) {
    ours.emplace_back(pair->here, endpoint("10.1.0.1", static_cast<std::uint16_t>(2000 + i)));
    theirs.emplace_back(pair->there, endpoint("10.2.0.1", static_cast<std::uint16_t>(2000 + i)));
  }
  for (int number = 0; number < packets; ++number)
    for (std::uint16_t i = 0; i < flows; ++i)
      EXPECT_EQ(ours[i].send(endpoint("10.2.0.1", static_cast<std::uint16_t>(2000 + i)), std::to_string(number)), 0);
  for (std::uint16_t i = 0; i < flows; ++i) EXPECT_EQ(received(theirs[i], packets), up_to(packets)) << i;
  const auto sent = here->workers().totals(), taken = there->workers().totals();
  EXPECT_EQ(sent.packets.outbound.packets, flows * packets);
  EXPECT_EQ(taken.packets.inbound.packets, flows * packets);
  EXPECT_GT(sent.pump.handed_over, 0u);
  EXPECT_EQ(sent.pump.handover_full + sent.packets.drops.total() + taken.packets.drops.total(), 0u);
  EXPECT_EQ(taken.pump.handed_over, 0u) << "the kernel knows by the SPI";
  EXPECT_EQ(here->workers().status({1})->counters.outbound.packets, flows * packets);
  EXPECT_EQ(sent.sas, 1u);
}

/// An answer brings a flow's packets to the queue of the worker that has written it.
TEST_F(WorkersTest, NeedNotHandOverWhatIsAnswered) {
  install({}, 1, 0);
  const Application ours(pair->here, endpoint("10.1.0.1", 2000)), theirs(pair->there, endpoint("10.2.0.1", 2000));
  const auto round = [&] {
    EXPECT_EQ(ours.send(endpoint("10.2.0.1", 2000), "1"), 0);
    EXPECT_TRUE(theirs.receive());
    EXPECT_EQ(theirs.send(endpoint("10.1.0.1", 2000), "2"), 0);
    EXPECT_TRUE(ours.receive());
  };
  for (int i = 0; i < 3; ++i) round();
  const auto before = here->workers().totals().pump.handed_over;
  for (int i = 0; i < 50; ++i) round();
  EXPECT_EQ(here->workers().totals().pump.handed_over, before);
}

/// The heir belongs to the worker of its predecessor (ike::SpiAllocator).
TEST_F(WorkersTest, RenewAnSaUnderItsTraffic) {
  install({}, 2, 1);
  const Application ours(pair->here, endpoint("10.1.0.1", 2000)), theirs(pair->there, endpoint("10.2.0.1", 2000));
  constexpr int packets = 2000;
  std::vector<int> got;
  std::thread reader([&] { got = received(theirs, packets); });
  for (int number = 0; number < packets; ++number) {
    if (number % 100 == 50) {
      const auto heir = static_cast<std::uint32_t>(number / 100 + 2);
      install({.number = heir}, 2, 1);
      if (heir > 2) {  // the one before the last is surely out of use
        here->workers().remove({heir - 2});
        there->workers().remove({heir - 2});
      }
    }
    EXPECT_EQ(ours.send(endpoint("10.2.0.1", 2000), std::to_string(number)), 0);
    if (number % 10 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  reader.join();
  EXPECT_EQ(got, up_to(packets));
  EXPECT_EQ(there->workers().totals().packets.drops.total(), 0u);
}

TEST_F(WorkersTest, HoldPacketsUntilSomeWorkerHasTheSa) {
  const Application ours(pair->here, endpoint("10.1.0.1", 2000)), theirs(pair->there, endpoint("10.2.0.1", 2000));
  EXPECT_EQ(ours.send(endpoint("10.2.0.1", 2000), "1"), 0);
  here->turn_until([&] { return !here->needs.empty(); });
  EXPECT_TRUE(theirs.has_nothing());
  // Whichever thread holds it, for two of three the SA is another's.
  for (std::uint32_t worker = 0; worker < kWorkers; ++worker) {
    install({.number = worker + 1}, worker, worker);
    if (worker != 0) continue;
    EXPECT_EQ(received(theirs, 1), std::vector<int>{1});
  }
}

TEST_F(WorkersTest, SayWhatTheyCannotTake) {
  auto spec = spec_here({});
  spec.inbound.spi = 7;  // reserved (RFC 4303 §2.1)
  here->workers().install(std::move(spec), Use::at_once, {});
  here->workers().settle();
  here->turn_until([&] { return !here->refusals.empty(); });
  EXPECT_EQ(here->refusals, std::vector{ErrorCode::out_of_range});
  EXPECT_FALSE(here->workers().status({1}));
}

/// It lies before ESP of the same size in one train: the kernel steers trains by their first datagram.
TEST_F(WorkersTest, PassIkeOnThatStraysIntoATrain) {
  auto socket = pair->there.within([] { return linux::PacketSocket::open_shared_udp(Family::ipv4, 4501, 0x51, 0); });
  ASSERT_TRUE(socket) << socket.error().text;
  Bytes train(120, 'e');                                // three datagrams of 40 octets
  std::fill_n(train.begin() + 40, 4, std::uint8_t{0});  // the second begins with the non-ESP marker
  std::vector<linux::SendFailure> failures;
  const linux::OutgoingPacket packet{.payload = train,
                                     .segment_size = 40,
                                     .local = endpoint("192.0.2.2", 4501),
                                     .remote = endpoint("192.0.2.1", 4500)};
  socket->front().send(linux::monotonic_now(), {&packet, 1}, failures);
  EXPECT_TRUE(failures.empty());
  here->turn_until([&] {
    return !here->ike.empty() && here->workers().totals().packets.drops[datapath::DropReason::unknown_spi] == 2;
  });
  EXPECT_EQ(here->ike, std::vector<std::string>{std::string(36, 'e')});
}

}  // namespace
}  // namespace sallyport::daemon
