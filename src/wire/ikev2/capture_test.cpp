// Messages that others sent, read as others read them; and messages made to break a reader.
#include <gtest/gtest.h>

#include "tests/vectors/wire/vector_file.h"
#include "wire/ikev2/message.h"

namespace sallyport::wire::ikev2 {
namespace {

const std::string vector_folder = SALLYPORT_SOURCE_DIR "/tests/vectors/wire/";

std::string hex_or_dash(ByteView bytes) { return bytes.empty() ? "-" : to_hex(bytes); }

// What a payload says, in the language of the vector files.

std::string describe(const SaPayload& sa) {
  std::string text;
  for (const Proposal& proposal : sa.proposals) {
    if (!text.empty()) text += " ; ";
    text += "proposal " + std::to_string(proposal.number) + " protocol " + std::to_string(number(proposal.protocol)) +
            " spi " + hex_or_dash(proposal.spi) + ":";
    for (const Transform& transform : proposal.transforms) {
      text += " " + std::to_string(number(transform.type)) + "/" + std::to_string(transform.id);
      if (transform.key_length) text += "/" + std::to_string(*transform.key_length);
      EXPECT_TRUE(transform.unrecognized.empty());
    }
  }
  return text;
}
std::string describe(const KePayload& ke) { return std::to_string(number(ke.method)) + " " + to_hex(ke.data); }
std::string describe(const Identification& id) { return std::to_string(number(id.type)) + " " + to_hex(id.data); }
std::string describe(const IdiPayload& payload) { return describe(payload.id); }
std::string describe(const IdrPayload& payload) { return describe(payload.id); }
std::string describe(const AuthPayload& auth) { return std::to_string(number(auth.method)) + " " + to_hex(auth.data); }
std::string describe(const NoncePayload& nonce) { return to_hex(nonce.data); }
std::string describe(const NotifyPayload& notify) {
  return std::to_string(number(notify.type)) + " protocol " + std::to_string(number(notify.protocol)) + " spi " +
         hex_or_dash(notify.spi) + " data " + hex_or_dash(notify.data);
}
std::string describe(const DeletePayload& payload) {
  EXPECT_TRUE(payload.spis.empty());
  return "protocol " + std::to_string(number(payload.protocol)) + " spis -";
}
std::string describe(const VendorIdPayload& vendor) { return to_hex(vendor.data); }
std::string describe(const TrafficSelectors& selectors) {
  std::string text;
  for (const TrafficSelector& range : selectors.ranges) {
    if (!text.empty()) text += " ; ";
    text += std::to_string(number(range.type)) + "/" + std::to_string(range.ip_protocol) + " " +
            std::to_string(range.start_port) + "-" + std::to_string(range.end_port) + " " +
            to_hex(range.start_address()) + "-" + to_hex(range.end_address());
  }
  return text;
}
std::string describe(const TsiPayload& payload) { return describe(payload.selectors); }
std::string describe(const TsrPayload& payload) { return describe(payload.selectors); }
std::string describe(const SkPayload& sk) {
  return "inner " + std::to_string(number(sk.first_inner)) + " size " + std::to_string(sk.body.size());
}
std::string describe(const auto&) { return "not in any vector"; }

std::vector<std::string> describe_all(const PayloadChain& chain) {
  std::vector<std::string> lines;
  for (const Payload& payload : chain)
    lines.push_back(std::to_string(number(payload.type())) + (payload.critical ? "! " : " ") +
                    std::visit([](const auto& body) { return describe(body); }, payload.body));
  return lines;
}

std::string describe_header(const IkeHeader& h) {
  Bytes spis;
  Writer writer(spis);
  writer.u64(h.initiator_spi);
  writer.u64(h.responder_spi);
  const std::uint8_t flags[] = {h.flags};
  return to_hex(ByteView(spis).first(8)) + " " + to_hex(ByteView(spis).subspan(8)) + " " +
         std::to_string(h.next_payload) + " " + std::to_string(h.major_version) + "." +
         std::to_string(h.minor_version) + " " + std::to_string(h.exchange_type) + " " + to_hex(flags) + " " +
         std::to_string(h.message_id) + " " + std::to_string(h.length);
}

std::vector<vectors::Block> captured(const std::string& kind) {
  auto blocks = vectors::read_blocks(vector_folder + "ikev2_messages.txt");
  std::erase_if(blocks, [&](const auto& block) { return !block.is(kind); });
  return blocks;
}

TEST(Ikev2Captures, SayWhatWiresharkReads) {
  ASSERT_GT(captured("message").size(), 15u);
  for (const auto& block : captured("message")) {
    SCOPED_TRACE(block.name());
    const auto message = parse_message(block.hex("hex"));
    ASSERT_TRUE(message);
    EXPECT_EQ(describe_header(message->header), block.at("header"));
    EXPECT_EQ(describe_all(message->payloads), block.all("payload"));
  }
}

TEST(Ikev2Captures, SayWhatWiresharkReadsWhenDecrypted) {
  ASSERT_GT(captured("inner").size(), 4u);
  for (const auto& block : captured("inner")) {
    SCOPED_TRACE(block.name());
    const std::size_t space = block.name().find(' ');
    const PayloadType first{static_cast<std::uint8_t>(std::stoi(block.name().substr(space + 1)))};
    const Bytes text = block.hex("text");
    const auto inner = strip_padding(text);
    ASSERT_TRUE(inner);
    const auto chain = parse_inner_payloads(first, *inner);
    ASSERT_TRUE(chain);
    EXPECT_EQ(describe_all(*chain), block.all("payload"));
    EXPECT_EQ(serialize_payloads(*chain), to_bytes(*inner));
  }
}

TEST(Ikev2Captures, AreWrittenAsTheyWereRead) {
  for (const auto& block : captured("message")) {
    SCOPED_TRACE(block.name());
    const Bytes octets = block.hex("hex");
    EXPECT_EQ(serialize_message(*parse_message(octets)), octets);
  }
}

TEST(Ikev2Captures, AreRefusedWhenCutAnywhere) {
  for (const auto& block : captured("message")) {
    SCOPED_TRACE(block.name());
    const Bytes octets = block.hex("hex");
    for (std::size_t size = 0; size < octets.size(); ++size) {
      Bytes cut(octets.begin(), octets.begin() + static_cast<std::ptrdiff_t>(size));
      ASSERT_FALSE(parse_message(cut)) << size;
      if (size < ike_header_size) continue;
      // The same with a header that knows of the cut, so that the payloads have to notice.
      store_be32(&cut[length_offset], static_cast<std::uint32_t>(size));
      const auto message = parse_message(cut);
      ASSERT_FALSE(message) << size;
      EXPECT_LE(message.error().where, size);
    }
  }
}

TEST(Ikev2Captures, StayReadableOrAreRefusedWithAnyOctetChanged) {
  for (const auto& block : captured("message")) {
    SCOPED_TRACE(block.name());
    Bytes octets = block.hex("hex");
    for (std::size_t i = ike_header_size; i < octets.size(); ++i) {
      const std::uint8_t original = octets[i];
      for (const int value : {0, 1, 0x7f, 0x80, 0xff, original ^ 4}) {
        octets[i] = static_cast<std::uint8_t>(value);
        const auto message = parse_message(octets);
        if (!message) {
          ASSERT_LE(message.error().where, octets.size());
          continue;
        }
        const auto written = serialize_message(*message);
        ASSERT_TRUE(written) << i;
        ASSERT_EQ(parse_message(*written), message) << i;
      }
      octets[i] = original;
    }
  }
}

TEST(Ikev2HostileCaptures, AreRefusedForTheRightReason) {
  for (const auto& block : vectors::read_blocks(vector_folder + "ikev2_hostile.txt")) {
    SCOPED_TRACE(block.name());
    const auto message = parse_message(block.hex("hex"));
    ASSERT_FALSE(message);
    EXPECT_EQ(std::string(to_string(message.error().code)) + " " + std::to_string(message.error().where),
              block.at("error"));
  }
}

TEST(Ikev2HostileCaptures, AreHarmlessWithAMendedHeaderToo) {
  for (const auto& block : vectors::read_blocks(vector_folder + "ikev2_hostile.txt")) {
    SCOPED_TRACE(block.name());
    Bytes octets = block.hex("hex");
    if (octets.size() < ike_header_size) continue;
    octets[version_offset] = 0x20;
    store_be32(&octets[length_offset], static_cast<std::uint32_t>(octets.size()));
    for (int type = 0; type < 256; ++type) {
      octets[next_payload_offset] = static_cast<std::uint8_t>(type);
      const auto message = parse_message(octets);
      if (!message) continue;
      const auto written = serialize_message(*message);
      ASSERT_TRUE(written) << type;
      ASSERT_EQ(parse_message(*written), message) << type;
    }
  }
}

}  // namespace
}  // namespace sallyport::wire::ikev2
