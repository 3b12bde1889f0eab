#include "wire/ike_header.h"

#include <gtest/gtest.h>

#include "tests/vectors/wire/spaced_hex.h"

namespace sallyport::wire {
namespace {

Bytes header_octets(std::uint32_t length) {
  Bytes octets = vectors::spaced_hex("0102030405060708 1112131415161718 21 20 22 08 00000007");
  Writer(octets).u32(length);
  return octets;
}

TEST(IkeHeader, ReadsEachFieldFromItsPlace) {
  const auto header = parse_ike_header(header_octets(28));
  ASSERT_TRUE(header);
  EXPECT_EQ(header->initiator_spi, 0x0102030405060708u);
  EXPECT_EQ(header->responder_spi, 0x1112131415161718u);
  EXPECT_EQ(header->next_payload, 33);
  EXPECT_EQ(header->major_version, 2);
  EXPECT_EQ(header->minor_version, 0);
  EXPECT_EQ(header->exchange_type, 34);
  EXPECT_EQ(header->flags, 8);
  EXPECT_EQ(header->message_id, 7u);
  EXPECT_EQ(header->length, 28u);
}

TEST(IkeHeader, WritesWhatItRead) {
  for (const int version : {0x10, 0x20, 0x2f, 0xf0}) {
    Bytes octets = header_octets(28);
    octets[version_offset] = static_cast<std::uint8_t>(version);
    Bytes written;
    Writer writer(written);
    serialize_ike_header(writer, *parse_ike_header(octets));
    EXPECT_EQ(written, octets);
  }
}

TEST(IkeHeader, RefusesEveryShorterInput) {
  const Bytes octets = header_octets(28);
  for (std::size_t size = 0; size < octets.size(); ++size) {
    const auto header = parse_ike_header(ByteView(octets).first(size));
    ASSERT_FALSE(header);
    EXPECT_EQ(header.error().code, ErrorCode::truncated);
    EXPECT_LE(header.error().where, size);
  }
}

TEST(IkeHeader, RefusesALengthBelowItsOwnSize) {
  for (const std::uint32_t length : {0u, 1u, 27u})
    EXPECT_EQ(parse_ike_header(header_octets(length)), fail(ErrorCode::malformed, 24));
}

TEST(IkeHeader, RefusesALengthBeyondTheDatagram) {
  for (const std::uint32_t length : {29u, 0x10000u, 0x80000000u, 0xffffffffu})
    EXPECT_EQ(parse_ike_header(header_octets(length)), fail(ErrorCode::truncated, 28));
}

TEST(IkeHeader, RefusesOctetsBehindTheMessage) {
  Bytes octets = header_octets(28);
  octets.push_back(0);
  EXPECT_EQ(parse_ike_header(octets), fail(ErrorCode::trailing, 28));
}

}  // namespace
}  // namespace sallyport::wire
