#include "wire/ikev1/message.h"

#include <gtest/gtest.h>

#include "tests/vectors/wire/spaced_hex.h"

namespace sallyport::wire::ikev1 {
namespace {

using vectors::spaced_hex;

Result<PayloadChain> parse(PayloadType first, std::string_view hex, Protection protection = Protection::clear) {
  const Bytes octets = spaced_hex(hex);
  return parse_payloads(TRY(split_payloads(first, octets, protection, 28)));
}

IkeHeader header() {
  return {.initiator_spi = 1,
          .responder_spi = 2,
          .major_version = 1,
          .exchange_type = number(ExchangeType::main_mode),
          .message_id = 3};
}

TEST(Ikev1Chain, IsEmptyWhenTheFirstTypeIsNone) {
  const auto chain = parse(PayloadType::none, "");
  ASSERT_TRUE(chain);
  EXPECT_TRUE(chain->empty());
  EXPECT_EQ(chain->first_type(), PayloadType::none);
}

TEST(Ikev1Chain, TakesZerosUpToTheNextMultipleOfFourForPaddingInTheClear) {
  EXPECT_EQ(parse(PayloadType::vendor_id, "00000005aa 000000")->size(), 1u);
  EXPECT_EQ(parse(PayloadType::vendor_id, "00000005aa 00000000"), fail(ErrorCode::trailing, 33));
  EXPECT_EQ(parse(PayloadType::vendor_id, "00000005aa 000100"), fail(ErrorCode::trailing, 33));
  EXPECT_EQ(parse(PayloadType::none, "01"), fail(ErrorCode::trailing, 28));
}

TEST(Ikev1Chain, TakesAnythingForPaddingWhenDecryptedButNotWithoutEnd) {
  const Bytes payload = spaced_hex("00000005aa");
  for (const std::size_t padding : {1u, 7u, 8u, 15u, 255u, 256u}) {
    Bytes text = payload;
    text.resize(text.size() + padding, 0x5c);
    const auto chain = parse_decrypted(PayloadType::vendor_id, text);
    EXPECT_EQ(chain.has_value(), padding <= max_decrypted_padding) << padding;
    if (!chain) {
      EXPECT_EQ(chain.error(), (Error{ErrorCode::trailing, 33}));
    }
  }
}

TEST(Ikev1Chain, RefusesToEndWhereAnotherPayloadIsPromised) {
  EXPECT_EQ(parse(PayloadType::vendor_id, ""), fail(ErrorCode::truncated, 28));
  EXPECT_EQ(parse(PayloadType::vendor_id, "0d000005aa"), fail(ErrorCode::truncated, 33));
  EXPECT_EQ(parse(PayloadType::vendor_id, "0d000005aa", Protection::decrypted), fail(ErrorCode::truncated, 33));
}

TEST(Ikev1Chain, RefusesAPayloadLengthBelowItsHeader) {
  for (const char* payload : {"00000000", "00000001", "00000003"})
    EXPECT_EQ(parse(PayloadType::vendor_id, payload), fail(ErrorCode::malformed, 30)) << payload;
  EXPECT_TRUE(parse(PayloadType::vendor_id, "00000004"));
}

TEST(Ikev1Chain, RefusesAPayloadLongerThanTheMessage) {
  EXPECT_EQ(parse(PayloadType::vendor_id, "00000006aa"), fail(ErrorCode::truncated, 32));
  EXPECT_EQ(parse(PayloadType::vendor_id, "0000ffffaa"), fail(ErrorCode::truncated, 32));
}

TEST(Ikev1Chain, RefusesAReservedOctetThatIsNotZero) {
  EXPECT_EQ(parse(PayloadType::vendor_id, "00010005aa"), fail(ErrorCode::malformed, 29));
  EXPECT_EQ(parse(PayloadType::vendor_id, "0d000005aa 00800005bb"), fail(ErrorCode::malformed, 34));
}

TEST(Ikev1Chain, RefusesProposalsAndTransformsOutsideOfAnSa) {
  EXPECT_EQ(parse(PayloadType::proposal, "00000005aa"), fail(ErrorCode::malformed, 28));
  EXPECT_EQ(parse(PayloadType::vendor_id, "03000005aa 00000005bb"), fail(ErrorCode::malformed, 33));
}

TEST(Ikev1Chain, CannotBeMadeToLoop) {
  // Empty payloads, each announcing another: bounded by their octets and by their number.
  Bytes octets;
  for (std::size_t i = 0; i + 1 < max_payloads; ++i) append(octets, spaced_hex("0d000004"));
  EXPECT_EQ(parse_decrypted(PayloadType::vendor_id, octets), fail(ErrorCode::truncated, 28 + octets.size()));
  Bytes full = octets;
  append(full, spaced_hex("00000004"));
  EXPECT_EQ(parse_decrypted(PayloadType::vendor_id, full)->size(), max_payloads);
  append(octets, spaced_hex("0d00000400000004"));
  EXPECT_EQ(parse_decrypted(PayloadType::vendor_id, octets), fail(ErrorCode::exhausted, 28 + max_payloads * 4));
}

TEST(Ikev1Chain, RefusesAPayloadThatDoesNotUseAllOfItsOctets) {
  // A Delete of one SPI with an octet behind it.
  EXPECT_EQ(parse(PayloadType::delete_, "00000011 00000001 03 04 0001 a0000001 ff"), fail(ErrorCode::trailing, 44));
}

TEST(Ikev1Chain, KeepsUnknownPayloads) {
  const auto chain = parse(PayloadType{200}, "16000006aabb 00000004");
  ASSERT_TRUE(chain);
  ASSERT_EQ(chain->count<UnknownPayload>(), 2u);
  EXPECT_EQ(chain->find<UnknownPayload>()->type, PayloadType{200});
  EXPECT_EQ(type_of((*chain)[1]), PayloadType{22});
  EXPECT_EQ(to_hex(*serialize_payloads(*chain)), "16000006aabb00000004");
}

TEST(Ikev1Chain, TakesIkev2PayloadNumbersForUnknown) {
  for (int type = 33; type <= 54; ++type) {
    const auto chain = parse(PayloadType{static_cast<std::uint8_t>(type)}, "00000005aa");
    ASSERT_TRUE(chain);
    EXPECT_NE(chain->find<UnknownPayload>(), nullptr);
  }
}

TEST(Ikev1Chain, ShowsTheOctetsThatHashesCover) {
  const Bytes octets = spaced_hex("0d000008 01020304 05000005aa 0000000c 01117fff c0000201 5c5c5c");
  const auto chain = split_payloads(PayloadType::hash, octets, Protection::decrypted, 28);
  ASSERT_TRUE(chain);
  EXPECT_EQ(to_hex(chain->behind(0)), "05000005aa0000000c01117fffc0000201");
  EXPECT_EQ(to_hex(chain->behind(1)), "0000000c01117fffc0000201");
  EXPECT_TRUE(chain->behind(2).empty());
  ASSERT_NE(chain->find(PayloadType::id), nullptr);
  EXPECT_EQ(to_hex(chain->find(PayloadType::id)->body()), "01117fffc0000201");
  EXPECT_EQ(chain->find(PayloadType::id)->offset, 41u);
  EXPECT_EQ(parse_payloads(*chain)->find<IdPayload>()->body(), to_bytes(chain->find(PayloadType::id)->body()));
  EXPECT_EQ(chain->find(PayloadType::sa), nullptr);
}

TEST(Ikev1Chain, CanBeWrittenInTwoPieces) {
  const PayloadChain rest = PayloadChain().add(NoncePayload{Bytes(8, 1)}).add(VendorIdPayload{Bytes(1, 2)});
  const PayloadChain hash = PayloadChain().add(HashPayload{Bytes(4, 3)});
  Bytes pieces = *serialize_payloads(hash, rest.first_type());
  append(pieces, *serialize_payloads(rest));
  PayloadChain whole = hash;
  for (const Payload& payload : rest) whole.add(payload);
  EXPECT_EQ(serialize_payloads(whole), pieces);
}

TEST(Ikev1Chain, FindsTheFirstAndAllOfAType) {
  PayloadChain chain;
  chain.add(NotifyPayload{.type = NotifyType::initial_contact})
      .add(NoncePayload{Bytes(16)})
      .add(NotifyPayload{.type = NotifyType::no_proposal_chosen})
      .add(NotifyPayload{.type = NotifyType::invalid_id_information});
  EXPECT_EQ(chain.find<KePayload>(), nullptr);
  EXPECT_TRUE(chain.all<KePayload>().empty());
  EXPECT_EQ(chain.count<NotifyPayload>(), 3u);
  EXPECT_EQ(chain.all<NotifyPayload>()[1]->type, NotifyType::no_proposal_chosen);
  EXPECT_EQ(chain.find_error()->type, NotifyType::no_proposal_chosen);
  EXPECT_NE(chain.find_notify(NotifyType::initial_contact), nullptr);
  EXPECT_EQ(chain.find_notify(NotifyType::r_u_there), nullptr);
  EXPECT_EQ(chain.first_type(), PayloadType::notify);
}

TEST(Ikev1Message, FillsNextPayloadAndLengthOnWriting) {
  const auto octets = serialize_message(header(), PayloadChain().add(NoncePayload{Bytes(16, 7)}));
  ASSERT_TRUE(octets);
  const auto message = parse_message(*octets);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->header.next_payload, 10);
  EXPECT_EQ(message->header.length, 48u);
  EXPECT_EQ(message->exchange(), ExchangeType::main_mode);
}

TEST(Ikev1Message, RefusesOtherVersions) {
  Bytes octets = *serialize_message(header(), {});
  EXPECT_TRUE(parse_message(octets));
  for (const int version : {0x00, 0x11, 0x1f, 0x20, 0xf0}) {
    octets[version_offset] = static_cast<std::uint8_t>(version);
    EXPECT_EQ(parse_message(octets).error(), (Error{ErrorCode::unsupported, 17})) << version;
  }
}

TEST(Ikev1Message, IsNotReadWhenItSaysThatItIsEncrypted) {
  IkeHeader sealed = header();
  sealed.flags = flag_encryption | flag_commit;
  const Bytes octets = *serialize_message(sealed, PayloadChain().add(VendorIdPayload{Bytes(4)}));
  EXPECT_EQ(parse_message(octets), fail(ErrorCode::malformed, 19));
  const auto envelope = parse_envelope(octets);
  ASSERT_TRUE(envelope);
  EXPECT_TRUE(envelope->is_encrypted());
  EXPECT_TRUE(envelope->asks_to_commit());
  EXPECT_EQ(envelope->first_type(), PayloadType::vendor_id);
}

TEST(Ikev1Message, IsAFragmentWhateverTheEncryptionFlagSays) {
  IkeHeader sealed = header();
  sealed.flags = flag_encryption;
  const FragmentPayload fragment{.id = 7, .fragment_number = 2, .is_last = true, .data = Bytes(9, 1)};
  const Bytes octets = *serialize_message(sealed, PayloadChain().add(fragment));
  EXPECT_FALSE(parse_envelope(octets)->is_encrypted());
  ASSERT_TRUE(parse_message(octets));
  EXPECT_EQ(*parse_message(octets)->payloads.find<FragmentPayload>(), fragment);
}

TEST(Ikev1Message, CountsErrorOffsetsFromItsFirstOctet) {
  Bytes octets =
      *serialize_message(header(), PayloadChain().add(VendorIdPayload{Bytes(4)}).add(NoncePayload{Bytes(8)}));
  octets.resize(octets.size() - 1);  // the nonce is one octet short
  store_be32(&octets[length_offset], static_cast<std::uint32_t>(octets.size()));
  EXPECT_EQ(parse_message(octets).error(), (Error{ErrorCode::truncated, 40}));
  store_be16(&octets[38], 11);  // and knows it
  EXPECT_EQ(parse_message(octets).error(), (Error{ErrorCode::out_of_range, 40}));
}

TEST(Ikev1Message, DoesNotGrowBeyondOneDatagram) {
  const PayloadChain fits = PayloadChain().add(VendorIdPayload{Bytes(max_message_size - 28 - 4)});
  ASSERT_TRUE(serialize_message(header(), fits));
  EXPECT_TRUE(parse_message(*serialize_message(header(), fits)));
  EXPECT_FALSE(serialize_message(header(), PayloadChain().add(VendorIdPayload{Bytes(max_message_size - 28 - 3)})));
  EXPECT_FALSE(serialize_message(header(), PayloadChain().add(VendorIdPayload{Bytes(100000)})));
  EXPECT_FALSE(assemble_message(header(), PayloadType::hash, Bytes(max_message_size)));
}

TEST(Ikev1Message, WillNotWriteUnknownPayloadsThatItCouldNotRead) {
  for (const PayloadType type : {PayloadType::none, PayloadType::proposal, PayloadType::transform})
    EXPECT_FALSE(serialize_message(header(), PayloadChain().add(UnknownPayload{type, Bytes(4)})));
}

}  // namespace
}  // namespace sallyport::wire::ikev1
