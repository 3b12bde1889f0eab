// Each payload's body: what is read, what is refused, and where.
#include "wire/ikev1/payload.h"

#include <gtest/gtest.h>

#include "tests/vectors/wire/spaced_hex.h"
#include "wire/ikev1/unity_network.h"

namespace sallyport::wire::ikev1 {
namespace {

template <class Body, class... More>
Result<Body> parse(std::string_view hex, More... more) {
  const Bytes octets = vectors::spaced_hex(hex);
  Reader reader(octets);
  Body body = TRY(Body::parse_body(reader, more...));
  TRY(reader.finish());
  return body;
}

std::string written(const auto& payload) {
  Bytes octets;
  Writer writer(octets);
  return payload.serialize_body(writer) ? to_hex(octets) : "refused";
}

TEST(Ikev1Id, ReadsTypeProtocolPortAndData) {
  const auto id = parse<IdPayload>("03 11 01f4 616e6e40782e6f7267");
  ASSERT_TRUE(id);
  EXPECT_EQ(id->type, IdType::user_fqdn);
  EXPECT_EQ(id->protocol, 17);
  EXPECT_EQ(id->port, 500);
  EXPECT_EQ(as_text(id->data), "ann@x.org");
  EXPECT_EQ(to_hex(id->body()), "031101f4616e6e40782e6f7267");
}

TEST(Ikev1Id, RefusesAddressesOfAnotherSize) {
  for (const int type : {1, 4, 5, 6, 7, 8}) {
    const std::size_t right = *id_data_size(IdType{static_cast<std::uint8_t>(type)});
    for (std::size_t size = 0; size <= 40; ++size) {
      Bytes octets{static_cast<std::uint8_t>(type), 0, 0, 0};
      octets.resize(4 + size, 1);
      Reader reader(octets);
      const auto id = IdPayload::parse_body(reader);
      ASSERT_EQ(id.has_value(), size == right) << type << " " << size;
      if (!id) {
        EXPECT_EQ(id.error(), (Error{ErrorCode::malformed, 4}));
      }
    }
  }
  EXPECT_EQ(written(IdPayload{.type = IdType::ipv4_addr_subnet, .data = Bytes(4)}), "refused");
}

TEST(Ikev1Id, TakesNamesOfAnySize) {
  for (const int type : {2, 3, 9, 10, 11, 12, 250}) {
    Bytes octets{static_cast<std::uint8_t>(type), 0, 0, 0};
    Reader empty(octets);
    EXPECT_TRUE(IdPayload::parse_body(empty)) << type;
    octets.resize(300, 7);
    Reader long_one(octets);
    EXPECT_TRUE(IdPayload::parse_body(long_one)) << type;
  }
}

TEST(Ikev1Id, RefusesABodyWithoutItsFixedPart) {
  EXPECT_EQ(parse<IdPayload>(""), fail(ErrorCode::truncated, 0));
  EXPECT_EQ(parse<IdPayload>("02"), fail(ErrorCode::truncated, 1));
  EXPECT_EQ(parse<IdPayload>("020001"), fail(ErrorCode::truncated, 2));
}

TEST(Ikev1Nonce, IsBetween8And256Octets) {
  for (const std::size_t size : {0u, 7u, 257u}) {
    const Bytes octets(size);
    Reader reader(octets);
    EXPECT_EQ(NoncePayload::parse_body(reader), fail(ErrorCode::out_of_range, 0));
    EXPECT_EQ(written(NoncePayload{octets}), "refused");
  }
  for (const std::size_t size : {8u, 256u}) {
    const Bytes octets(size);
    Reader reader(octets);
    EXPECT_TRUE(NoncePayload::parse_body(reader));
  }
}

TEST(Ikev1Cert, ReadsEncodingAndData) {
  EXPECT_EQ(parse<CertPayload>("04 3082"), (CertPayload{CertEncoding::x509_signature, {0x30, 0x82}}));
  EXPECT_EQ(parse<CertPayload>(""), fail(ErrorCode::truncated, 0));
  EXPECT_EQ(parse<CertReqPayload>("04"), (CertReqPayload{CertEncoding::x509_signature, {}}));
  EXPECT_EQ(parse<CertReqPayload>(""), fail(ErrorCode::truncated, 0));
}

TEST(Ikev1Notify, ReadsEachFieldFromItsPlace) {
  const auto notify = parse<NotifyPayload>("00000001 03 04 6000 a0000004 80010001");
  ASSERT_TRUE(notify);
  EXPECT_EQ(notify->doi, Doi::ipsec);
  EXPECT_EQ(notify->protocol, ProtocolId::esp);
  EXPECT_EQ(notify->type, NotifyType::responder_lifetime);
  EXPECT_EQ(to_hex(notify->spi), "a0000004");
  EXPECT_EQ(to_hex(notify->data), "80010001");
  EXPECT_EQ(written(*notify), "0000000103046000a000000480010001");
}

TEST(Ikev1Notify, RefusesAnSpiBeyondItsEnd) {
  EXPECT_EQ(parse<NotifyPayload>("00000001 01 10 6002 0102"), fail(ErrorCode::truncated, 8));
  EXPECT_EQ(parse<NotifyPayload>("00000001 01 ff 6002"), fail(ErrorCode::truncated, 8));
  EXPECT_EQ(parse<NotifyPayload>("00000001 01 00"), fail(ErrorCode::truncated, 6));
  EXPECT_EQ(written(NotifyPayload{.spi = Bytes(256)}), "refused");
}

TEST(Ikev1Delete, ReadsSpisOfItsProtocolsSize) {
  EXPECT_EQ(parse<DeletePayload>("00000001 02 04 0002 a0000001 a0000002"),
            (DeletePayload{ProtocolId::ah, {{0xa0, 0, 0, 1}, {0xa0, 0, 0, 2}}}));
  EXPECT_EQ(parse<DeletePayload>("00000000 01 10 0001 112233445566778899aabbccddeeff00")->spis.at(0).size(), 16u);
  EXPECT_EQ(parse<DeletePayload>("00000001 04 02 0001 a003")->spis.at(0).size(), 2u);
  EXPECT_TRUE(parse<DeletePayload>("00000001 03 04 0000")->spis.empty());
}

TEST(Ikev1Delete, RefusesSpisOfAnotherSize) {
  for (const char* body :
       {"00000001 03 00 0001", "00000001 03 08 0001 0102030405060708", "00000001 01 08 0001 0102030405060708",
        "00000001 01 00 ffff", "00000001 04 03 0001 010203", "00000001 09 00 ffff"})
    EXPECT_EQ(parse<DeletePayload>(body), fail(ErrorCode::malformed, 5)) << body;
}

TEST(Ikev1Delete, RefusesACountThatItsOctetsDoNotHold) {
  EXPECT_EQ(parse<DeletePayload>("00000001 03 04 0002 a0000001"), fail(ErrorCode::truncated, 12));
  EXPECT_EQ(parse<DeletePayload>("00000001 03 04 0001 a0000001 a0000002"), fail(ErrorCode::trailing, 12));
  EXPECT_EQ(parse<DeletePayload>("00000001 03 04 0000 a0000001"), fail(ErrorCode::trailing, 8));
  EXPECT_EQ(parse<DeletePayload>("00000001 03 04 1001"), fail(ErrorCode::exhausted, 6));
}

TEST(Ikev1Delete, WillNotWriteWhatItWouldNotRead) {
  EXPECT_EQ(written(DeletePayload{ProtocolId::esp, {Bytes(4), Bytes(5)}}), "refused");
  EXPECT_EQ(written(DeletePayload{ProtocolId::isakmp, {Bytes(8)}}), "refused");
  EXPECT_EQ(written(DeletePayload{ProtocolId::esp, std::vector<Bytes>(max_deleted_spis + 1, Bytes(4))}), "refused");
}

TEST(Ikev1NatOa, ReadsAddressesOfBothFamiliesAndIgnoresReservedOctets) {
  EXPECT_EQ(parse<NatOaPayload>("01 ffffff c0000201", NatNumbering::rfc3947),
            (NatOaPayload{NatNumbering::rfc3947, IdType::ipv4_addr, {192, 0, 2, 1}}));
  EXPECT_EQ(parse<NatOaPayload>("05000000 20010db8000000000000000000000001", NatNumbering::draft_00)->address.size(),
            16u);
}

TEST(Ikev1NatOa, RefusesOtherTypesAndSizes) {
  EXPECT_EQ(parse<NatOaPayload>("02 000000 c0000201", NatNumbering::rfc3947), fail(ErrorCode::out_of_range, 0));
  EXPECT_EQ(parse<NatOaPayload>("01 000000 c00002", NatNumbering::rfc3947), fail(ErrorCode::malformed, 4));
  EXPECT_EQ(parse<NatOaPayload>("05 000000 c0000201", NatNumbering::rfc3947), fail(ErrorCode::malformed, 4));
  EXPECT_EQ(parse<NatOaPayload>("01 0000", NatNumbering::rfc3947), fail(ErrorCode::truncated, 1));
  EXPECT_EQ(written(NatOaPayload{.type = IdType::ipv6_addr, .address = Bytes(4)}), "refused");
  EXPECT_EQ(written(NatOaPayload{.type = IdType::fqdn, .address = Bytes(4)}), "refused");
}

TEST(Ikev1NatPayloads, HaveThreePairsOfNumbers) {
  const auto d_type = [](NatNumbering numbering) { return number(type_of(NatDPayload{numbering, {}})); };
  const auto oa_type = [](NatNumbering numbering) { return number(type_of(NatOaPayload{numbering, {}, {}})); };
  EXPECT_EQ(d_type(NatNumbering::rfc3947), 20);
  EXPECT_EQ(d_type(NatNumbering::draft_00), 130);
  EXPECT_EQ(d_type(NatNumbering::draft_04), 15);
  EXPECT_EQ(oa_type(NatNumbering::rfc3947), 21);
  EXPECT_EQ(oa_type(NatNumbering::draft_00), 131);
  EXPECT_EQ(oa_type(NatNumbering::draft_04), 16);
}

TEST(Ikev1Attributes, ReadBothForms) {
  const auto payload = parse<AttributesPayload>("02 00 1234 c0880002 4089 0003 616e6e 408a 0000");
  ASSERT_TRUE(payload);
  EXPECT_EQ(payload->type, CfgType::reply);
  EXPECT_EQ(payload->identifier, 0x1234);
  EXPECT_EQ(find(payload->attributes, CfgAttribute::xauth_type)->integer(), 2u);
  EXPECT_EQ(as_text(find(payload->attributes, CfgAttribute::xauth_user_name)->value), "ann");
  EXPECT_TRUE(find(payload->attributes, CfgAttribute::xauth_user_password)->value.empty());
  EXPECT_EQ(find(payload->attributes, CfgAttribute::xauth_status), nullptr);
  EXPECT_EQ(written(*payload), "02001234c088000240890003616e6e408a0000");
}

TEST(Ikev1Attributes, RefuseToRunPastTheirEnd) {
  EXPECT_EQ(parse<AttributesPayload>("01 00 0001 40"), fail(ErrorCode::truncated, 4));
  EXPECT_EQ(parse<AttributesPayload>("01 00 0001 4089"), fail(ErrorCode::truncated, 6));
  EXPECT_EQ(parse<AttributesPayload>("01 00 0001 c088"), fail(ErrorCode::truncated, 6));
  EXPECT_EQ(parse<AttributesPayload>("01 00 0001 c08800"), fail(ErrorCode::truncated, 6));
  EXPECT_EQ(parse<AttributesPayload>("01 00 0001 4089 0001"), fail(ErrorCode::truncated, 8));
  EXPECT_EQ(parse<AttributesPayload>("01 00 0001 4089 ffff 00"), fail(ErrorCode::truncated, 8));
  EXPECT_EQ(parse<AttributesPayload>("01 00 00"), fail(ErrorCode::truncated, 2));
}

TEST(Ikev1Attributes, AreBoundedInNumber) {
  Bytes octets = vectors::spaced_hex("01000001");
  for (std::size_t i = 0; i < max_cfg_attributes; ++i) append(octets, vectors::spaced_hex("00010000"));
  Reader full(octets);
  EXPECT_EQ(AttributesPayload::parse_body(full)->attributes.size(), max_cfg_attributes);
  append(octets, vectors::spaced_hex("00010000"));
  Reader more(octets);
  EXPECT_EQ(AttributesPayload::parse_body(more), fail(ErrorCode::exhausted, 4 + 4 * max_cfg_attributes));
  EXPECT_EQ(written(AttributesPayload{.attributes = Attributes(max_cfg_attributes + 1)}), "refused");
}

TEST(Ikev1Attributes, WillNotBeWrittenWhenTheyDoNotFitTheirForm) {
  const auto one = [](Attribute attribute) { return written(AttributesPayload{.attributes = {std::move(attribute)}}); };
  EXPECT_EQ(one({0x8001, false, {}}), "refused");
  EXPECT_EQ(one({1, true, {1}}), "refused");
  EXPECT_EQ(one({1, true, {1, 2, 3}}), "refused");
  EXPECT_EQ(one({1, false, Bytes(0x10000)}), "refused");
  EXPECT_EQ(one({1, true, {1, 2}}), "0000000080010102");
}

TEST(Ikev1Attribute, IsANumberInEitherForm) {
  EXPECT_EQ((Attribute{1, true, {0x0e, 0x10}}).integer(), 3600u);
  EXPECT_EQ((Attribute{1, false, {0x10}}).integer(), 16u);
  EXPECT_EQ((Attribute{1, false, {0, 0, 0, 0, 0, 0, 0, 0, 0, 5}}).integer(), 5u);
  EXPECT_EQ((Attribute{1, false, Bytes(8, 0xff)}).integer(), 0xffffffffffffffffu);
  EXPECT_EQ((Attribute{1, false, {}}).integer(), std::nullopt);
  EXPECT_EQ((Attribute{1, false, {1, 0, 0, 0, 0, 0, 0, 0, 0}}).integer(), std::nullopt);
}

TEST(Ikev1Attribute, WritesNumbersInTheShortestForm) {
  EXPECT_EQ(integer_attribute(7, 0xffff), (Attribute{7, true, {0xff, 0xff}}));
  EXPECT_EQ(integer_attribute(7, 0x10000), (Attribute{7, false, {0, 1, 0, 0}}));
  EXPECT_EQ(integer_attribute(7, 0x100000000), (Attribute{7, false, {0, 0, 0, 1, 0, 0, 0, 0}}));
}

TEST(Ikev1Fragment, ReadsIdNumberAndLastFlag) {
  EXPECT_EQ(parse<FragmentPayload>("0007 02 01 aabb"), (FragmentPayload{7, 2, true, {0xaa, 0xbb}}));
  EXPECT_FALSE(parse<FragmentPayload>("0007 01 fe")->is_last);
  EXPECT_EQ(parse<FragmentPayload>("0007 00 01 aabb"), fail(ErrorCode::out_of_range, 2));
  EXPECT_EQ(parse<FragmentPayload>("0007 01"), fail(ErrorCode::truncated, 3));
  EXPECT_EQ(written(FragmentPayload{.fragment_number = 0}), "refused");
}

TEST(Ikev1UnityNetworks, AreWholeNetworks) {
  const Bytes value = vectors::spaced_hex(
      "0a000000 ff000000 0000 0000 0000"
      "c0a80000 ffff0000 0006 0000 0050");
  const auto networks = parse_unity_networks(value);
  ASSERT_TRUE(networks);
  ASSERT_EQ(networks->size(), 2u);
  EXPECT_EQ(networks->at(0).address, (std::array<std::uint8_t, 4>{10, 0, 0, 0}));
  EXPECT_EQ(networks->at(1).mask, (std::array<std::uint8_t, 4>{255, 255, 0, 0}));
  EXPECT_EQ(networks->at(1).protocol, 6);
  EXPECT_EQ(networks->at(1).destination_port, 80);
  EXPECT_EQ(serialize_unity_networks(*networks), value);
  for (std::size_t size = 1; size < value.size(); ++size)
    EXPECT_EQ(parse_unity_networks(ByteView(value).first(size)).has_value(), size == 14) << size;
  EXPECT_TRUE(parse_unity_networks({})->empty());
}

TEST(Ikev1Numbers, HaveNamesAsTheRfcsPrintThem) {
  EXPECT_EQ(to_string(ExchangeType::quick_mode), "Quick Mode");
  EXPECT_EQ(to_string(PayloadType::nat_d), "NAT-D");
  EXPECT_EQ(to_string(IdType::ipv4_addr_subnet), "ID_IPV4_ADDR_SUBNET");
  EXPECT_EQ(to_string(NotifyType::no_proposal_chosen), "NO-PROPOSAL-CHOSEN");
  EXPECT_EQ(to_string(NotifyType::r_u_there_ack), "R-U-THERE-ACK");
  EXPECT_EQ(to_string(CfgAttribute::xauth_user_name), "XAUTH-USER-NAME");
  EXPECT_EQ(to_string(CfgAttribute::internal_ip4_dns), "INTERNAL_IP4_DNS");
  EXPECT_EQ(to_string(EspTransformId::triple_des), "ESP_3DES");
  EXPECT_EQ(to_string(AuthenticationMethod::xauth_init_pre_shared), "XAUTHInitPreShared");
  EXPECT_EQ(to_string(NotifyType{9999}), "9999");
  EXPECT_EQ(to_string(PayloadType{99}), "99");
}

}  // namespace
}  // namespace sallyport::wire::ikev1
