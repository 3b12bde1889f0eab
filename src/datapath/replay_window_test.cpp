#include "datapath/replay_window.h"

#include <gtest/gtest.h>

#include <set>

#include "base/random.h"

namespace sallyport::datapath {
namespace {

using Verdict = ReplayWindow::Verdict;

// RFC 4303 §3.4.3 as plainly as it can be said.
class NaiveWindow {
 public:
  explicit NaiveWindow(std::uint64_t size) : size_(size) {}
  Verdict check(std::uint64_t sequence) const {
    if (sequence > top_) return Verdict::fresh;
    if (sequence == 0 || sequence + size_ <= top_) return Verdict::stale;
    return seen_.contains(sequence) ? Verdict::seen : Verdict::fresh;
  }
  void commit(std::uint64_t sequence) {
    seen_.insert(sequence);
    top_ = std::max(top_, sequence);
  }
  std::uint64_t top() const { return top_; }

 private:
  std::uint64_t size_;
  std::uint64_t top_ = 0;
  std::set<std::uint64_t> seen_;
};

// Steps that a network makes: in order, a little early or late, far ahead, long ago, to the window's very edges.
std::uint64_t next_number(SeededRandom& random, std::uint64_t top, std::uint64_t size) {
  const auto back = [&](std::uint64_t by) { return top > by ? top - by : 0; };
  switch (random.below(8)) {
    case 0: return top + 1 + random.below(3 * size + 200);
    case 1: return back(random.below(3 * size + 200));
    case 2: return back(size);
    case 3: return back(size - 1);
    case 4: return top + size;
    case 5: return back(random.below(70));
    default: return top + 1 + random.below(3);
  }
}

void expect_same_as_naive(std::uint32_t size, std::uint64_t start) {
  SeededRandom random(size * 31 + start);
  ReplayWindow window(size, true);
  NaiveWindow naive(size);
  if (start != 0) {
    window.commit(start);
    naive.commit(start);
  }
  for (int i = 0; i < 20000; ++i) {
    const std::uint64_t sequence = next_number(random, naive.top(), size);
    const Verdict expected = naive.check(sequence);
    ASSERT_EQ(window.check(sequence), expected)
        << "size " << size << " sequence " << sequence << " top " << naive.top();
    if (expected != Verdict::fresh || random.below(8) == 0) continue;  // now and then a forgery: not committed
    window.commit(sequence);
    naive.commit(sequence);
    ASSERT_EQ(window.top(), naive.top());
  }
}

TEST(ReplayWindow, AgreesWithANaiveModelForEverySize) {
  for (const std::uint32_t size :
       {1u, 2u, 31u, 32u, 63u, 64u, 65u, 100u, 127u, 128u, 1000u, 1024u, 4096u, 5000u, 65536u})
    expect_same_as_naive(size, 0);
}

TEST(ReplayWindow, AgreesWithANaiveModelAcrossACycleOfTheLowHalf) {
  for (const std::uint32_t size : {32u, 64u, 4096u}) expect_same_as_naive(size, 0xffffff00);
}

TEST(ReplayWindow, TakesEachNumberOnce) {
  ReplayWindow window(64, false);
  for (const std::uint64_t sequence : {5u, 3u, 4u, 68u}) {
    EXPECT_EQ(window.check(sequence), Verdict::fresh);
    window.commit(sequence);
    EXPECT_EQ(window.check(sequence), Verdict::seen);
  }
  EXPECT_EQ(window.check(4), Verdict::stale);
  EXPECT_EQ(window.check(5), Verdict::seen);
  EXPECT_EQ(window.check(6), Verdict::fresh);
}

TEST(ReplayWindow, RejectsSequenceNumberZero) {
  const ReplayWindow window(64, false);
  EXPECT_EQ(window.check(0), Verdict::stale);
}

TEST(ReplayWindow, LeapFurtherThanTheWindowForgetsEverything) {
  ReplayWindow window(64, false);
  for (std::uint64_t sequence = 1; sequence <= 64; ++sequence) window.commit(sequence);
  window.commit(64 + 640);
  for (std::uint64_t sequence = 64 + 640 - 63; sequence < 64 + 640; ++sequence)
    EXPECT_EQ(window.check(sequence), Verdict::fresh) << sequence;
  EXPECT_EQ(window.check(64), Verdict::stale);
}

TEST(ReplayWindow, SizeZeroTakesEverything) {
  ReplayWindow window(0, false);
  window.commit(9);
  EXPECT_EQ(window.check(9), Verdict::fresh);
  EXPECT_EQ(window.check(1), Verdict::fresh);
  EXPECT_EQ(window.top(), 9u);
}

TEST(ReplayWindow, HugeSizesAreCut) { EXPECT_EQ(ReplayWindow(0xffffffff, true).size(), ReplayWindow::max_size); }

TEST(ReplayWindow, WithoutExtensionNumbersAreAsTheyStand) {
  ReplayWindow window(64, false);
  window.commit(0xffffffff);
  EXPECT_EQ(window.extend(3), 3u);
  EXPECT_EQ(window.check(3), Verdict::stale);
}

// RFC 4303 App. A2: with the true number anywhere from the window's bottom to 2^32 - size ahead, the guess is right.
TEST(ReplayWindow, GuessesTheHighHalfOfEveryNumberInReach) {
  SeededRandom random(1);
  for (const std::uint32_t size : {32u, 64u, 4096u, 65536u}) {
    for (int i = 0; i < 20000; ++i) {
      ReplayWindow window(size, true);
      // near the start, the middle and the end of a cycle
      const std::uint64_t cycle = random.below(3) << 32;
      const std::uint64_t edge = random.below(2) == 0 ? random.below(2 * size) : random.below(std::uint64_t{1} << 32);
      const std::uint64_t top = cycle + (random.below(2) == 0 ? edge : 0xffffffff - edge);
      if (top == 0) continue;
      window.commit(top);
      const std::uint64_t bottom = top >= size ? top - size + 1 : 1;
      const std::uint64_t reach = (std::uint64_t{1} << 32) - size;
      const std::uint64_t sequence =
          random.below(2) == 0 ? bottom + random.below(top - bottom + 1) : top + 1 + random.below(reach);
      ASSERT_EQ(window.extend(static_cast<std::uint32_t>(sequence)), sequence) << "top " << top << " size " << size;
    }
  }
}

TEST(ReplayWindow, GuessesNothingBeforeTheFirstNumber) {
  const ReplayWindow window(64, true);
  EXPECT_EQ(window.extend(1), 1u);
  EXPECT_EQ(window.extend(0xffffffff), 0u);
  EXPECT_EQ(window.check(window.extend(0xffffffff)), Verdict::stale);
}

TEST(ReplayWindow, GuessesWithoutAWindowByWhatIsNearest) {
  ReplayWindow window(0, true);
  EXPECT_EQ(window.extend(5), 5u);
  window.commit(0xfffffff0);
  EXPECT_EQ(window.extend(5), 0x100000005u);
  EXPECT_EQ(window.extend(0xffffff00), 0xffffff00u);
}

}  // namespace
}  // namespace sallyport::datapath
