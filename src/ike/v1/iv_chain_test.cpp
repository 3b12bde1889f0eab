// The chains of IVs; along whole sessions of real peers they are tested in protection_test.cpp.
#include "ike/v1/iv_chain.h"

#include <gtest/gtest.h>

#include "crypto/openssl/provider_openssl.h"
#include "wire/ike_header.h"

namespace sallyport::ike::v1 {
namespace {

constexpr crypto::Encryption kTripleDes{crypto::Cipher::triple_des_cbc, 192}, kAes{crypto::Cipher::aes_cbc, 256};

class IvChains : public testing::Test {
 protected:
  IvChain phase_1(crypto::Encryption encryption = kAes) {
    return IvChain::of_phase_1(*crypto_, crypto::Hash::sha2_256, encryption, Bytes(96, 1), Bytes(96, 2));
  }
  static Bytes iv_of(const IvChain& chain) { return to_bytes(chain.iv()); }
  /// A message that ends in 16 octets of `last`.
  static Bytes message(std::uint8_t last) {
    Bytes message(wire::ike_header_size + 16, 0x55);
    message.resize(message.size() + 16, last);
    return message;
  }

  std::unique_ptr<crypto::Provider> crypto_ = crypto::make_openssl_provider();
};

TEST_F(IvChains, AreAsLongAsTheBlock) {
  EXPECT_EQ(phase_1(kTripleDes).iv().size(), 8U);
  EXPECT_EQ(phase_1(kAes).iv().size(), 16U);
  EXPECT_TRUE(equal(phase_1(kTripleDes).iv(), phase_1(kAes).iv().first(8)));
  EXPECT_EQ(phase_1(kTripleDes).of_exchange(*crypto_, 1).iv().size(), 8U);
}

TEST_F(IvChains, BeginWithTheInitiatorsValue) {
  const auto swapped = IvChain::of_phase_1(*crypto_, crypto::Hash::sha2_256, kAes, Bytes(96, 2), Bytes(96, 1));
  EXPECT_NE(iv_of(phase_1()), iv_of(swapped));
}

TEST_F(IvChains, ContinueFromTheLastBlock) {
  IvChain chain = phase_1();
  chain.follow(message(0xaa));
  EXPECT_EQ(iv_of(chain), Bytes(16, 0xaa));
  chain.follow(message(0xbb));
  EXPECT_EQ(iv_of(chain), Bytes(16, 0xbb));
}

TEST_F(IvChains, OfExchangesAreTheirOwn) {
  IvChain chain = phase_1();
  chain.follow(message(0xaa));
  IvChain one = chain.of_exchange(*crypto_, 1);
  IvChain two = chain.of_exchange(*crypto_, 2);
  EXPECT_NE(iv_of(one), iv_of(two));
  const Bytes before = iv_of(two);
  one.follow(message(0xbb));
  EXPECT_EQ(iv_of(two), before);
  EXPECT_EQ(iv_of(chain), Bytes(16, 0xaa));
  EXPECT_EQ(iv_of(chain.of_exchange(*crypto_, 2)), before);
}

TEST_F(IvChains, OfExchangesDependOnTheEndOfPhase1) {
  IvChain chain = phase_1();
  const Bytes early = iv_of(chain.of_exchange(*crypto_, 1));
  chain.follow(message(0xaa));
  EXPECT_NE(iv_of(chain.of_exchange(*crypto_, 1)), early);
}

}  // namespace
}  // namespace sallyport::ike::v1
