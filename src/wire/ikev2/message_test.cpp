#include "wire/ikev2/message.h"

#include <gtest/gtest.h>

#include "tests/vectors/wire/spaced_hex.h"

namespace sallyport::wire::ikev2 {
namespace {

Result<PayloadChain> parse(PayloadType first, std::string_view hex) {
  return parse_payloads(first, vectors::spaced_hex(hex), 28);
}

IkeHeader header() {
  return {.initiator_spi = 1,
          .responder_spi = 2,
          .major_version = 2,
          .exchange_type = number(ExchangeType::informational),
          .flags = flag_initiator,
          .message_id = 3};
}

TEST(PayloadChain, IsEmptyWhenTheFirstTypeIsNone) {
  const auto chain = parse(PayloadType::none, "");
  ASSERT_TRUE(chain);
  EXPECT_TRUE(chain->empty());
  EXPECT_EQ(chain->first_type(), PayloadType::none);
}

TEST(PayloadChain, RefusesOctetsBehindItsEnd) {
  EXPECT_EQ(parse(PayloadType::none, "00"), fail(ErrorCode::trailing, 28));
  EXPECT_EQ(parse(PayloadType::vendor_id, "00000005aa 00"), fail(ErrorCode::trailing, 33));
}

TEST(PayloadChain, RefusesToEndWhereAnotherPayloadIsPromised) {
  EXPECT_EQ(parse(PayloadType::vendor_id, ""), fail(ErrorCode::truncated, 28));
  EXPECT_EQ(parse(PayloadType::vendor_id, "2b000005aa"), fail(ErrorCode::truncated, 33));
}

TEST(PayloadChain, RefusesAPayloadLengthBelowItsHeader) {
  for (const char* payload : {"00000000", "00000001", "00000003"})
    EXPECT_EQ(parse(PayloadType::vendor_id, payload), fail(ErrorCode::malformed, 30)) << payload;
  EXPECT_TRUE(parse(PayloadType::vendor_id, "00000004"));
}

TEST(PayloadChain, RefusesAPayloadLongerThanTheMessage) {
  EXPECT_EQ(parse(PayloadType::vendor_id, "00000006aa"), fail(ErrorCode::truncated, 32));
  EXPECT_EQ(parse(PayloadType::vendor_id, "0000ffffaa"), fail(ErrorCode::truncated, 32));
}

TEST(PayloadChain, CannotBeMadeToLoop) {
  // Empty payloads, each announcing another: bounded by their octets and by their number.
  Bytes octets;
  for (std::size_t i = 0; i + 1 < max_payloads; ++i) append(octets, vectors::spaced_hex("2b000004"));
  EXPECT_EQ(parse_payloads(PayloadType::vendor_id, octets), fail(ErrorCode::truncated, octets.size()));
  Bytes full = octets;
  append(full, vectors::spaced_hex("00000004"));
  EXPECT_EQ(parse_payloads(PayloadType::vendor_id, full)->size(), max_payloads);
  append(octets, vectors::spaced_hex("2b00000400000004"));
  EXPECT_EQ(parse_payloads(PayloadType::vendor_id, octets), fail(ErrorCode::exhausted, max_payloads * 4));
}

TEST(PayloadChain, KeepsUnknownPayloadsWithTheirCriticalFlag) {
  const auto chain = parse(PayloadType{200}, "c9000006aabb c980000501 00800004");
  ASSERT_TRUE(chain);
  ASSERT_EQ(chain->all<UnknownPayload>().size(), 3u);
  EXPECT_EQ(chain->find<UnknownPayload>()->type, PayloadType{200});
  const UnknownPayload* critical = chain->find_unsupported_critical();
  ASSERT_NE(critical, nullptr);
  EXPECT_EQ(critical->type, PayloadType{201});
  EXPECT_EQ(to_hex(critical->data), "01");
}

TEST(PayloadChain, DoesNotMindTheCriticalFlagOfKnownPayloads) {
  const auto chain = parse(PayloadType::vendor_id, "2980000501 0080000800004000");
  ASSERT_TRUE(chain);
  EXPECT_TRUE((*chain)[0].critical);
  EXPECT_EQ(chain->find_unsupported_critical(), nullptr);
  EXPECT_NE(chain->find_notify(NotifyType::initial_contact), nullptr);
}

TEST(PayloadChain, IgnoresTheReservedBitsOfTheGenericHeader) {
  const auto chain = parse(PayloadType::vendor_id, "007f0005aa");
  ASSERT_TRUE(chain);
  EXPECT_FALSE((*chain)[0].critical);
  EXPECT_EQ(to_hex(*serialize_payloads(*chain)), "00000005aa");
}

TEST(PayloadChain, TakesIkev1PayloadNumbersForUnknown) {
  for (int type = 1; type <= 32; ++type) {
    const auto chain = parse(PayloadType{static_cast<std::uint8_t>(type)}, "00000005aa");
    ASSERT_TRUE(chain);
    EXPECT_NE(chain->find<UnknownPayload>(), nullptr);
  }
}

TEST(PayloadChain, EndsWithAnEncryptedPayloadWhateverItsNextPayloadSays) {
  const auto chain = parse(PayloadType::notify, "2e000008 00004000 23000008 11223344");
  ASSERT_TRUE(chain);
  const auto* sk = chain->find<SkPayload>();
  ASSERT_NE(sk, nullptr);
  EXPECT_EQ(sk->first_inner, PayloadType::idi);
  EXPECT_EQ(to_hex(sk->body), "11223344");
  EXPECT_EQ(to_hex(*serialize_payloads(*chain)), "2e000008000040002300000811223344");
}

TEST(PayloadChain, RefusesAnEncryptedPayloadThatIsNotTheLast) {
  EXPECT_EQ(parse(PayloadType::sk, "2b00000811223344 00000005aa"), fail(ErrorCode::malformed, 28));
  EXPECT_EQ(parse(PayloadType::skf, "2b00000c0001000111223344 00"), fail(ErrorCode::malformed, 28));
  PayloadChain chain;
  chain.add(SkPayload{.first_inner = PayloadType::idi, .body = Bytes(8)}).add(VendorIdPayload{Bytes(4)});
  EXPECT_EQ(serialize_payloads(chain), fail(ErrorCode::malformed, 0));
}

TEST(PayloadChain, RefusesAnEncryptedPayloadInsideAnother) {
  const Bytes sk = vectors::spaced_hex("2b00000811223344");
  EXPECT_TRUE(parse_payloads(PayloadType::sk, sk));
  EXPECT_EQ(parse_inner_payloads(PayloadType::sk, sk, 60), fail(ErrorCode::malformed, 60));
  EXPECT_EQ(parse_inner_payloads(PayloadType::skf, vectors::spaced_hex("2b0000080001000122"), 60).error().code,
            ErrorCode::malformed);
}

TEST(PayloadChain, FindsTheFirstAndAllOfAType) {
  PayloadChain chain;
  chain.add(NotifyPayload{.type = NotifyType::initial_contact})
      .add(NoncePayload{Bytes(16)})
      .add(NotifyPayload{.type = NotifyType::no_proposal_chosen})
      .add(NotifyPayload{.type = NotifyType::ts_unacceptable});
  EXPECT_EQ(chain.find<KePayload>(), nullptr);
  EXPECT_TRUE(chain.all<KePayload>().empty());
  EXPECT_EQ(chain.count<NotifyPayload>(), 3u);
  EXPECT_EQ(chain.all<NotifyPayload>()[1]->type, NotifyType::no_proposal_chosen);
  EXPECT_EQ(chain.find_error()->type, NotifyType::no_proposal_chosen);
  EXPECT_EQ(chain.find_notify(NotifyType::cookie), nullptr);
  EXPECT_EQ(chain.first_type(), PayloadType::notify);
}

TEST(Message, FillsNextPayloadAndLengthOnWriting) {
  const auto octets = serialize_message(header(), PayloadChain().add(NoncePayload{Bytes(16, 7)}));
  ASSERT_TRUE(octets);
  const auto message = parse_message(*octets);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->header.next_payload, 40);
  EXPECT_EQ(message->header.length, 48u);
  EXPECT_EQ(message->exchange(), ExchangeType::informational);
  EXPECT_TRUE(message->is_from_initiator());
  EXPECT_FALSE(message->is_response());
}

TEST(Message, IsHeaderAloneWithoutPayloads) {
  const auto octets = serialize_message(header(), {});
  ASSERT_TRUE(octets);
  EXPECT_EQ(octets->size(), ike_header_size);
  EXPECT_TRUE(parse_message(*octets)->payloads.empty());
}

TEST(Message, RefusesOtherMajorVersionsAndTakesAnyMinorOne) {
  Bytes octets = *serialize_message(header(), {});
  octets[version_offset] = 0x2f;
  EXPECT_TRUE(parse_message(octets));
  for (const int version : {0x00, 0x10, 0x1f, 0x30, 0xf0}) {
    octets[version_offset] = static_cast<std::uint8_t>(version);
    EXPECT_EQ(parse_message(octets).error(), (Error{ErrorCode::unsupported, 17}));
  }
}

TEST(Message, CountsErrorOffsetsFromItsFirstOctet) {
  Bytes octets =
      *serialize_message(header(), PayloadChain().add(VendorIdPayload{Bytes(4)}).add(NoncePayload{Bytes(16)}));
  octets.resize(octets.size() - 1);  // the nonce is one octet short
  store_be32(&octets[length_offset], static_cast<std::uint32_t>(octets.size()));
  EXPECT_EQ(parse_message(octets).error(), (Error{ErrorCode::truncated, 40}));
}

TEST(Message, DoesNotGrowBeyondOneDatagram) {
  const PayloadChain fits = PayloadChain().add(VendorIdPayload{Bytes(max_message_size - 28 - 4)});
  ASSERT_TRUE(serialize_message(header(), fits));
  EXPECT_TRUE(parse_message(*serialize_message(header(), fits)));
  EXPECT_FALSE(serialize_message(header(), PayloadChain().add(VendorIdPayload{Bytes(max_message_size - 28 - 3)})));
  EXPECT_FALSE(serialize_message(header(), PayloadChain().add(VendorIdPayload{Bytes(100000)})));
  EXPECT_FALSE(serialize_message(header(),
                                 PayloadChain().add(VendorIdPayload{Bytes(40000)}).add(VendorIdPayload{Bytes(40000)})));
}

TEST(Message, WillNotWriteAnUnknownPayloadOfTypeNone) {
  EXPECT_FALSE(serialize_message(header(), PayloadChain().add(UnknownPayload{PayloadType::none, Bytes(4)})));
}

}  // namespace
}  // namespace sallyport::wire::ikev2
