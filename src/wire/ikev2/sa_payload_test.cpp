#include "wire/ikev2/sa_payload.h"

#include <gtest/gtest.h>

#include "tests/vectors/wire/spaced_hex.h"

namespace sallyport::wire::ikev2 {
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

bool writes(const SaPayload& sa) { return written(sa) != "refused"; }

// One ESP proposal with AES-CBC-256 and "no ESN".
constexpr const char* esp_proposal = "0000002001030402 cafe0001 0300000c0100000c 800e0100 0000000805000000";

TEST(SaPayload, ReadsAndWritesAProposal) {
  const auto sa = parse(esp_proposal);
  ASSERT_TRUE(sa);
  const SaPayload expected{{{.number = 1,
                             .protocol = ProtocolId::esp,
                             .spi = {0xca, 0xfe, 0, 1},
                             .transforms = {transform(EncryptionId::aes_cbc, 256), transform(EsnId::no)}}}};
  EXPECT_EQ(*sa, expected);
  EXPECT_EQ(written(expected), vectors::without_spaces(esp_proposal));
}

TEST(SaPayload, IgnoresReservedOctetsAndWritesThemAsZero) {
  const auto sa = parse("00ff002001030402 cafe0001 03ff000c01ff000c 800e0100 00ff000805ff0000");
  ASSERT_TRUE(sa);
  EXPECT_EQ(written(*sa), vectors::without_spaces(esp_proposal));
}

TEST(SaPayload, NeedsAProposal) {
  EXPECT_EQ(parse(""), fail(ErrorCode::truncated, 0));
  EXPECT_FALSE(writes({}));
}

TEST(SaPayload, RefusesAProposalMarkerThatContradictsItsPlace) {
  EXPECT_TRUE(parse("02000008 01010000 00000008 02010000"));
  EXPECT_EQ(parse("00000008 01010000 00000008 02010000"), fail(ErrorCode::malformed, 0));
  EXPECT_EQ(parse("02000008 01010000"), fail(ErrorCode::malformed, 0));
  EXPECT_EQ(parse("03000008 01010000 00000008 02010000"), fail(ErrorCode::malformed, 0));
}

TEST(SaPayload, RefusesATransformMarkerThatContradictsItsPlace) {
  EXPECT_TRUE(parse("00000018 01010002 03000008 02000005 00000008 04000013"));
  EXPECT_EQ(parse("00000018 01010002 00000008 02000005 00000008 04000013"), fail(ErrorCode::malformed, 8));
  EXPECT_EQ(parse("00000018 01010002 03000008 02000005 03000008 04000013"), fail(ErrorCode::malformed, 16));
  EXPECT_EQ(parse("00000018 01010002 02000008 02000005 00000008 04000013"), fail(ErrorCode::malformed, 8));
}

TEST(SaPayload, RefusesATransformCountThatIsNotSo) {
  EXPECT_EQ(parse("00000010 01010000 00000008 02000005"), fail(ErrorCode::malformed, 7));
  EXPECT_EQ(parse("00000010 01010002 00000008 02000005"), fail(ErrorCode::malformed, 7));
  EXPECT_EQ(parse("00000010 010100ff 00000008 02000005"), fail(ErrorCode::malformed, 7));
}

TEST(SaPayload, RefusesLengthsThatLeaveTheirElement) {
  EXPECT_EQ(parse("00000003 01010000").error(), (Error{ErrorCode::malformed, 2}));
  EXPECT_EQ(parse("00000007 01010000").error(), (Error{ErrorCode::malformed, 0}));
  EXPECT_EQ(parse("00000009 01010000").error().code, ErrorCode::truncated);
  EXPECT_EQ(parse("0000000a 01010401 cafe").error().code,
            ErrorCode::truncated);  // SPI
  // A transform that would reach into the next proposal.
  EXPECT_EQ(parse("02000010 01010001 0000000c 02000005 00000008 02010000").error().code, ErrorCode::truncated);
  EXPECT_EQ(parse("00000010 01010001 00000007 02000005").error(), (Error{ErrorCode::malformed, 8}));
  EXPECT_EQ(parse("00000010 01010001 00000000 02000005").error(), (Error{ErrorCode::malformed, 10}));
}

TEST(SaPayload, RefusesAttributesCutShort) {
  EXPECT_FALSE(parse("00000012 01010001 0000000a 01000014 800e"));
  EXPECT_FALSE(parse("00000011 01010001 00000009 01000014 80"));
  EXPECT_FALSE(parse("00000014 01010001 0000000c 01000014 000e0002"));
}

TEST(SaPayload, KeepsAttributesItDoesNotKnowSoThatTheTransformIsNotChosen) {
  const char* octets = "0000001e 01010001 00000016 01000014 800e0080 80110007 00120002abcd";
  const auto sa = parse(octets);
  ASSERT_TRUE(sa);
  const Transform& transform = sa->proposals[0].transforms[0];
  EXPECT_EQ(transform.key_length, 128);
  ASSERT_EQ(transform.unrecognized.size(), 2u);
  EXPECT_EQ(transform.unrecognized[0], (TransformAttribute{17, true, {0, 7}}));
  EXPECT_EQ(transform.unrecognized[1], (TransformAttribute{18, false, {0xab, 0xcd}}));
  EXPECT_EQ(written(*sa), vectors::without_spaces(octets));
}

TEST(SaPayload, DoesNotUnderstandASecondKeyLengthNorOneInTheVariableForm) {
  const auto twice = parse("00000018 01010001 00000010 01000014 800e0080 800e0100");
  ASSERT_TRUE(twice);
  EXPECT_EQ(twice->proposals[0].transforms[0].key_length, 128);
  EXPECT_EQ(twice->proposals[0].transforms[0].unrecognized.size(), 1u);
  const auto variable = parse("00000016 01010001 0000000e 01000014 000e00020080");
  ASSERT_TRUE(variable);
  EXPECT_FALSE(variable->proposals[0].transforms[0].key_length);
  EXPECT_EQ(variable->proposals[0].transforms[0].unrecognized.size(), 1u);
}

TEST(SaPayload, BoundsProposalsAndAttributes) {
  std::string proposals;
  for (std::size_t i = 1; i < max_proposals; ++i) proposals += "0200000801010000";
  EXPECT_TRUE(parse(proposals + "0000000801010000"));
  EXPECT_EQ(parse(proposals + "0200000801010000" + "0000000801010000"), fail(ErrorCode::exhausted, max_proposals * 8));

  Transform many = transform(EncryptionId::aes_cbc, 128);
  many.unrecognized.assign(max_attributes, {17, true, {0, 1}});
  const SaPayload fits{{{.protocol = ProtocolId::ike, .transforms = {many}}}};
  EXPECT_EQ(parse(written(fits)), fits);
  many.unrecognized.push_back({17, true, {0, 1}});
  EXPECT_EQ(parse(written({{{.protocol = ProtocolId::ike, .transforms = {many}}}})).error().code, ErrorCode::exhausted);
}

TEST(SaPayload, HoldsAsManyTransformsAsTheirCountCanSay) {
  Proposal proposal{.protocol = ProtocolId::ike, .transforms = std::vector(255, transform(PrfId::hmac_sha2_256))};
  EXPECT_EQ(parse(written({{proposal}})), SaPayload{{proposal}});
  proposal.transforms.push_back(transform(PrfId::hmac_sha2_256));
  EXPECT_FALSE(writes({{proposal}}));
}

TEST(SaPayload, WillNotWriteWhatDoesNotFitItsField) {
  EXPECT_FALSE(writes({std::vector(max_proposals + 1, Proposal{})}));
  EXPECT_FALSE(writes({{{.spi = Bytes(256)}}}));
  const auto with = [](TransformAttribute attribute) {
    return SaPayload{{{.transforms = {{.id = 1, .unrecognized = {std::move(attribute)}}}}}};
  };
  EXPECT_TRUE(writes(with({17, false, Bytes(60000)})));
  EXPECT_FALSE(writes(with({17, false, Bytes(65530)})));
  EXPECT_FALSE(writes(with({17, false, Bytes(70000)})));
  EXPECT_FALSE(writes(with({17, true, Bytes(3)})));
  EXPECT_FALSE(writes(with({0x8011, true, Bytes(2)})));
}

TEST(Transform, HasTheNumbersOfIana) {
  EXPECT_EQ(transform(EncryptionId::chacha20_poly1305).id, 28);
  EXPECT_EQ(transform(EncryptionId::aes_gcm_16, 256).id, 20);
  EXPECT_EQ(transform(IntegrityId::hmac_sha2_512_256).id, 14);
  EXPECT_EQ(transform(PrfId::hmac_sha2_512).id, 7);
  EXPECT_EQ(transform(KeyExchangeId::x448).id, 32);
  EXPECT_EQ(transform(KeyExchangeId::brainpool512).id, 30);
  EXPECT_EQ(transform(EsnId::yes).type, TransformType{5});
}

TEST(Transform, IsNamedAsInTheRegistryAndByNumberOtherwise) {
  EXPECT_EQ(to_string(transform(EncryptionId::aes_cbc, 256)), "ENCR_AES_CBC_256");
  EXPECT_EQ(to_string(transform(IntegrityId::hmac_sha2_256_128)), "AUTH_HMAC_SHA2_256_128");
  EXPECT_EQ(to_string(transform(KeyExchangeId::modp2048)), "MODP_2048");
  EXPECT_EQ(to_string(transform(EsnId::no)), "No ESN");
  EXPECT_EQ(to_string(Transform{TransformType::prf, 1000, {}}), "PRF_1000");
  EXPECT_EQ(to_string(Transform{TransformType::additional_key_exchange_1, 36, {}}), "ML_KEM_768");
  EXPECT_EQ(to_string(Transform{TransformType{200}, 3, {}}), "200/3");
}

}  // namespace
}  // namespace sallyport::wire::ikev2
