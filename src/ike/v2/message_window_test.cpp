#include "ike/v2/message_window.h"

#include <gtest/gtest.h>

#include "crypto/openssl/provider_openssl.h"

namespace sallyport::ike::v2 {
namespace {

using Arrival = MessageWindow::Arrival;
using std::chrono::seconds;

class Window : public testing::Test {
 protected:
  void ask() { window_.sent_request(now_, {Bytes{1}}, settings_, random_); }
  static Bytes octets(std::uint32_t id) { return Bytes(10, static_cast<std::uint8_t>(id)); }
  Arrival classify(std::uint32_t id) { return window_.classify_request(*crypto_, id, octets(id)); }
  void answer(std::uint32_t id) { window_.answered_request(*crypto_, id, octets(id), {octets(id + 100)}); }

  std::unique_ptr<crypto::Provider> crypto_ = crypto::make_openssl_provider();
  Settings settings_{.retransmit_timeout = seconds(4), .retransmit_jitter = 0};
  SeededRandom random_{1};
  Instant now_{};
  MessageWindow window_;
};

TEST_F(Window, IsOfOneUntilThePeerSaysMore) {
  EXPECT_TRUE(window_.has_room());
  ask();
  EXPECT_FALSE(window_.has_room());
  window_.set_peers(3);
  ask();
  ask();
  EXPECT_FALSE(window_.has_room());
  window_.set_peers(2);  // it does not shrink
  EXPECT_EQ(window_.peers(), 3u);
}

TEST_F(Window, MovesOnWithItsOldestRequest) {
  window_.set_peers(3);
  for (int i = 0; i < 3; ++i) ask();
  window_.request_answered(1);
  window_.request_answered(2);
  EXPECT_FALSE(window_.has_room());
  EXPECT_TRUE(window_.answers_outstanding(0));
  EXPECT_FALSE(window_.answers_outstanding(2));
  window_.request_answered(0);
  EXPECT_TRUE(window_.has_room());
  EXPECT_FALSE(window_.next_due());
  ask();
  EXPECT_TRUE(window_.answers_outstanding(3));
}

TEST_F(Window, RepeatsEachRequestInItsOwnTime) {
  window_.set_peers(2);
  ask();
  now_ += seconds(1);
  ask();
  EXPECT_EQ(window_.next_due(), Instant{} + seconds(4));
  now_ += seconds(3);
  EXPECT_EQ(window_.due(now_), 0u);
  EXPECT_EQ(window_.repeat_request(now_, 0, settings_, random_).value().attempt, 1u);
  EXPECT_FALSE(window_.due(now_));
  EXPECT_EQ(window_.next_due(), Instant{} + seconds(5));
  EXPECT_EQ(window_.attempts(0), 2u);
  EXPECT_EQ(window_.attempts(1), 1u);
}

TEST_F(Window, TakesRequestsInAnyOrderWithinIt) {
  window_.set_own(3);
  EXPECT_EQ(classify(2), Arrival::fresh);
  EXPECT_EQ(classify(3), Arrival::stray);
  answer(2);
  EXPECT_EQ(classify(2), Arrival::repeated);
  EXPECT_EQ(classify(0), Arrival::fresh);
  EXPECT_EQ(classify(3), Arrival::stray);  // 0 is still to come
  answer(0);
  EXPECT_EQ(classify(3), Arrival::fresh);
  EXPECT_EQ(classify(4), Arrival::stray);
  answer(1);
  EXPECT_EQ(classify(5), Arrival::fresh);
  EXPECT_EQ(classify(6), Arrival::stray);
}

TEST_F(Window, KeepsTheAnswersThatThePeerMayAskForAgainAndNoMore) {
  window_.set_own(2);
  for (std::uint32_t id = 0; id < 5; ++id) answer(id);
  EXPECT_EQ(classify(4), Arrival::repeated);
  EXPECT_EQ(classify(3), Arrival::repeated);
  EXPECT_EQ(window_.response(3), std::vector<Bytes>{octets(103)});
  EXPECT_EQ(classify(2), Arrival::stray);
}

TEST_F(Window, OfTheResponderForgetsWhatWasBeforeItWasWidened) {
  answer(0);
  answer(1);
  window_.set_own(8);
  EXPECT_EQ(classify(0), Arrival::stray);
  EXPECT_EQ(classify(1), Arrival::repeated);
  EXPECT_EQ(classify(9), Arrival::fresh);
  EXPECT_EQ(classify(10), Arrival::stray);
}

TEST_F(Window, DoesNotTakeIdsThatBeginAnew) {
  window_.set_own(64);
  for (std::uint32_t id = 0; id < 100; ++id) answer(id);
  EXPECT_EQ(classify(35), Arrival::stray);
  EXPECT_EQ(classify(36), Arrival::repeated);
  EXPECT_EQ(classify(0xffffffff), Arrival::stray);
}

TEST_F(Window, AnswersTheSameOctetsAlone) {
  answer(0);
  EXPECT_EQ(window_.classify_request(*crypto_, 0, octets(9)), Arrival::stray);
}

TEST_F(Window, OfOneTakesTheNextAndRemembersTheLast) {
  answer(0);
  EXPECT_EQ(classify(0), Arrival::repeated);
  EXPECT_EQ(classify(1), Arrival::fresh);
  EXPECT_EQ(classify(2), Arrival::stray);
  answer(1);
  EXPECT_EQ(classify(0), Arrival::stray);
}

}  // namespace
}  // namespace sallyport::ike::v2
