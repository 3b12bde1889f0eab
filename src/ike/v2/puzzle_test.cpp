#include "ike/v2/puzzle.h"

#include <gtest/gtest.h>

#include "crypto/openssl/provider_openssl.h"

namespace sallyport::ike::v2 {
namespace {

namespace w = wire::ikev2;
using crypto::Prf;

class Puzzling : public testing::Test {
 protected:
  std::optional<Bytes> solve(const Puzzle& puzzle) {
    PuzzleSearch search(puzzle, string_);
    for (;;) switch (search.go_on(*crypto_, 100)) {
        case PuzzleSearch::State::open: break;
        case PuzzleSearch::State::solved: return search.take_solution();
        case PuzzleSearch::State::hopeless: return std::nullopt;
      }
  }
  std::optional<unsigned> reached(Prf prf, Bytes solution) {
    return zero_bits_reached(*crypto_, prf, string_, {std::move(solution)});
  }

  std::unique_ptr<crypto::Provider> crypto_ = crypto::make_openssl_provider();
  const Bytes string_ = Bytes(20, 0xee);
};

TEST_F(Puzzling, GivesFourKeysThatReachWhatIsAskedFor) {
  for (const Prf prf : {Prf::hmac_sha1, Prf::hmac_sha2_256, Prf::hmac_sha2_512, Prf::aes128_xcbc})
    for (const auto difficulty : std::to_array<std::uint8_t>({1, 5, 9})) {
      const auto solution = solve({prf, difficulty});
      ASSERT_TRUE(solution);
      EXPECT_EQ(solution->size(), 16u);
      EXPECT_GE(reached(prf, *solution).value_or(0), difficulty);
    }
}

TEST_F(Puzzling, IsForOneStringAndOnePrf) {
  const Bytes solution = solve({Prf::hmac_sha2_256, 9}).value();
  EXPECT_LT(reached(Prf::hmac_sha1, solution).value_or(0), 9u);
  EXPECT_LT(zero_bits_reached(*crypto_, Prf::hmac_sha2_256, Bytes(20, 0xef), {solution}).value_or(0), 9u);
}

TEST_F(Puzzling, CountsTheKeyThatReachesLeast) {
  Bytes solution = solve({Prf::hmac_sha2_256, 9}).value();
  store_be32(&solution[12], 0xffffffff);
  EXPECT_LT(reached(Prf::hmac_sha2_256, solution).value_or(0), 9u);
}

TEST_F(Puzzling, TakesNoKeyTwice) {
  Bytes solution = solve({Prf::hmac_sha2_256, 5}).value();
  std::copy_n(solution.begin(), 4, solution.begin() + 8);
  EXPECT_FALSE(reached(Prf::hmac_sha2_256, solution));
}

TEST_F(Puzzling, TakesNoKeyOfMoreOctetsThanThePrfLikes) {
  EXPECT_FALSE(reached(Prf::hmac_sha1, Bytes(84)));
  Bytes longest(80);
  for (std::size_t i = 0; i < 4; ++i) longest[20 * i] = static_cast<std::uint8_t>(i);
  EXPECT_TRUE(reached(Prf::hmac_sha1, longest));
}

TEST_F(Puzzling, StandsInANotifyAsPrfAndDifficulty) {
  const auto notify = write_puzzle({Prf::hmac_sha2_256, 17});
  EXPECT_EQ(notify.type, w::NotifyType::puzzle);
  EXPECT_EQ(to_hex(notify.data), "000511");
  w::PayloadChain payloads;
  payloads.add(notify);
  EXPECT_EQ(read_puzzle(*crypto_, payloads), (Puzzle{Prf::hmac_sha2_256, 17}));
}

TEST_F(Puzzling, IsNoneWithoutAPrfThatWeHave) {
  for (const Bytes& data : {Bytes{}, Bytes{0, 5}, Bytes{0, 5, 1, 1}, Bytes{0, 3, 1}, Bytes{0xff, 0xff, 1}}) {
    w::PayloadChain payloads;
    payloads.add(w::NotifyPayload{.type = w::NotifyType::puzzle, .data = data});
    EXPECT_FALSE(read_puzzle(*crypto_, payloads)) << to_hex(data);
  }
  EXPECT_FALSE(read_puzzle(*crypto_, w::PayloadChain()));
}

TEST_F(Puzzling, OfIkeAuthIsMadeOfNonceAndSpi) {
  EXPECT_EQ(to_hex(puzzle_string(Bytes{0xaa, 0xbb}, 0x0102030405060708)), "aabb0102030405060708");
}

}  // namespace
}  // namespace sallyport::ike::v2
