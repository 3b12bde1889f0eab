// Messages made up at random: what is written is read back as it was.
#include <gtest/gtest.h>

#include "base/random.h"
#include "wire/ikev1/message.h"

namespace sallyport::wire::ikev1 {
namespace {

/// Random payloads that are legal on the wire, with values that are not only the usual ones.
class Ikev1MessageMaker {
 public:
  explicit Ikev1MessageMaker(std::uint64_t seed) : random_(seed) {}

  Message message() {
    Message made;
    made.header = {.initiator_spi = random_.u64(),
                   .responder_spi = random_.u64(),
                   .major_version = 1,
                   .exchange_type = u8(),
                   .flags = static_cast<std::uint8_t>(u8() & ~flag_encryption),
                   .message_id = random_.u32()};
    for (std::size_t n = below(12); n > 0; --n) made.payloads.add(payload());
    return made;
  }

 private:
  std::size_t below(std::size_t bound) { return static_cast<std::size_t>(random_.below(bound)); }
  std::uint8_t u8() { return static_cast<std::uint8_t>(random_.u32()); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(random_.u32()); }
  Bytes bytes(std::size_t bound) { return exactly(below(bound)); }
  Bytes exactly(std::size_t size) {
    Bytes made(size);
    random_.fill(made);
    return made;
  }
  NatNumbering numbering() { return static_cast<NatNumbering>(below(3)); }

  Payload payload() {
    switch (below(16)) {
      case 0: return sa();
      case 1: return KePayload{bytes(300)};
      case 2: return identification();
      case 3: return CertPayload{CertEncoding{u8()}, bytes(300)};
      case 4: return CertReqPayload{CertEncoding{u8()}, bytes(100)};
      case 5: return HashPayload{bytes(70)};
      case 6: return SignaturePayload{bytes(300)};
      case 7: return NoncePayload{exactly(8 + below(249))};
      case 8: return NotifyPayload{NotifyType{u16()}, bytes(50), ProtocolId{u8()}, bytes(256), Doi{random_.u32()}};
      case 9: return deletion();
      case 10: return VendorIdPayload{bytes(50)};
      case 11: return AttributesPayload{CfgType{u8()}, u16(), attributes(8)};
      case 12: return NatDPayload{numbering(), bytes(70)};
      case 13: return original_address();
      case 14: return FragmentPayload{u16(), static_cast<std::uint8_t>(1 + below(255)), below(2) == 0, bytes(300)};
      default: return UnknownPayload{PayloadType{static_cast<std::uint8_t>(22 + below(100))}, bytes(50)};
    }
  }
  SaPayload sa() {
    SaPayload made;
    for (std::size_t n = 1 + below(4); n > 0; --n) {
      Proposal proposal{u8(), ProtocolId{u8()}, bytes(17), {}};
      for (std::size_t m = below(8); m > 0; --m) proposal.transforms.push_back({u8(), u8(), attributes(8)});
      made.proposals.push_back(std::move(proposal));
    }
    return made;
  }
  Attributes attributes(std::size_t bound) {
    Attributes made;
    for (std::size_t n = below(bound); n > 0; --n) {
      const bool basic = below(2) == 0;
      made.push_back({static_cast<std::uint16_t>(below(0x8000)), basic, basic ? exactly(2) : bytes(20)});
    }
    return made;
  }
  IdPayload identification() {
    IdPayload made{IdType{u8()}, u8(), u16(), {}};
    if (below(2) == 0) made.type = IdType{static_cast<std::uint8_t>(1 + below(8))};
    made.data = exactly(id_data_size(made.type).value_or(below(40)));
    return made;
  }
  DeletePayload deletion() {
    DeletePayload made{ProtocolId{static_cast<std::uint8_t>(1 + below(5))}, {}, Doi{random_.u32()}};
    constexpr std::size_t sizes[] = {16, 4, 4, 2, 9};
    const std::size_t size = sizes[number(made.protocol) - 1u];
    for (std::size_t n = below(5); n > 0; --n) made.spis.push_back(exactly(size));
    return made;
  }
  NatOaPayload original_address() {
    const bool is_v4 = below(2) == 0;
    return {numbering(), is_v4 ? IdType::ipv4_addr : IdType::ipv6_addr, exactly(is_v4 ? 4 : 16)};
  }

  SeededRandom random_;
};

TEST(Ikev1RoundTrip, ReadsBackWhatItWrote) {
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    SCOPED_TRACE(seed);
    Message message = Ikev1MessageMaker(seed).message();
    const auto octets = serialize_message(message);
    ASSERT_TRUE(octets);
    message.header.next_payload = number(message.payloads.first_type());
    message.header.length = static_cast<std::uint32_t>(octets->size());
    const auto parsed = parse_message(*octets);
    ASSERT_TRUE(parsed);
    ASSERT_EQ(*parsed, message);
    ASSERT_EQ(serialize_message(*parsed), octets);
  }
}

TEST(Ikev1RoundTrip, ReadsThroughCipherPadding) {
  SeededRandom random(3);
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    SCOPED_TRACE(seed);
    const PayloadChain payloads = Ikev1MessageMaker(seed).message().payloads;
    Bytes text = *serialize_payloads(payloads);
    const std::size_t size = text.size();
    text.resize(size + random.below(max_decrypted_padding + 1));
    random.fill(ByteSpan(text).subspan(size));
    ASSERT_EQ(parse_decrypted(payloads.first_type(), text), payloads);
  }
}

TEST(Ikev1RoundTrip, RefusesWhatItWroteCutAnywhere) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    const Bytes octets = *serialize_message(Ikev1MessageMaker(seed).message());
    for (std::size_t size = ike_header_size; size < octets.size(); ++size) {
      Bytes cut(octets.begin(), octets.begin() + static_cast<std::ptrdiff_t>(size));
      store_be32(&cut[length_offset], static_cast<std::uint32_t>(size));
      ASSERT_FALSE(parse_message(cut)) << size;
    }
  }
}

TEST(Ikev1RoundTrip, SurvivesRandomDamage) {
  SeededRandom random(5);
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    Bytes octets = *serialize_message(Ikev1MessageMaker(seed).message());
    for (int n = 0; n < 4 && octets.size() > ike_header_size; ++n)
      octets[ike_header_size + random.below(octets.size() - ike_header_size)] = static_cast<std::uint8_t>(random.u32());
    auto parsed = parse_message(octets);
    if (!parsed) continue;
    const auto written = serialize_message(*parsed);
    ASSERT_TRUE(written) << seed;
    parsed->header.length = static_cast<std::uint32_t>(written->size());  // without zeros taken for padding
    ASSERT_EQ(parse_message(*written), parsed) << seed;
  }
}

}  // namespace
}  // namespace sallyport::wire::ikev1
