#include "ike/v2/cookie.h"

#include <gtest/gtest.h>

#include "crypto/openssl/provider_openssl.h"

namespace sallyport::ike::v2 {
namespace {

using policy::Endpoint;
using policy::IpAddress;
using std::chrono::minutes;

class Cookie : public testing::Test {
 protected:
  Bytes make(const std::optional<Puzzle>& puzzle = std::nullopt) {
    return jar_.make(now_, *crypto_, random_, alice_, 1, nonce_, puzzle);
  }
  bool is_good(const Bytes& cookie) { return jar_.verify(*crypto_, cookie, alice_, 1, nonce_).has_value(); }

  std::unique_ptr<crypto::Provider> crypto_ = crypto::make_openssl_provider();
  SeededRandom random_{1};
  CookieJar jar_{random_};
  Instant now_{};
  const Endpoint alice_{IpAddress::v4(192, 0, 2, 1), 500};
  const Bytes nonce_ = Bytes(32, 0x11);
};

TEST_F(Cookie, IsForOneAddressSpiAndNonce) {
  const Bytes cookie = make();
  EXPECT_LE(cookie.size(), 64u);  // RFC 7296 §2.6
  EXPECT_TRUE(is_good(cookie));
  EXPECT_FALSE(jar_.verify(*crypto_, cookie, {IpAddress::v4(192, 0, 2, 2), 500}, 1, nonce_));
  EXPECT_FALSE(jar_.verify(*crypto_, cookie, {alice_.address, 501}, 1, nonce_));
  EXPECT_FALSE(jar_.verify(*crypto_, cookie, alice_, 2, nonce_));
  EXPECT_FALSE(jar_.verify(*crypto_, cookie, alice_, 1, Bytes(32, 0x12)));
}

TEST_F(Cookie, OutlivesOneChangeOfTheSecretAndNoSecondOne) {
  const Bytes cookie = make();
  now_ += minutes(2);
  EXPECT_NE(make(), cookie);
  EXPECT_TRUE(is_good(cookie));
  now_ += minutes(2);
  make();
  EXPECT_FALSE(is_good(cookie));
}

TEST_F(Cookie, TellsWhichPuzzleCameWithIt) {
  const Puzzle puzzle{crypto::Prf::hmac_sha2_384, 17};
  EXPECT_EQ(jar_.verify(*crypto_, make(puzzle), alice_, 1, nonce_).value().puzzle, puzzle);
  EXPECT_FALSE(jar_.verify(*crypto_, make(), alice_, 1, nonce_).value().puzzle);
}

TEST_F(Cookie, IsNoneWithOneOctetChangedOrLeftOut) {
  const Bytes cookie = make(Puzzle{crypto::Prf::hmac_sha2_256, 17});
  for (std::size_t i = 0; i < cookie.size(); ++i) {
    Bytes changed = cookie, cut = cookie;
    changed[i] ^= 1;
    cut.resize(i);
    EXPECT_FALSE(is_good(changed)) << i;
    EXPECT_FALSE(is_good(cut)) << i;
  }
}

}  // namespace
}  // namespace sallyport::ike::v2
