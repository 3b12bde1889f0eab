#include "linux/event_loop.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "linux/clock.h"
#include "linux/kernel_random.h"
#include "linux/signals.h"
#include "linux/waker.h"

namespace sallyport::linux {
namespace {

using namespace std::chrono_literals;

struct Pair {
  Pair() {
    int ends[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    near = FileDescriptor(ends[0]);
    far = FileDescriptor(ends[1]);
  }
  void say() const { EXPECT_EQ(write(far.get(), "x", 1), 1); }
  void hear() const {
    char c;
    EXPECT_EQ(read(near.get(), &c, 1), 1);
  }
  FileDescriptor near, far;
};

TEST(EventLoop, CallsAWatchAgainUntilAllIsRead) {
  const auto loop = *EventLoop::create();
  const Pair pair;
  int calls = 0;
  const auto watch = loop->watch(pair.near.get(), {.readable = true}, [&](Readiness ready) {
    EXPECT_EQ(ready, (Readiness{.readable = true}));
    pair.hear();
    ++calls;
  });
  pair.say();
  pair.say();
  EXPECT_TRUE(loop->turn(0ms));
  EXPECT_TRUE(loop->turn(0ms));
  EXPECT_TRUE(loop->turn(0ms));
  EXPECT_EQ(calls, 2);
}

TEST(EventLoop, DoesNotCallAWatchThatAnotherHasEndedInTheSameTurn) {
  const auto loop = *EventLoop::create();
  const Pair first, second;
  EventLoop::Watch watches[2];
  int calls = 0;
  const auto end_both = [&](Readiness) {
    ++calls;
    for (auto& watch : watches) watch = {};
  };
  watches[0] = *loop->watch(first.near.get(), {.readable = true}, end_both);
  watches[1] = *loop->watch(second.near.get(), {.readable = true}, end_both);
  first.say();
  second.say();
  EXPECT_TRUE(loop->turn(0ms));
  EXPECT_TRUE(loop->turn(0ms));
  EXPECT_EQ(calls, 1);
}

TEST(EventLoop, ReportsOnlyWhatIsWanted) {
  const auto loop = *EventLoop::create();
  const Pair pair;
  Readiness seen;
  auto watch = *loop->watch(pair.near.get(), {}, [&](Readiness ready) { seen = ready; });
  pair.say();
  EXPECT_TRUE(loop->turn(0ms));
  EXPECT_EQ(seen, Readiness{});
  watch.want({.readable = true, .writable = true});
  EXPECT_TRUE(loop->turn(0ms));
  EXPECT_EQ(seen, (Readiness{.readable = true, .writable = true}));
}

TEST(EventLoop, ReportsAClosedPeerEvenWhenNothingIsWanted) {
  const auto loop = *EventLoop::create();
  Pair pair;
  Readiness seen;
  const auto watch = *loop->watch(pair.near.get(), {}, [&](Readiness ready) { seen = ready; });
  pair.far.close();
  EXPECT_TRUE(loop->turn(0ms));
  EXPECT_TRUE(seen.readable);
}

TEST(EventLoop, RefusesWhatCannotBeWaitedFor) {
  const auto loop = *EventLoop::create();
  const auto watch = loop->watch(-1, {.readable = true}, [](Readiness) {});
  ASSERT_FALSE(watch);
  EXPECT_EQ(watch.error().number, EBADF);
}

TEST(EventLoop, SleepsUntilTheEarliestTimerAndNotLess) {
  const auto loop = *EventLoop::create();
  const Instant start = monotonic_now();
  std::optional<Instant> soon = start + 5ms;
  int calls = 0;
  loop->add_timers([] { return std::nullopt; }, [](Instant) { ADD_FAILURE() << "no time was set"; });
  loop->add_timers([&] { return std::optional(start + 1h); }, [](Instant) { ADD_FAILURE() << "an hour too early"; });
  loop->add_timers([&] { return soon; },
                   [&](Instant now) {
                     EXPECT_GE(now, *soon);
                     ++calls;
                     soon.reset();
                     loop->stop();
                   });
  EXPECT_TRUE(loop->run());
  EXPECT_EQ(calls, 1);
  EXPECT_GE(monotonic_now(), start + 5ms);
}

TEST(EventLoop, TakesTheEarliestMomentThereIsForAtOnce) {
  const auto loop = *EventLoop::create();
  int calls = 0;
  loop->add_timers([&] { return calls == 0 ? std::optional(Instant::min()) : std::nullopt; },
                   [&](Instant) { ++calls; });
  EXPECT_TRUE(loop->turn(1h));
  EXPECT_EQ(calls, 1);
}

TEST(EventLoop, DoesNotSleepWhenStoppedBeforeSleep) {
  const auto loop = *EventLoop::create();
  int actions = 0;
  loop->before_sleep([&] {
    ++actions;
    loop->stop();
  });
  EXPECT_TRUE(loop->run());
  EXPECT_EQ(actions, 1);
}

TEST(Waker, WakesTheLoopFromAnotherThread) {
  const auto loop = *EventLoop::create();
  const Waker waker = *Waker::create();
  int calls = 0;
  const auto watch = *loop->watch(waker.fd(), {.readable = true}, [&](Readiness) {
    waker.drain();
    ++calls;
    loop->stop();
  });
  std::thread other([&] {
    waker.wake();
    waker.wake();
  });
  other.join();
  EXPECT_TRUE(loop->run());
  EXPECT_TRUE(loop->turn(0ms));
  EXPECT_EQ(calls, 1);
}

TEST(SignalSource, TurnsSignalsIntoNumbersAndRestoresTheMask) {
  sigset_t mask;
  {
    const auto source = *SignalSource::create({SIGUSR1, SIGHUP});
    EXPECT_EQ(source.next(), std::nullopt);
    raise(SIGUSR1);
    EXPECT_EQ(source.next(), SIGUSR1);
    EXPECT_EQ(source.next(), std::nullopt);
  }
  pthread_sigmask(SIG_BLOCK, nullptr, &mask);
  EXPECT_FALSE(sigismember(&mask, SIGUSR1));
}

TEST(KernelRandom, FillsEveryByteOfALongRequest) {
  KernelRandom random;
  Bytes seen(70'000, 0);  // more than one getrandom call gives when it is interrupted
  Bytes bytes(seen.size());
  for (int round = 0; round < 8; ++round) {
    random.fill(bytes);
    for (std::size_t i = 0; i < bytes.size(); ++i) seen[i] |= bytes[i];
  }
  // A given byte stays zero over eight rounds with probability 2^-64.
  EXPECT_TRUE(std::ranges::all_of(seen, [](std::uint8_t byte) { return byte != 0; }));
}

}  // namespace
}  // namespace sallyport::linux
