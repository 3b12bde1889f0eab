// The payloads with a simple body; SA, SK and the chain have tests of their own.
#include "wire/ikev2/payload.h"

#include <gtest/gtest.h>

#include "tests/vectors/wire/spaced_hex.h"

namespace sallyport::wire::ikev2 {
namespace {

template <class Body>
Result<Body> parse(std::string_view hex) {
  const Bytes octets = vectors::spaced_hex(hex);
  Reader reader(octets);
  auto body = Body::parse_body(reader);
  if (auto finished = reader.finish(); body && !finished) return std::unexpected(finished.error());
  return body;
}

std::string written(const auto& body) {
  Bytes octets;
  Writer writer(octets);
  return body.serialize_body(writer) ? to_hex(octets) : "refused";
}

TEST(KePayload, NeedsItsMethodAndIgnoresReserved) {
  EXPECT_EQ(parse<KePayload>("001fffff abcd"), (KePayload{KeyExchangeId::x25519, {0xab, 0xcd}}));
  EXPECT_EQ(written(KePayload{KeyExchangeId::x25519, {0xab, 0xcd}}), "001f0000abcd");
  for (const char* cut : {"", "00", "001f", "001f00"})
    EXPECT_EQ(parse<KePayload>(cut).error().code, ErrorCode::truncated);
}

TEST(IdPayload, KeepsReservedOctetsBecauseAuthCoversThem) {
  const auto idi = parse<IdiPayload>("02010203 77657374");
  ASSERT_TRUE(idi);
  EXPECT_EQ(idi->id.type, IdType::fqdn);
  EXPECT_EQ(as_text(idi->id.data), "west");
  EXPECT_EQ(to_hex(idi->id.body()), "0201020377657374");
  EXPECT_EQ(to_hex(Identification{IdType::fqdn, to_bytes(as_bytes("west"))}.body()), "0200000077657374");
  for (const char* cut : {"", "02", "020000"}) {
    EXPECT_EQ(parse<IdiPayload>(cut).error().code, ErrorCode::truncated);
    EXPECT_EQ(parse<IdrPayload>(cut).error().code, ErrorCode::truncated);
  }
}

TEST(CertPayload, NeedsAnEncodingAndTakesAnyData) {
  EXPECT_EQ(parse<CertPayload>("04").value().encoding, CertEncoding::x509_signature);
  EXPECT_EQ(parse<CertPayload>("").error().code, ErrorCode::truncated);
  EXPECT_EQ(written(CertPayload{CertEncoding::x509_signature, {0x30}}), "0430");
}

TEST(CertReqPayload, SplitsItsAuthoritiesAndLeavesAnIncompleteOneOut) {
  const CertReqPayload request{CertEncoding::x509_signature, Bytes(20 * 2 + 19, 0xaa)};
  EXPECT_EQ(request.authority_hashes().size(), 2u);
  EXPECT_TRUE(parse<CertReqPayload>("04").value().authority_hashes().empty());
  EXPECT_EQ(parse<CertReqPayload>("").error().code, ErrorCode::truncated);
}

TEST(PuzzleSolutionPayload, IsFourKeysOfTheSameSize) {
  EXPECT_EQ(parse<PuzzleSolutionPayload>("00010203 04050607").value().data.size(), 8u);
  for (const char* not_four : {"", "00", "000102", "0001020304"})
    EXPECT_EQ(parse<PuzzleSolutionPayload>(not_four).error().code, ErrorCode::malformed);
  EXPECT_EQ(written(PuzzleSolutionPayload{{1, 2, 3, 4}}), "01020304");
  EXPECT_EQ(written(PuzzleSolutionPayload{{1, 2, 3}}), "refused");
  EXPECT_EQ(written(PuzzleSolutionPayload{}), "refused");
}

TEST(AuthPayload, NeedsItsMethodAndIgnoresReserved) {
  EXPECT_EQ(parse<AuthPayload>("02ffffff 0102"), (AuthPayload{AuthMethod::shared_key_mic, {1, 2}}));
  EXPECT_EQ(written(AuthPayload{AuthMethod::shared_key_mic, {1, 2}}), "020000000102");
  EXPECT_EQ(parse<AuthPayload>("020000").error().code, ErrorCode::truncated);
}

TEST(NoncePayload, HasBetween16And256Octets) {
  for (const std::size_t size : {16u, 17u, 256u}) {
    const NoncePayload nonce{Bytes(size, 1)};
    EXPECT_EQ(parse<NoncePayload>(written(nonce)), nonce);
  }
  for (const std::size_t size : {0u, 15u, 257u}) {
    EXPECT_EQ(parse<NoncePayload>(to_hex(Bytes(size))).error().code, ErrorCode::out_of_range);
    EXPECT_EQ(written(NoncePayload{Bytes(size)}), "refused");
  }
}

TEST(NotifyPayload, TellsSpiFromData) {
  const NotifyPayload rekey{NotifyType::rekey_sa, {}, ProtocolId::esp, {0xca, 0xfe, 0, 1}};
  EXPECT_EQ(written(rekey), "03044009cafe0001");
  EXPECT_EQ(parse<NotifyPayload>("03044009cafe0001"), rekey);
  const NotifyPayload cookie{NotifyType::cookie, {1, 2, 3}};
  EXPECT_EQ(written(cookie), "00004006010203");
  EXPECT_EQ(parse<NotifyPayload>("00004006010203"), cookie);
}

TEST(NotifyPayload, RefusesAnSpiLongerThanItself) {
  EXPECT_EQ(parse<NotifyPayload>("03044009cafe00").error().code, ErrorCode::truncated);
  EXPECT_EQ(parse<NotifyPayload>("03ff4009cafe0001").error().code, ErrorCode::truncated);
  for (const char* cut : {"", "00", "0000", "000040"})
    EXPECT_EQ(parse<NotifyPayload>(cut).error().code, ErrorCode::truncated);
  EXPECT_EQ(written(NotifyPayload{.spi = Bytes(256)}), "refused");
}

TEST(DeletePayload, NamesChildSasByTheirSpis) {
  const DeletePayload both{ProtocolId::esp, {0xcafe0001, 0xcafe0002}};
  EXPECT_EQ(written(both), "03040002cafe0001cafe0002");
  EXPECT_EQ(parse<DeletePayload>("03040002cafe0001cafe0002"), both);
}

TEST(DeletePayload, RefusesACountThatItsOctetsDoNotBear) {
  EXPECT_EQ(parse<DeletePayload>("03040002cafe0001").error().code, ErrorCode::truncated);
  EXPECT_EQ(parse<DeletePayload>("03040001cafe0001cafe0002").error().code, ErrorCode::trailing);
  EXPECT_EQ(parse<DeletePayload>("0304ffff").error(), (Error{ErrorCode::exhausted, 2}));
  EXPECT_EQ(written(DeletePayload{ProtocolId::esp, std::vector<std::uint32_t>(max_deleted_spis + 1)}), "refused");
}

TEST(DeletePayload, HasNoSpiForTheIkeSa) {
  EXPECT_EQ(parse<DeletePayload>("01000000"), (DeletePayload{ProtocolId::ike, {}}));
  EXPECT_EQ(parse<DeletePayload>("01000001"), (DeletePayload{ProtocolId::ike, {}}));
  EXPECT_EQ(parse<DeletePayload>("010800010102030405060708").error(), (Error{ErrorCode::malformed, 1}));
  EXPECT_EQ(parse<DeletePayload>("0100000001").error().code, ErrorCode::trailing);
  EXPECT_EQ(written(DeletePayload{ProtocolId::ike, {1}}), "refused");
}

TEST(DeletePayload, RefusesOtherSpiSizesAndProtocols) {
  EXPECT_EQ(parse<DeletePayload>("03080001 0102030405060708").error(), (Error{ErrorCode::malformed, 1}));
  EXPECT_EQ(parse<DeletePayload>("02000000").error(), (Error{ErrorCode::malformed, 1}));
  EXPECT_EQ(parse<DeletePayload>("04040001cafe0001").error(), (Error{ErrorCode::unsupported, 0}));
  EXPECT_EQ(parse<DeletePayload>("00000000").error(), (Error{ErrorCode::unsupported, 0}));
}

TEST(TsPayload, ReadsRangesOfBothFamiliesInOrder) {
  const auto ts = parse<TsiPayload>(
      "02000000 07110010 003500350a0000000a0000ff 08000028 "
      "0000ffff20010db800000000000000000000000020010db8ffffffffffffffffffffffff");
  ASSERT_TRUE(ts);
  ASSERT_EQ(ts->selectors.ranges.size(), 2u);
  const TrafficSelector& v4 = ts->selectors.ranges[0];
  EXPECT_EQ(v4.ip_protocol, 17);
  EXPECT_EQ(v4.start_port, 53);
  EXPECT_EQ(to_hex(v4.start_address()), "0a000000");
  EXPECT_EQ(to_hex(v4.end_address()), "0a0000ff");
  const TrafficSelector& v6 = ts->selectors.ranges[1];
  EXPECT_EQ(to_hex(v6.end_address()), "20010db8ffffffffffffffffffffffff");
  EXPECT_EQ(v6.end_port, 65535);
}

TEST(TsPayload, KeepsSelectorsOfOtherTypesApart) {
  const char* octets = "02000000 07000010 0000ffff0a0000000a0000ff 0a000008 6c6f7721";
  const auto ts = parse<TsrPayload>(octets);
  ASSERT_TRUE(ts);
  EXPECT_EQ(ts->selectors.ranges.size(), 1u);
  ASSERT_EQ(ts->selectors.opaque.size(), 1u);
  EXPECT_EQ(ts->selectors.opaque[0].type, TsType::security_label);
  EXPECT_EQ(as_text(ts->selectors.opaque[0].data), "low!");
  EXPECT_EQ(written(*ts), vectors::without_spaces(octets));
}

TEST(TsPayload, RefusesALengthThatIsNotItsTypes) {
  EXPECT_EQ(parse<TsiPayload>("01000000 0700000f 0000ffff0a0000000a0000").error().code, ErrorCode::truncated);
  EXPECT_EQ(parse<TsiPayload>("01000000 07000011 0000ffff0a0000000a0000ff00").error().code, ErrorCode::trailing);
  EXPECT_EQ(parse<TsiPayload>("01000000 08000010 0000ffff0a0000000a0000ff").error().code, ErrorCode::truncated);
  EXPECT_EQ(parse<TsiPayload>("01000000 07000003").error(), (Error{ErrorCode::malformed, 6}));
  EXPECT_EQ(parse<TsiPayload>("01000000 0a000000").error(), (Error{ErrorCode::malformed, 6}));
}

TEST(TsPayload, RefusesACountThatItsOctetsDoNotBear) {
  EXPECT_EQ(parse<TsiPayload>("02000000 07000010 0000ffff0a0000000a0000ff").error().code, ErrorCode::truncated);
  EXPECT_EQ(parse<TsiPayload>("00000000 07000010 0000ffff0a0000000a0000ff").error().code, ErrorCode::trailing);
  EXPECT_EQ(parse<TsiPayload>("010000").error().code, ErrorCode::truncated);
}

TEST(TsPayload, HoldsAsManySelectorsAsTheirCountCanSay) {
  TsiPayload ts{{std::vector(255, TrafficSelector{.type = TsType::ipv6_addr_range}), {}}};
  EXPECT_EQ(parse<TsiPayload>(written(ts)), ts);
  ts.selectors.opaque.push_back({TsType::security_label, 0, {}});
  EXPECT_EQ(written(ts), "refused");
}

TEST(TsPayload, WillNotWriteARangeUnderAnotherTypesNumber) {
  EXPECT_EQ(written(TsiPayload{{{{.type = TsType::security_label}}, {}}}), "refused");
  EXPECT_EQ(written(TsiPayload{{{}, {{TsType::ipv4_addr_range, 0, Bytes(12)}}}}), "refused");
  EXPECT_EQ(written(TsiPayload{{{}, {{TsType::security_label, 0, Bytes(65532)}}}}), "refused");
}

TEST(CpPayload, ReadsAttributesWithAndWithoutValue) {
  const auto cp = parse<CpPayload>("01ffffff 80010000 0003000408080808");
  ASSERT_TRUE(cp);
  EXPECT_EQ(cp->type, CfgType::request);
  ASSERT_EQ(cp->attributes.size(), 2u);
  EXPECT_EQ(cp->attributes[0], (CfgAttribute{CfgAttributeType::internal_ip4_address, {}}));
  EXPECT_EQ(cp->attributes[1], (CfgAttribute{CfgAttributeType::internal_ip4_dns, {8, 8, 8, 8}}));
  EXPECT_EQ(written(*cp), vectors::without_spaces("01000000 00010000 0003000408080808"));
}

TEST(CpPayload, RefusesAttributesCutShortOrTooMany) {
  EXPECT_EQ(parse<CpPayload>("010000").error().code, ErrorCode::truncated);
  EXPECT_EQ(parse<CpPayload>("01000000 0001").error().code, ErrorCode::truncated);
  EXPECT_EQ(parse<CpPayload>("01000000 00010001").error().code, ErrorCode::truncated);
  CpPayload cp{CfgType::reply, std::vector(max_cfg_attributes, CfgAttribute{CfgAttributeType{1}, {}})};
  EXPECT_EQ(parse<CpPayload>(written(cp)), cp);
  EXPECT_EQ(parse<CpPayload>(written(cp) + "00010000").error().code, ErrorCode::exhausted);
  cp.attributes.push_back({});
  EXPECT_EQ(written(cp), "refused");
  EXPECT_EQ(written(CpPayload{CfgType::reply, {{CfgAttributeType{0x8001}, {}}}}), "refused");
  EXPECT_EQ(written(CpPayload{CfgType::reply, {{CfgAttributeType{1}, Bytes(70000)}}}), "refused");
}

TEST(EapPayload, HoldsAtLeastAnEapHeader) {
  EXPECT_EQ(parse<EapPayload>("03070004"), (EapPayload{{3, 7, 0, 4}}));
  EXPECT_EQ(parse<EapPayload>("030700").error().code, ErrorCode::truncated);
  EXPECT_EQ(written(EapPayload{}), "refused");
}

TEST(VendorIdPayload, TakesAnythingEvenNothing) {
  EXPECT_EQ(parse<VendorIdPayload>(""), VendorIdPayload{});
  EXPECT_EQ(parse<VendorIdPayload>("00ff"), (VendorIdPayload{{0, 0xff}}));
}

TEST(Numbers, AreNamedAsInTheRfcs) {
  EXPECT_EQ(to_string(ExchangeType::create_child_sa), "CREATE_CHILD_SA");
  EXPECT_EQ(to_string(PayloadType::tsr), "TSr");
  EXPECT_EQ(to_string(NotifyType::nat_detection_destination_ip), "NAT_DETECTION_DESTINATION_IP");
  EXPECT_EQ(to_string(NotifyType{16430}), "IKEV2_FRAGMENTATION_SUPPORTED");
  EXPECT_EQ(to_string(NotifyType{44}), "CHILD_SA_NOT_FOUND");
  EXPECT_EQ(to_string(IdType::fqdn), "ID_FQDN");
  EXPECT_EQ(to_string(NotifyType{40000}), "40000");
  EXPECT_EQ(to_string(PayloadType{1}), "1");
  EXPECT_EQ(name_of(AuthMethod{200}), std::nullopt);
  EXPECT_TRUE(is_error(NotifyType{16383}));
  EXPECT_FALSE(is_error(NotifyType::initial_contact));
}

}  // namespace
}  // namespace sallyport::wire::ikev2
