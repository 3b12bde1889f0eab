#include "wire/ikev2/sk_payload.h"

#include <gtest/gtest.h>

#include "wire/ikev2/message.h"

namespace sallyport::wire::ikev2 {
namespace {

const IkeHeader header{.initiator_spi = 1, .responder_spi = 2, .major_version = 2, .exchange_type = 35, .flags = 8};

TEST(SkLayout, IsAMessageThatParsesToTheSameParts) {
  auto layout = lay_out_sk(header, PayloadType::idi, {.iv = 8, .text = 20, .icv = 16});
  ASSERT_TRUE(layout);
  EXPECT_EQ(layout->iv_offset, 32u);
  EXPECT_EQ(layout->text_offset, 40u);
  EXPECT_EQ(layout->icv_offset, 60u);
  EXPECT_EQ(layout->message.size(), 76u);
  std::ranges::fill(layout->iv(), std::uint8_t{0x11});
  std::ranges::fill(layout->text(), std::uint8_t{0x22});
  std::ranges::fill(layout->icv(), std::uint8_t{0x33});

  const auto message = parse_message(layout->message);
  ASSERT_TRUE(message);
  const auto* sk = message->payloads.find<SkPayload>();
  ASSERT_NE(sk, nullptr);
  EXPECT_EQ(sk->first_inner, PayloadType::idi);
  EXPECT_EQ(to_hex(sk->body), std::string(16, '1') + std::string(40, '2') + std::string(32, '3'));
  EXPECT_TRUE(equal(associated_data(layout->message, sk->body.size()), layout->associated_data()));
}

TEST(SkLayout, CountsTheFragmentFieldsToTheAssociatedData) {
  const SkfPayload fragment{.first_inner = PayloadType::none, .fragment_number = 2, .total_fragments = 3};
  const auto layout = lay_out_skf(header, fragment, {.iv = 16, .text = 32, .icv = 12});
  ASSERT_TRUE(layout);
  EXPECT_EQ(layout->iv_offset, 36u);
  const auto message = parse_message(layout->message);
  ASSERT_TRUE(message);
  const auto* skf = message->payloads.find<SkfPayload>();
  ASSERT_NE(skf, nullptr);
  EXPECT_EQ(skf->fragment_number, 2);
  EXPECT_EQ(skf->total_fragments, 3);
  EXPECT_EQ(skf->body.size(), 60u);
  EXPECT_TRUE(equal(associated_data(layout->message, skf->body.size()), layout->associated_data()));
}

TEST(SkLayout, DoesNotGrowBeyondOneDatagram) {
  const std::size_t room = max_message_size - 28 - 4;
  EXPECT_TRUE(lay_out_sk(header, PayloadType::idi, {.iv = 8, .text = room - 24, .icv = 16}));
  EXPECT_EQ(lay_out_sk(header, PayloadType::idi, {.iv = 8, .text = room - 23, .icv = 16}).error().code,
            ErrorCode::out_of_range);
  EXPECT_FALSE(lay_out_skf(header, {}, {.iv = 8, .text = room - 24, .icv = 16}));
}

TEST(SkPadding, ComesOffAsItWentOn) {
  for (const std::size_t block : {1u, 4u, 16u}) {
    for (std::size_t inner = 0; inner < 40; ++inner) {
      const std::size_t size = padded_text_size(inner, block);
      ASSERT_EQ(size % block, 0u);
      ASSERT_GT(size, inner);
      ASSERT_LE(size, inner + block);
      Bytes text(size, 0xee);
      write_padding(text, inner);
      const auto stripped = strip_padding(text);
      ASSERT_TRUE(stripped);
      ASSERT_EQ(to_hex(*stripped), to_hex(Bytes(inner, 0xee)));
    }
  }
}

TEST(SkPadding, MayBeLongerThanItMustAndOfAnyContent) {
  Bytes text(300, 0xab);
  text.back() = 255;
  EXPECT_EQ(strip_padding(text)->size(), 44u);
}

TEST(SkPadding, IsRefusedWhenLongerThanTheText) {
  EXPECT_EQ(strip_padding({}).error().code, ErrorCode::malformed);
  EXPECT_EQ(strip_padding(*from_hex("01")).error(), (Error{ErrorCode::malformed, 0}));
  EXPECT_EQ(strip_padding(*from_hex("aabb03")).error(), (Error{ErrorCode::malformed, 2}));
  EXPECT_TRUE(strip_padding(*from_hex("aabb02"))->empty());
}

TEST(SkfPayload, NumbersItsFragmentsFromOneToTheTotal) {
  const auto parse = [](std::string_view hex) {
    const Bytes octets = *from_hex(hex);
    Reader reader(octets);
    return SkfPayload::parse_body(reader);
  };
  EXPECT_TRUE(parse("00010001"));
  EXPECT_TRUE(parse("ffffffff"));
  EXPECT_EQ(parse("00000001").error(), (Error{ErrorCode::out_of_range, 0}));
  EXPECT_EQ(parse("00020001").error(), (Error{ErrorCode::out_of_range, 0}));
  EXPECT_EQ(parse("00000000").error(), (Error{ErrorCode::out_of_range, 0}));
  EXPECT_EQ(parse("000100").error().code, ErrorCode::truncated);
  Bytes octets;
  Writer writer(octets);
  EXPECT_FALSE((SkfPayload{.fragment_number = 2, .total_fragments = 1}.serialize_body(writer)));
}

}  // namespace
}  // namespace sallyport::wire::ikev2
