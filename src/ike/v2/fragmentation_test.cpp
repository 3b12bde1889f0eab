#include "ike/v2/fragmentation.h"

#include <gtest/gtest.h>

#include "crypto/openssl/provider_openssl.h"

namespace sallyport::ike::v2 {
namespace {

namespace w = wire::ikev2;
using Verdict = Reassembly::Verdict;

constexpr std::size_t kLimit = 10000;

class Fragmenting : public testing::Test {
 protected:
  static policy::Suite suite(crypto::Cipher cipher) {
    policy::Suite suite;
    suite.encryption = {cipher, 128};
    suite.integrity = crypto::is_combined(cipher) ? crypto::Integrity::none : crypto::Integrity::hmac_sha2_256_128;
    return suite;
  }
  /// Of a message whose payloads are octets that tell where they stand.
  static Plaintext plaintext(std::size_t size) {
    Plaintext plain{.header = {.initiator_spi = 1, .responder_spi = 2, .major_version = 2, .exchange_type = 35},
                    .first = w::PayloadType::idi,
                    .inner = Bytes(size)};
    for (std::size_t i = 0; i < size; ++i) plain.inner[i] = static_cast<std::uint8_t>(i * 7 + i / 256);
    return plain;
  }
  std::vector<Bytes> cut(const policy::Suite& suite, const Plaintext& plain, std::size_t longest) {
    auto fragments = seal_in_fragments(*crypto_, random_, suite, {encryption_, integrity_}, iv_, plain, longest);
    return fragments ? *fragments : std::vector<Bytes>();
  }
  std::expected<Bytes, OpenError> opened(const policy::Suite& suite, ByteView message) {
    const auto parsed = w::parse_message(message);
    return open_fragment(*crypto_, suite, {encryption_, integrity_}, message,
                         *parsed.value().payloads.find<w::SkfPayload>());
  }

  std::unique_ptr<crypto::Provider> crypto_ = crypto::make_openssl_provider();
  SeededRandom random_{1};
  Secret encryption_ = Secret::copy_of(Bytes(20, 0x11)), integrity_ = Secret::copy_of(Bytes(32, 0x22));
  std::uint64_t iv_ = 0;
};

TEST_F(Fragmenting, NoneIsLongerThanAllowedAndTogetherTheyAreTheMessage) {
  for (const auto cipher : {crypto::Cipher::aes_gcm_16, crypto::Cipher::aes_cbc}) {
    auto with = suite(cipher);
    if (cipher == crypto::Cipher::aes_cbc) encryption_ = Secret::copy_of(Bytes(16, 0x11));
    for (const std::size_t size : {1U, 50U, 500U, 1999U, 2000U, 2001U}) {
      const Plaintext plain = plaintext(size);
      Bytes together;
      const auto fragments = cut(with, plain, 300);
      ASSERT_FALSE(fragments.empty());
      for (std::size_t i = 0; i < fragments.size(); ++i) {
        EXPECT_LE(fragments[i].size(), 300U);
        const auto message = w::parse_message(fragments[i]).value();
        const auto* skf = message.payloads.find<w::SkfPayload>();
        ASSERT_TRUE(skf);
        EXPECT_EQ(skf->fragment_number, i + 1);
        EXPECT_EQ(skf->total_fragments, fragments.size());
        EXPECT_EQ(skf->first_inner, i == 0 ? w::PayloadType::idi : w::PayloadType::none);
        append(together, opened(with, fragments[i]).value());
      }
      EXPECT_EQ(together, plain.inner) << size;
    }
  }
}

TEST_F(Fragmenting, EachHasAnIvOfItsOwn) {
  const auto fragments = cut(suite(crypto::Cipher::aes_gcm_16), plaintext(1000), 200);
  ASSERT_GT(fragments.size(), 3U);
  EXPECT_EQ(iv_, fragments.size());
  for (std::size_t i = 0; i < fragments.size(); ++i)
    EXPECT_EQ(load_be64(&fragments[i][wire::ike_header_size + 8]), i + 1);
}

TEST_F(Fragmenting, ThereAreNoneWhereNothingFits) {
  EXPECT_TRUE(cut(suite(crypto::Cipher::aes_gcm_16), plaintext(100), 61).empty());
  EXPECT_TRUE(cut(suite(crypto::Cipher::aes_gcm_16), plaintext(70000), 62).empty());  // more than can be counted
}

TEST_F(Fragmenting, AnAlteredNumberTotalOrFirstTypeIsNotAuthentic) {
  const auto with = suite(crypto::Cipher::aes_gcm_16);
  const Bytes whole = cut(with, plaintext(500), 300).at(1);
  ASSERT_TRUE(opened(with, whole));
  for (const std::size_t at : {wire::ike_header_size, wire::ike_header_size + 5, wire::ike_header_size + 7}) {
    Bytes altered = whole;
    altered[at] ^= 1;
    const auto parsed = w::parse_message(altered);
    if (!parsed) continue;  // number and total contradict each other
    const auto result = opened(with, altered);
    ASSERT_FALSE(result) << at;
    EXPECT_FALSE(result.error().authentic);
  }
}

class Gathering : public testing::Test {
 protected:
  static w::SkfPayload fragment(std::uint16_t number, std::uint16_t total) {
    return {.first_inner = number == 1 ? w::PayloadType::nonce : w::PayloadType::none,
            .fragment_number = number,
            .total_fragments = total,
            .body = {}};
  }
  static wire::IkeHeader header(std::uint32_t id, std::uint8_t exchange = 35) {
    return {.exchange_type = exchange, .message_id = id, .length = 100};
  }
  Result<bool> take(std::uint32_t id, std::uint16_t number, std::uint16_t total, std::size_t size = 10) {
    return whole_.take({}, kLimit, header(id), fragment(number, total), Bytes(size, static_cast<std::uint8_t>(number)));
  }
  Verdict judge(std::uint32_t id, std::uint16_t number, std::uint16_t total, std::uint8_t exchange = 35) {
    return whole_.judge(header(id, exchange), fragment(number, total));
  }

  Reassembly whole_;
};

TEST_F(Gathering, IsCompleteInAnyOrder) {
  EXPECT_FALSE(take(1, 3, 3, 1).value());
  EXPECT_FALSE(take(1, 1, 3, 1).value());
  EXPECT_TRUE(take(1, 2, 3, 1).value());
  const auto whole = whole_.release();
  EXPECT_EQ(whole.inner, (Bytes{1, 2, 3}));
  EXPECT_EQ(whole.first, w::PayloadType::nonce);
  EXPECT_EQ(whole.size, 300U);
  EXPECT_TRUE(whole_.empty());
}

TEST_F(Gathering, WantsNoFragmentTwice) {
  ASSERT_FALSE(take(1, 2, 3).value());
  EXPECT_EQ(judge(1, 2, 3), Verdict::repeated);
  EXPECT_EQ(judge(1, 3, 3), Verdict::wanted);
}

TEST_F(Gathering, MoreFragmentsReplaceFewerAndNeverTheOtherWayRound) {
  ASSERT_FALSE(take(1, 1, 2, 500).value());
  EXPECT_EQ(judge(1, 1, 3), Verdict::wanted);
  ASSERT_FALSE(take(1, 1, 3, 5).value());
  EXPECT_EQ(whole_.octets(), 5U);
  EXPECT_EQ(judge(1, 2, 2), Verdict::refused);
  ASSERT_FALSE(take(1, 2, 3, 5).value());
  EXPECT_TRUE(take(1, 3, 3, 5).value());
}

TEST_F(Gathering, RefusesAnotherExchangeUnderTheSameId) {
  ASSERT_FALSE(take(1, 1, 2).value());
  EXPECT_EQ(judge(1, 2, 2, 36), Verdict::refused);
}

TEST_F(Gathering, RefusesMoreFragmentsThanTheBound) {
  EXPECT_EQ(judge(1, 1, kMostFragments), Verdict::wanted);
  EXPECT_EQ(judge(1, 1, kMostFragments + 1), Verdict::refused);
}

TEST_F(Gathering, ForgetsAMessageThatBecomesTooLong) {
  for (std::uint16_t i = 1; i <= 10; ++i) ASSERT_FALSE(take(1, i, 20, 1000).value());
  const auto beyond = take(1, 11, 20, 1);
  ASSERT_FALSE(beyond);
  EXPECT_EQ(beyond.error().code, ErrorCode::exhausted);
  EXPECT_EQ(whole_.octets(), 0U);
}

TEST_F(Gathering, ALaterMessageTakesThePlaceOfWhatIsIncomplete) {
  ASSERT_FALSE(take(1, 1, 2, 1000).value());
  ASSERT_FALSE(take(2, 2, 2, 1).value());
  EXPECT_EQ(whole_.octets(), 1U);
  EXPECT_TRUE(take(2, 1, 2, 1).value());
}

TEST(SmallerPackets, EndWhereEveryLinkOrHostTakesThem) {
  const auto v4 = policy::IpAddress::v4(192, 0, 2, 1);
  const auto v6 = *policy::IpAddress::parse("2001:db8::1");
  EXPECT_EQ(smaller_packets(1500, v4), 1280U);
  EXPECT_EQ(smaller_packets(1280, v4), 576U);
  EXPECT_EQ(smaller_packets(576, v4), std::nullopt);
  EXPECT_EQ(smaller_packets(1500, v6), 1280U);
  EXPECT_EQ(smaller_packets(1280, v6), std::nullopt);
}

}  // namespace
}  // namespace sallyport::ike::v2
