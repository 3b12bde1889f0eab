// Messages made up at random: what is written is read back as it was.
#include <gtest/gtest.h>

#include "base/random.h"
#include "wire/ikev2/message.h"

namespace sallyport::wire::ikev2 {
namespace {

/// Random payloads that are legal on the wire, with values that are not only the usual ones.
class MessageMaker {
 public:
  explicit MessageMaker(std::uint64_t seed) : random_(seed) {}

  Message message() {
    Message made;
    made.header = {.initiator_spi = random_.u64(),
                   .responder_spi = random_.u64(),
                   .major_version = 2,
                   .minor_version = static_cast<std::uint8_t>(below(16)),
                   .exchange_type = u8(),
                   .flags = u8(),
                   .message_id = random_.u32()};
    for (std::size_t n = below(12); n > 0; --n) made.payloads.add(Payload{clear_payload(), below(4) == 0});
    if (below(3) == 0)
      made.payloads.add(SkPayload{PayloadType{u8()}, bytes(80)});
    else if (below(3) == 0)
      made.payloads.add(fragment());
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

  PayloadBody clear_payload() {
    switch (below(17)) {
      case 0: return sa();
      case 1: return KePayload{KeyExchangeId{u16()}, bytes(300)};
      case 2: return IdiPayload{identification()};
      case 3: return IdrPayload{identification()};
      case 4: return CertPayload{CertEncoding{u8()}, bytes(300)};
      case 5: return CertReqPayload{CertEncoding{u8()}, bytes(100)};
      case 6: return AuthPayload{AuthMethod{u8()}, bytes(100)};
      case 7: return NoncePayload{exactly(16 + below(241))};
      case 8: return NotifyPayload{NotifyType{u16()}, bytes(50), ProtocolId{u8()}, bytes(256)};
      case 9: return deletion();
      case 10: return VendorIdPayload{bytes(50)};
      case 11: return TsiPayload{selectors()};
      case 12: return TsrPayload{selectors()};
      case 13: return configuration();
      case 14: return EapPayload{exactly(4 + below(50))};
      case 15: return PuzzleSolutionPayload{exactly(4 * (1 + below(10)))};
      default: return UnknownPayload{PayloadType{static_cast<std::uint8_t>(55 + below(201))}, bytes(50)};
    }
  }
  SaPayload sa() {
    SaPayload made;
    for (std::size_t n = 1 + below(4); n > 0; --n) {
      Proposal proposal{u8(), ProtocolId{u8()}, bytes(9), {}};
      for (std::size_t m = below(8); m > 0; --m) proposal.transforms.push_back(any_transform());
      made.proposals.push_back(std::move(proposal));
    }
    return made;
  }
  Transform any_transform() {
    Transform made{TransformType{u8()}, u16(), {}};
    if (below(2) == 0) made.key_length = u16();
    for (std::size_t n = below(3); n > 0; --n) {
      const bool fixed_length = below(2) == 0;
      made.unrecognized.push_back(
          {static_cast<std::uint16_t>(15 + below(0x7ff0)), fixed_length, fixed_length ? exactly(2) : bytes(20)});
    }
    return made;
  }
  Identification identification() { return {IdType{u8()}, bytes(40), {u8(), u8(), u8()}}; }
  DeletePayload deletion() {
    if (below(3) == 0) return {ProtocolId::ike, {}};
    DeletePayload made{below(2) == 0 ? ProtocolId::esp : ProtocolId::ah, {}};
    for (std::size_t n = below(5); n > 0; --n) made.spis.push_back(random_.u32());
    return made;
  }
  TrafficSelectors selectors() {
    TrafficSelectors made;
    for (std::size_t n = below(5); n > 0; --n) {
      TrafficSelector range{TsType::ipv4_addr_range, u8(), u16(), u16(), {}, {}};
      if (below(2) == 0) range.type = TsType::ipv6_addr_range;
      random_.fill(ByteSpan(range.start).first(range.address_size()));
      random_.fill(ByteSpan(range.end).first(range.address_size()));
      made.ranges.push_back(range);
    }
    if (below(3) == 0) made.opaque.push_back({TsType{static_cast<std::uint8_t>(9 + below(200))}, u8(), bytes(20)});
    return made;
  }
  CpPayload configuration() {
    CpPayload made{CfgType{u8()}, {}};
    for (std::size_t n = below(6); n > 0; --n)
      made.attributes.push_back({CfgAttributeType{static_cast<std::uint16_t>(below(0x8000))}, bytes(20)});
    return made;
  }
  SkfPayload fragment() {
    const auto total = static_cast<std::uint16_t>(1 + below(0xffff));
    return {PayloadType{u8()}, static_cast<std::uint16_t>(1 + below(total)), total, bytes(80)};
  }

  SeededRandom random_;
};

TEST(Ikev2RoundTrip, ReadsBackWhatItWrote) {
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    SCOPED_TRACE(seed);
    Message message = MessageMaker(seed).message();
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

TEST(Ikev2RoundTrip, RefusesWhatItWroteCutAnywhere) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    const Bytes octets = *serialize_message(MessageMaker(seed).message());
    for (std::size_t size = ike_header_size; size < octets.size(); ++size) {
      Bytes cut(octets.begin(), octets.begin() + static_cast<std::ptrdiff_t>(size));
      store_be32(&cut[length_offset], static_cast<std::uint32_t>(size));
      ASSERT_FALSE(parse_message(cut)) << size;
    }
  }
}

TEST(Ikev2RoundTrip, SurvivesRandomDamage) {
  SeededRandom random(5);
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    Bytes octets = *serialize_message(MessageMaker(seed).message());
    for (int n = 0; n < 4 && octets.size() > ike_header_size; ++n)
      octets[ike_header_size + random.below(octets.size() - ike_header_size)] = static_cast<std::uint8_t>(random.u32());
    const auto parsed = parse_message(octets);
    if (!parsed) continue;
    const auto written = serialize_message(*parsed);
    ASSERT_TRUE(written) << seed;
    ASSERT_EQ(parse_message(*written), parsed) << seed;
  }
}

}  // namespace
}  // namespace sallyport::wire::ikev2
