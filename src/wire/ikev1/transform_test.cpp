// What transforms of both phases say, and lifetimes.
#include <gtest/gtest.h>

#include "tests/vectors/wire/spaced_hex.h"
#include "wire/ikev1/phase1_transform.h"
#include "wire/ikev1/phase2_transform.h"

namespace sallyport::wire::ikev1 {
namespace {

Attributes attributes(std::string_view hex) {
  const Bytes octets = vectors::spaced_hex(hex);
  Reader reader(octets);
  return *parse_attributes(reader, 100);
}

Phase1Transform phase1(std::string_view hex) { return read_phase1({1, key_ike, attributes(hex)}); }
Phase2Transform phase2(std::string_view hex) {
  return read_phase2({1, number(EspTransformId::aes_cbc), attributes(hex)});
}

// The offer of tcpdump's capture ISAKMP_sa_setup.
const std::string captured_offer = "80010007 800e0080 80020002 80040001 80030001 800b0001 000c000400015180";

TEST(Ikev1Phase1Transform, ReadsACapturedOffer) {
  const Phase1Transform offer = phase1(captured_offer);
  EXPECT_EQ(offer.encryption, EncryptionAlgorithm::aes_cbc);
  EXPECT_EQ(offer.key_length, 128);
  EXPECT_EQ(offer.hash, HashAlgorithm::sha);
  EXPECT_EQ(offer.group, GroupDescription::modp768);
  EXPECT_EQ(offer.authentication, AuthenticationMethod::pre_shared_key);
  EXPECT_EQ(offer.lifetimes, (Lifetimes{.seconds = 86400}));
  EXPECT_TRUE(offer.unrecognized.empty());
  EXPECT_EQ(to_string(offer), "AES-CBC-128, SHA, MODP_768, pre-shared key");
}

TEST(Ikev1Phase1Transform, IsReadBackAsItWasWritten) {
  const Phase1Transform full{.encryption = EncryptionAlgorithm::aes_cbc,
                             .key_length = 256,
                             .hash = HashAlgorithm::sha2_512,
                             .authentication = AuthenticationMethod::ecdsa_sha384,
                             .group = GroupDescription::ecp384,
                             .lifetimes = {.seconds = 3600, .kilobytes = 5'000'000'000},
                             .unrecognized = {{16384, false, {1, 2, 3}}}};
  EXPECT_EQ(read_phase1(write_phase1(7, full)), full);
  EXPECT_EQ(write_phase1(7, full).number, 7);
  EXPECT_EQ(write_phase1(7, full).id, key_ike);
  EXPECT_TRUE(write_phase1(1, {}).attributes.empty());
  EXPECT_EQ(read_phase1(write_phase1(1, {})), Phase1Transform{});
}

TEST(Ikev1Phase1Transform, DoesNotRecognizeBasicAttributesInTheVariableForm) {
  const Phase1Transform offer = phase1("0001 0002 0007 800e0080");
  EXPECT_EQ(offer.encryption, std::nullopt);
  ASSERT_EQ(offer.unrecognized.size(), 1u);
  EXPECT_EQ(offer.unrecognized[0].type, 1);
}

TEST(Ikev1Phase1Transform, DoesNotRecognizeWhatComesTwiceOrIsUnknown) {
  EXPECT_EQ(phase1("80010007 80010005").unrecognized.size(), 1u);
  EXPECT_EQ(phase1("80010007 80010005").encryption, EncryptionAlgorithm::aes_cbc);
  EXPECT_EQ(phase1("80050001 0006 0002 abcd fd000001").unrecognized.size(), 3u);
  EXPECT_EQ(to_string(phase1("80050001")),
            "no cipher, no hash, no group, no authentication method, attribute Group Type");
}

TEST(Ikev1Phase1Transform, KeepsNumbersWithoutAName) {
  EXPECT_EQ(to_string(phase1("8001fde8 80020063 800400c8 80030007")), "65000, 99, 200, 7");
}

TEST(Ikev1Lifetimes, GoByPairs) {
  EXPECT_EQ(phase1("800b0001 800c0e10 800b0002 000c0004 00500000").lifetimes,
            (Lifetimes{.seconds = 3600, .kilobytes = 0x500000}));
  EXPECT_EQ(phase1("800b0002 000c0003 010203").lifetimes, (Lifetimes{.kilobytes = 0x010203}));
  EXPECT_EQ(phase1("800b0001 000c0008 00000001 00000000").lifetimes.seconds, 0x100000000u);
}

TEST(Ikev1Lifetimes, AreNotRecognizedWithoutTheirPair) {
  EXPECT_EQ(phase1("800c0e10").unrecognized.size(), 1u);                             // a duration of what?
  EXPECT_EQ(phase1("800b0001 800c0e10 800c0e11").unrecognized.size(), 1u);           // and the second?
  EXPECT_EQ(phase1("800b0003 800c0e10").unrecognized.size(), 2u);                    // an unknown type
  EXPECT_EQ(phase1("800b0001 800c0e10 800b0001 800c0001").unrecognized.size(), 2u);  // seconds twice
  EXPECT_EQ(phase1("800b0001 800c0e10 800b0001 800c0001").lifetimes.seconds, 3600u);
  EXPECT_EQ(phase1("800b0001 000c0009 010000000000000000").unrecognized.size(), 1u);  // more than 64 bits
  EXPECT_EQ(phase1("800b0001 000c0000").unrecognized.size(), 1u);                     // nothing
  EXPECT_EQ(phase1("000b0002 0001 800c0e10").unrecognized.size(), 2u);                // a type in the variable form
  EXPECT_EQ(phase1("800b0001").lifetimes, Lifetimes{});
}

TEST(Ikev1Phase2Transform, ReadsACapturedOffer) {
  // Of Wireshark's capture ikev1-certs.
  const auto offer =
      read_phase2({0, number(EspTransformId::triple_des), attributes("80030002 80040001 80010001 80020e10 80050001")});
  EXPECT_EQ(offer.authentication, AuthenticationAlgorithm::hmac_md5);
  EXPECT_EQ(offer.encapsulation, EncapsulationMode::tunnel);
  EXPECT_EQ(offer.group, GroupDescription::modp1024);
  EXPECT_EQ(offer.lifetimes, (Lifetimes{.seconds = 3600}));
  EXPECT_FALSE(offer.extended_sequence_numbers);
  EXPECT_EQ(to_string(ProtocolId::esp, offer), "ESP_3DES, HMAC-MD5, Tunnel, MODP_1024");
}

TEST(Ikev1Phase2Transform, IsReadBackAsItWasWritten) {
  const Phase2Transform full{.id = number(EspTransformId::aes_gcm_16),
                             .key_length = 128,
                             .authentication = AuthenticationAlgorithm::hmac_sha2_256,
                             .encapsulation = EncapsulationMode::udp_transport_draft,
                             .group = GroupDescription::modp2048,
                             .lifetimes = {.seconds = 70000, .kilobytes = 1},
                             .extended_sequence_numbers = true,
                             .unrecognized = {{9, false, {1, 2, 3}}}};
  EXPECT_EQ(read_phase2(write_phase2(3, full)), full);
  EXPECT_EQ(to_string(ProtocolId::esp, full),
            "ESP_AES_GCM_16-128, HMAC-SHA2-256, UDP-Encapsulated-Transport (draft), MODP_2048, ESN, attribute Compress "
            "Private Algorithm");
  EXPECT_EQ(read_phase2(write_phase2(3, {.id = 2})), Phase2Transform{.id = 2});
}

TEST(Ikev1Phase2Transform, KnowsBothNumberingsOfUdpEncapsulation) {
  EXPECT_EQ(phase2("80040003").encapsulation, EncapsulationMode::udp_tunnel);
  EXPECT_EQ(phase2("80040004").encapsulation, EncapsulationMode::udp_transport);
  EXPECT_EQ(phase2("8004f003").encapsulation, EncapsulationMode::udp_tunnel_draft);
  EXPECT_EQ(phase2("8004f004").encapsulation, EncapsulationMode::udp_transport_draft);
}

TEST(Ikev1Phase2Transform, ReadsExtendedSequenceNumbersOnlyAsTheirOneValue) {
  EXPECT_TRUE(phase2("800b0001").extended_sequence_numbers);
  for (const char* odd : {"800b0000", "800b0002", "000b0002 0001", "000b0000"}) {
    EXPECT_FALSE(phase2(odd).extended_sequence_numbers) << odd;
    EXPECT_EQ(phase2(odd).unrecognized.size(), 1u) << odd;
  }
  EXPECT_EQ(phase2("800b0001 800b0001").unrecognized.size(), 1u);
}

TEST(Ikev1Phase2Transform, NamesTransformsByTheirProtocol) {
  const auto name = [](ProtocolId protocol, std::uint8_t id) { return to_string(protocol, Phase2Transform{.id = id}); };
  EXPECT_EQ(name(ProtocolId::ah, 3), "AH_SHA");
  EXPECT_EQ(name(ProtocolId::esp, 3), "ESP_3DES");
  EXPECT_EQ(name(ProtocolId::ipcomp, 3), "IPCOMP_LZS");
  EXPECT_EQ(name(ProtocolId::esp, 99), "ESP_99");
  EXPECT_EQ(name(ProtocolId{9}, 3), "9/3");
}

TEST(Ikev1ResponderLifetime, IsAListOfAttributes) {
  const Bytes data = vectors::spaced_hex("80010001 0002 0004 00000708 80010002 0002 0004 00001000");
  EXPECT_EQ(parse_responder_lifetime(data), (Lifetimes{.seconds = 1800, .kilobytes = 4096}));
  EXPECT_EQ(parse_responder_lifetime({}), Lifetimes{});
  EXPECT_EQ(parse_responder_lifetime(vectors::spaced_hex("80040001 80020708")), Lifetimes{});
  for (const std::size_t size : {1u, 3u, 5u, 11u, 13u, 23u})
    EXPECT_EQ(parse_responder_lifetime(ByteView(data).first(size)).error().code, ErrorCode::truncated) << size;
}

TEST(Ikev1ResponderLifetime, IsReadBackAsItWasWritten) {
  for (const Lifetimes lifetimes : {Lifetimes{}, Lifetimes{.seconds = 28800}, Lifetimes{.kilobytes = 1u << 20},
                                    Lifetimes{.seconds = 100000, .kilobytes = 5'000'000'000}})
    EXPECT_EQ(parse_responder_lifetime(serialize_responder_lifetime(lifetimes)), lifetimes);
}

}  // namespace
}  // namespace sallyport::wire::ikev1
