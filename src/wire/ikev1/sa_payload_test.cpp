#include "wire/ikev1/sa_payload.h"

#include <gtest/gtest.h>

#include "tests/vectors/wire/spaced_hex.h"

namespace sallyport::wire::ikev1 {
namespace {

Result<SaPayload> parse(std::string_view hex) {
  const Bytes octets = vectors::spaced_hex(hex);
  Reader reader(octets);
  return SaPayload::parse_body(reader);
}

std::string written(const SaPayload& sa) {
  Bytes octets;
  Writer writer(octets);
  return sa.serialize_body(writer) ? to_hex(octets) : "refused";
}

SaPayload one_transform(Attributes attributes) {
  return {{{.protocol = ProtocolId::esp, .spi = Bytes(4), .transforms = {{1, 12, std::move(attributes)}}}}};
}

const std::string head = "00000001 00000001 ";  // DOI, situation

TEST(Ikev1Sa, ReadsProposalsTransformsAndAttributes) {
  const auto sa = parse(head +
                        "02000020 01 02 04 01 a0000001  00000014 01 03 0000 80050002 0002 0004 00015180"
                        "00000024 01 03 04 02 a0000002  0300000c 01 0c 0000 80060100  0000000c 02 03 0000 80050001");
  ASSERT_TRUE(sa);
  ASSERT_EQ(sa->proposals.size(), 2u);
  EXPECT_EQ(sa->proposals[0].protocol, ProtocolId::ah);
  EXPECT_EQ(sa->proposals[0].child_spi(), 0xa0000001u);
  EXPECT_EQ(sa->proposals[0].transforms[0].attributes[1], (Attribute{2, false, {0, 1, 0x51, 0x80}}));
  EXPECT_EQ(sa->proposals[1].transforms[1].number, 2);
  EXPECT_EQ(sa->proposals[1].transforms[1].id, number(EspTransformId::triple_des));
}

TEST(Ikev1Sa, OffersProposalsOfOneNumberTogether) {
  SaPayload sa;
  for (const std::uint8_t n : std::array<std::uint8_t, 5>{1, 1, 2, 1, 0})
    sa.proposals.push_back({.number = n, .protocol = ProtocolId::esp});
  const auto alternatives = sa.alternatives();
  ASSERT_EQ(alternatives.size(), 3u);
  EXPECT_EQ(alternatives[0], (std::vector<const Proposal*>{&sa.proposals[0], &sa.proposals[1], &sa.proposals[3]}));
  EXPECT_EQ(alternatives[1], std::vector<const Proposal*>{&sa.proposals[2]});
  EXPECT_EQ(alternatives[2], std::vector<const Proposal*>{&sa.proposals[4]});
}

TEST(Ikev1Sa, KnowsSpisByTheirProtocolsSize) {
  const auto spi = [](ProtocolId protocol, Bytes octets) {
    return Proposal{.protocol = protocol, .spi = std::move(octets)}.child_spi();
  };
  EXPECT_EQ(spi(ProtocolId::esp, {1, 2, 3, 4}), 0x01020304u);
  EXPECT_EQ(spi(ProtocolId::ipcomp, {3, 4}), 0x0304u);
  EXPECT_EQ(spi(ProtocolId::ipcomp, {0, 0, 3, 4}), 0x0304u);
  EXPECT_EQ(spi(ProtocolId::ipcomp, {1, 0, 3, 4}), std::nullopt);
  EXPECT_EQ(spi(ProtocolId::ipcomp, {1, 2, 3}), std::nullopt);
  EXPECT_EQ(spi(ProtocolId::esp, {}), std::nullopt);
  EXPECT_EQ(spi(ProtocolId::esp, {1, 2}), std::nullopt);
  EXPECT_EQ(spi(ProtocolId::ah, Bytes(8)), std::nullopt);
  EXPECT_EQ(spi(ProtocolId::isakmp, {1, 2, 3, 4}), std::nullopt);
}

TEST(Ikev1Sa, RefusesOtherDoisAndSituations) {
  EXPECT_EQ(parse("00000000 00000001 00000008 01010000"), fail(ErrorCode::unsupported, 0));
  EXPECT_EQ(parse("00000002 00000001 00000008 01010000"), fail(ErrorCode::unsupported, 0));
  for (const char* situation : {"00000000", "00000002", "00000005", "80000001"})
    EXPECT_EQ(parse("00000001 " + std::string(situation) + " 00000008 01010000"), fail(ErrorCode::unsupported, 4));
}

TEST(Ikev1Sa, RefusesToBeWithoutProposals) {
  EXPECT_EQ(parse(""), fail(ErrorCode::truncated, 0));
  EXPECT_EQ(parse("00000001"), fail(ErrorCode::truncated, 4));
  EXPECT_EQ(parse(head), fail(ErrorCode::truncated, 8));
  EXPECT_EQ(written({}), "refused");
}

TEST(Ikev1Sa, RefusesLengthsThatLie) {
  EXPECT_EQ(parse(head + "00000000 01010000"), fail(ErrorCode::malformed, 10));
  EXPECT_EQ(parse(head + "00000003 01010000"), fail(ErrorCode::malformed, 10));
  EXPECT_EQ(parse(head + "00000009 01010000"), fail(ErrorCode::truncated, 12));
  EXPECT_EQ(parse(head + "00000004"), fail(ErrorCode::truncated, 12));
  EXPECT_EQ(parse(head + "00000010 01010001 00000003 01010000"), fail(ErrorCode::malformed, 18));
  EXPECT_EQ(parse(head + "00000010 01010001 00000009 01010000"), fail(ErrorCode::truncated, 20));
  EXPECT_EQ(parse(head + "0000000f 01010001 00000007 010100"), fail(ErrorCode::truncated, 22));
}

TEST(Ikev1Sa, RefusesNextPayloadsThatContradictTheLengths) {
  // More proposals announced at the end, fewer before it, and a kind that cannot follow.
  EXPECT_EQ(parse(head + "02000008 01010000"), fail(ErrorCode::malformed, 8));
  EXPECT_EQ(parse(head + "00000008 01010000 00000008 02010000"), fail(ErrorCode::malformed, 8));
  EXPECT_EQ(parse(head + "03000008 01010000 00000008 02010000"), fail(ErrorCode::malformed, 8));
  EXPECT_EQ(parse(head + "00000010 01010001 03000008 01010000"), fail(ErrorCode::malformed, 16));
  EXPECT_EQ(parse(head + "00000018 01010002 00000008 01010000 00000008 02010000"), fail(ErrorCode::malformed, 16));
}

TEST(Ikev1Sa, RefusesATransformCountThatIsNotTheirNumber) {
  EXPECT_EQ(parse(head + "00000010 01010000 00000008 01010000"), fail(ErrorCode::malformed, 15));
  EXPECT_EQ(parse(head + "00000010 01010002 00000008 01010000"), fail(ErrorCode::malformed, 15));
  EXPECT_EQ(parse(head + "00000008 010100ff"), fail(ErrorCode::malformed, 15));
  EXPECT_TRUE(parse(head + "00000008 01010000"));
}

TEST(Ikev1Sa, RefusesAnSpiBeyondItsProposal) {
  EXPECT_EQ(parse(head + "0000000a 01030400 a000"), fail(ErrorCode::truncated, 16));
  EXPECT_EQ(parse(head + "00000008 0103ff00"), fail(ErrorCode::truncated, 16));
}

TEST(Ikev1Sa, RefusesAttributesBeyondTheirTransform) {
  EXPECT_EQ(parse(head + "00000012 01010001 0000000a 01010000 8001"), fail(ErrorCode::truncated, 26));
  EXPECT_EQ(parse(head + "00000014 01010001 0000000c 01010000 000c0004"), fail(ErrorCode::truncated, 28));
  // The value would be there, in the proposal that follows.
  EXPECT_EQ(parse(head + "02000014 01010001 0000000c 01010000 000c0004 00000008 02010000"),
            fail(ErrorCode::truncated, 28));
}

TEST(Ikev1Sa, IsBoundedInAllItsParts) {
  std::string many = head;
  for (std::size_t i = 0; i < max_proposals; ++i) many += "02000008 01010000";
  EXPECT_EQ(parse(many + "00000008 01010000"), fail(ErrorCode::exhausted, 8 + 8 * max_proposals));
  EXPECT_EQ(written({std::vector<Proposal>(max_proposals + 1)}), "refused");
  EXPECT_NE(written({std::vector<Proposal>(max_proposals)}), "refused");

  EXPECT_NE(written(one_transform(Attributes(max_transform_attributes, {1, true, {0, 0}}))), "refused");
  EXPECT_EQ(written(one_transform(Attributes(max_transform_attributes + 1, {1, true, {0, 0}}))), "refused");
  std::string attributes;
  for (std::size_t i = 0; i <= max_transform_attributes; ++i) attributes += "80010000";
  EXPECT_EQ(parse(head + "00000114 01010001 0000010c 01010000" + attributes),
            fail(ErrorCode::exhausted, 24 + 4 * max_transform_attributes));
}

TEST(Ikev1Sa, WillNotWriteWhatDoesNotFit) {
  EXPECT_EQ(written({{Proposal{.spi = Bytes(256)}}}), "refused");
  EXPECT_EQ(written({{Proposal{.transforms = std::vector<Transform>(256)}}}), "refused");
  EXPECT_NE(written({{Proposal{.transforms = std::vector<Transform>(255)}}}), "refused");
  EXPECT_EQ(written(one_transform({{1, false, Bytes(0xffff)}})), "refused");
}

TEST(Ikev1Sa, IgnoresReservedFieldsWithin) {
  const auto sa = parse(head + "00ff0010 01010001 00ff0008 0101ffff");
  ASSERT_TRUE(sa);
  EXPECT_EQ(written(*sa), vectors::without_spaces(head + "00000010 01010001 00000008 01010000"));
}

}  // namespace
}  // namespace sallyport::wire::ikev1
