// Messages that others sent, read as Wireshark reads them; and messages made to break a reader.
#include <gtest/gtest.h>

#include "tests/vectors/wire/vector_file.h"
#include "wire/ikev1/message.h"

namespace sallyport::wire::ikev1 {
namespace {

const std::string vector_folder = SALLYPORT_SOURCE_DIR "/tests/vectors/ikev1/";

std::string decimal(std::uint64_t value) { return std::to_string(value); }
std::string hex_or_dash(ByteView bytes) { return bytes.empty() ? "-" : to_hex(bytes); }

// What a payload says, in the language of the vector files.

std::string describe(const Attributes& attributes) {
  std::string text;
  for (const Attribute& attribute : attributes)
    text += (attribute.basic ? " b" : " v") + decimal(attribute.type) + "=" + to_hex(attribute.value);
  return text;
}
std::string describe(const SaPayload& sa) {
  std::string text;
  for (const Proposal& proposal : sa.proposals) {
    if (!text.empty()) text += " ; ";
    text += "proposal " + decimal(proposal.number) + " protocol " + decimal(number(proposal.protocol)) + " spi " +
            hex_or_dash(proposal.spi) + ":";
    for (const Transform& transform : proposal.transforms)
      text += " " + decimal(transform.number) + "/" + decimal(transform.id) + describe(transform.attributes);
  }
  return text;
}
std::string describe(const KePayload& ke) { return to_hex(ke.data); }
std::string describe(const IdPayload& id) {
  return decimal(number(id.type)) + " protocol " + decimal(id.protocol) + " port " + decimal(id.port) + " " +
         to_hex(id.data);
}
std::string describe(const CertPayload& cert) { return decimal(number(cert.encoding)) + " " + to_hex(cert.data); }
std::string describe(const CertReqPayload& request) {
  return decimal(number(request.encoding)) + " " + to_hex(request.authority);
}
std::string describe(const HashPayload& hash) { return to_hex(hash.data); }
std::string describe(const SignaturePayload& signature) { return to_hex(signature.data); }
std::string describe(const NoncePayload& nonce) { return to_hex(nonce.data); }
std::string describe(const NotifyPayload& notify) {
  return decimal(number(notify.type)) + " doi " + decimal(number(notify.doi)) + " protocol " +
         decimal(number(notify.protocol)) + " spi " + hex_or_dash(notify.spi) + " data " + hex_or_dash(notify.data);
}
std::string describe(const DeletePayload& payload) {
  std::string text = "doi " + decimal(number(payload.doi)) + " protocol " + decimal(number(payload.protocol)) + " spis";
  for (const Bytes& spi : payload.spis) text += " " + to_hex(spi);
  return text;
}
std::string describe(const VendorIdPayload& vendor) { return to_hex(vendor.data); }
std::string describe(const AttributesPayload& payload) {
  return decimal(number(payload.type)) + " identifier " + decimal(payload.identifier) + describe(payload.attributes);
}
std::string describe(const NatDPayload& payload) { return to_hex(payload.hash); }
std::string describe(const NatOaPayload& payload) {
  return decimal(number(payload.type)) + " " + to_hex(payload.address);
}
std::string describe(const FragmentPayload& fragment) {
  return "id " + decimal(fragment.id) + " number " + decimal(fragment.fragment_number) + " last " +
         decimal(fragment.is_last) + " " + to_hex(fragment.data);
}
std::string describe(const UnknownPayload&) { return "not in any vector"; }

std::vector<std::string> describe_all(const PayloadChain& chain) {
  std::vector<std::string> lines;
  for (const Payload& payload : chain)
    lines.push_back(decimal(number(type_of(payload))) + " " +
                    std::visit([](const auto& body) { return describe(body); }, payload));
  return lines;
}

std::string describe_header(const IkeHeader& h) {
  Bytes cookies;
  Writer writer(cookies);
  writer.u64(h.initiator_spi);
  writer.u64(h.responder_spi);
  const std::uint8_t flags[] = {h.flags};
  return to_hex(ByteView(cookies).first(8)) + " " + to_hex(ByteView(cookies).subspan(8)) + " " +
         decimal(h.next_payload) + " " + decimal(h.major_version) + "." + decimal(h.minor_version) + " " +
         decimal(h.exchange_type) + " " + to_hex(flags) + " " + decimal(h.message_id) + " " + decimal(h.length);
}

std::vector<vectors::Block> messages(const std::string& kind) {
  auto blocks = vectors::read_blocks(vector_folder + "messages.txt");
  std::erase_if(blocks, [&](const auto& block) { return !block.is(kind); });
  return blocks;
}

std::string describe_error(const Error& error) {
  return std::string(to_string(error.code)) + " " + std::to_string(error.where);
}

/// What is read can be written, and is the same when read again.
void expect_writable(const Message& message) {
  const auto written = serialize_message(message);
  ASSERT_TRUE(written);
  Message expected = message;
  expected.header.length = static_cast<std::uint32_t>(written->size());
  ASSERT_EQ(parse_message(*written), expected);
}

/// The message with version, flags and length put right, so that its payloads are reached.
Bytes mended(Bytes octets) {
  octets[version_offset] = 0x10;
  octets[flags_offset] = 0;
  store_be32(&octets[length_offset], static_cast<std::uint32_t>(octets.size()));
  return octets;
}

TEST(Ikev1Captures, SayWhatWiresharkReads) {
  ASSERT_GT(messages("message").size(), 20u);
  for (const auto& block : messages("message")) {
    SCOPED_TRACE(block.name());
    const auto message = parse_message(block.hex("hex"));
    ASSERT_TRUE(message) << describe_error(message.error());
    EXPECT_EQ(describe_header(message->header), block.at("header"));
    EXPECT_EQ(describe_all(message->payloads), block.all("payload"));
  }
}

TEST(Ikev1Captures, SayWhatWiresharkReadsWhenDecrypted) {
  ASSERT_GT(messages("inner").size(), 3u);
  for (const auto& block : messages("inner")) {
    SCOPED_TRACE(block.name());
    const std::size_t space = block.name().find(' ');
    const PayloadType first{static_cast<std::uint8_t>(std::stoi(block.name().substr(space + 1)))};
    const Bytes text = block.hex("text");
    const auto raw = split_payloads(first, text, Protection::decrypted, ike_header_size);
    ASSERT_TRUE(raw);
    const auto chain = parse_payloads(*raw);
    ASSERT_TRUE(chain) << describe_error(chain.error());
    EXPECT_EQ(parse_decrypted(first, text), chain);
    EXPECT_EQ(describe_all(*chain), block.all("payload"));
    EXPECT_EQ(serialize_payloads(*chain), to_bytes(raw->octets));
    EXPECT_LT(text.size() - raw->octets.size(), 8u);  // the block of 3DES
  }
}

TEST(Ikev1Captures, KeepEncryptedBodiesClosed) {
  ASSERT_GT(messages("sealed").size(), 2u);
  for (const auto& block : messages("sealed")) {
    SCOPED_TRACE(block.name());
    const Bytes octets = block.hex("hex");
    const auto envelope = parse_envelope(octets);
    ASSERT_TRUE(envelope);
    EXPECT_TRUE(envelope->is_encrypted());
    EXPECT_EQ(describe_header(envelope->header), block.at("header"));
    EXPECT_EQ(envelope->body.size(), octets.size() - ike_header_size);
    EXPECT_EQ(parse_message(octets), fail(ErrorCode::malformed, flags_offset));
    EXPECT_EQ(assemble_message(envelope->header, envelope->first_type(), envelope->body), octets);
  }
}

TEST(Ikev1Captures, AreWrittenAsTheyWereRead) {
  for (const auto& block : messages("message")) {
    SCOPED_TRACE(block.name());
    const Bytes octets = block.hex("hex");
    EXPECT_EQ(serialize_message(*parse_message(octets)), octets);
  }
}

TEST(Ikev1Captures, AreRefusedWhenCutAnywhere) {
  for (const auto& block : messages("message")) {
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

TEST(Ikev1Captures, StayReadableOrAreRefusedWithAnyOctetChanged) {
  for (const auto& block : messages("message")) {
    SCOPED_TRACE(block.name());
    Bytes octets = block.hex("hex");
    for (std::size_t i = ike_header_size; i < octets.size(); ++i) {
      const std::uint8_t original = octets[i];
      for (const int value : {0, 1, 0x7f, 0x80, 0xff, original ^ 4}) {
        octets[i] = static_cast<std::uint8_t>(value);
        const auto message = parse_message(octets);
        if (message) {
          expect_writable(*message);
        } else {
          ASSERT_LE(message.error().where, octets.size());
        }
      }
      octets[i] = original;
    }
  }
}

TEST(Ikev1HostileCaptures, AreRefusedForTheRightReason) {
  for (const auto& block : vectors::read_blocks(vector_folder + "hostile.txt")) {
    SCOPED_TRACE(block.name());
    const Bytes octets = block.hex("hex");
    const auto message = parse_message(octets);
    ASSERT_FALSE(message);
    EXPECT_EQ(describe_error(message.error()), block.at("error"));
    const auto message_of_mended = parse_message(mended(octets));
    ASSERT_FALSE(message_of_mended);
    EXPECT_EQ(describe_error(message_of_mended.error()), block.at("mended"));
  }
}

TEST(Ikev1HostileCaptures, AreHarmlessWithAnyFirstPayload) {
  for (const auto& block : vectors::read_blocks(vector_folder + "hostile.txt")) {
    SCOPED_TRACE(block.name());
    Bytes octets = mended(block.hex("hex"));
    for (int type = 0; type < 256; ++type) {
      octets[next_payload_offset] = static_cast<std::uint8_t>(type);
      const auto message = parse_message(octets);
      if (message) expect_writable(*message);
      const auto decrypted = parse_decrypted(PayloadType{octets[0]}, ByteView(octets).subspan(ike_header_size));
      if (!decrypted) {
        EXPECT_LE(decrypted.error().where, octets.size());
      }
    }
  }
}

}  // namespace
}  // namespace sallyport::wire::ikev1
