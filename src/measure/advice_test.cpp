#include "measure/advice.h"

#include <gmock/gmock.h>

namespace sallyport::measure {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

SuiteFigures suite(std::string name, double nanoseconds) {
  return {std::move(name), {nanoseconds, nanoseconds}, {nanoseconds / 5, nanoseconds / 5}};
}
TunnelSpeed tunnel(double gigabits) { return {gigabits, std::chrono::microseconds(50), std::chrono::microseconds(90)}; }

TEST(Advice, PutsTheFasterCipherFirst) {
  const auto with_aes =
      advice({.suites = {suite("aes128gcm16", 100), suite("chacha20poly1305", 500)}, .udp = {}, .ip = {}});
  EXPECT_THAT(with_aes,
              Contains("aes128gcm16 is the fastest: one core does 113.6 Gbit/s of packets of 1420 octets in memory."));
  EXPECT_THAT(with_aes,
              Contains(HasSubstr("Put AES-GCM before ChaCha20-Poly1305 in esp_proposals: here it is 5.0 times")));
  const auto without =
      advice({.suites = {suite("aes128gcm16", 900), suite("chacha20poly1305", 300)}, .udp = {}, .ip = {}});
  EXPECT_THAT(without, Contains(HasSubstr("Put ChaCha20-Poly1305 before AES-GCM")));
  const auto alike =
      advice({.suites = {suite("aes128gcm16", 300), suite("chacha20poly1305", 310)}, .udp = {}, .ip = {}});
  EXPECT_THAT(alike, Not(Contains(HasSubstr("in esp_proposals"))));
}

TEST(Advice, NamesWhatIsSlow) {
  const auto lines = advice({.suites = {suite("aes128gcm16", 100), suite("3des-md5", 9000)}, .udp = {}, .ip = {}});
  EXPECT_THAT(lines, Contains("3des-md5 takes 90 times as long; keep it for peers that know nothing better."));
}

TEST(Advice, ChoosesBetweenUdpAndIp) {
  EXPECT_THAT(advice({.suites = {}, .udp = tunnel(9), .ip = tunnel(3)}),
              Contains(HasSubstr("ESP in UDP is 3.0 times as fast")));
  EXPECT_THAT(advice({.suites = {}, .udp = tunnel(3), .ip = tunnel(9)}), Contains(HasSubstr("leave encap as it is")));
  EXPECT_THAT(advice({.suites = {}, .udp = tunnel(9), .ip = {}}), Not(Contains(HasSubstr("encap"))));
}

TEST(Advice, KnowsHowManyCoresThereAre) {
  EXPECT_THAT(advice({.suites = {}, .udp = {}, .ip = {}, .cores = 8}), Contains(HasSubstr("With 8 of them")));
  EXPECT_THAT(advice({.suites = {}, .udp = {}, .ip = {}, .cores = 1}), Contains(HasSubstr("There is one core")));
}

}  // namespace
}  // namespace sallyport::measure
