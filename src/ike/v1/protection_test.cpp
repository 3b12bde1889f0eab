// Messages of real peers, opened and sealed again along their sessions (tests/vectors/ikev1/protected_messages.txt),
// and what must not open.
#include "ike/v1/protection.h"

#include <gtest/gtest.h>

#include <map>

#include "crypto/openssl/provider_openssl.h"
#include "ike/v1/exchange_hash.h"
#include "policy/proposal.h"
#include "tests/vectors/wire/vector_file.h"
#include "wire/ikev1/numbers.h"

namespace sallyport::ike::v1 {
namespace {

using vectors::Block;

constexpr std::uint8_t kHashPayload = 8, kNoncePayload = 10, kQuickMode = 32;

/// Bodies of a chain's payloads by type, the last one of each.
std::map<int, ByteView> bodies(int type, ByteView chain) {
  std::map<int, ByteView> found;
  while (type != 0) {
    const std::size_t size = load_be16(chain.data() + 2);
    found[type] = chain.first(size).subspan(4);
    type = chain[0];
    chain = chain.subspan(size);
  }
  return found;
}

/// What one of the two, or who listens with the key, knows along a recorded session.
class Session {
 public:
  Session(crypto::Provider& crypto, const Block& block)
      : crypto_(crypto),
        suite_(suite_of(block)),
        key_(Secret::adopt(block.hex("encryption_key"))),
        phase_1_(IvChain::of_phase_1(crypto, crypto::hash_of(suite_.prf), suite_.encryption, block.hex("public_i"),
                                     block.hex("public_r"))) {
    for (const auto& [name, value] : block.lines) {
      if (name == "skeyid_a") skeyid_a_ = Secret::adopt(block.hex(name));
      if (name != "initial_iv") continue;
      EXPECT_TRUE(equal(phase_1_.iv(), block.hex(name)));
    }
  }

  /// The chain of a message's exchange; a new exchange begins one.
  IvChain& chain(const wire::IkeHeader& header) {
    if (header.message_id == 0) return phase_1_;
    const auto [at, _] = exchanges_.try_emplace(header.message_id, phase_1_.of_exchange(crypto_, header.message_id));
    return at->second;
  }
  Result<OpenedMessage> open(ByteView message) {
    const wire::IkeHeader header = wire::parse_ike_header(message).value();
    return open_message(crypto_, suite_.encryption, key_, chain(header), header, message);
  }
  Result<Bytes> seal(const wire::IkeHeader& header, ByteView payloads) {
    return seal_message(crypto_, suite_.encryption, key_, chain(header), header, payloads);
  }

  bool verifies_hashes() const { return !skeyid_a_.empty(); }
  /// Whether the HASH payload is the one that the message must have where it stands in its exchange.
  bool is_authentic(const wire::IkeHeader& header, const OpenedMessage& opened) {
    const auto payloads = bodies(header.next_payload, opened.payloads.view());
    auto& nonces = nonces_[header.message_id];
    const std::uint32_t id = header.message_id;
    Secret expected;
    if (header.exchange_type != kQuickMode || nonces.empty())
      expected = hash_1(crypto_, suite_.prf, skeyid_a_, id, opened.after_first());
    else if (nonces.size() == 1)
      expected = hash_2(crypto_, suite_.prf, skeyid_a_, id, nonces[0], opened.after_first());
    else
      expected = hash_3(crypto_, suite_.prf, skeyid_a_, id, nonces[0], nonces[1]);
    if (payloads.contains(kNoncePayload)) nonces.push_back(to_bytes(payloads.at(kNoncePayload)));
    return header.next_payload == kHashPayload && equal(payloads.at(kHashPayload), expected.view());
  }

 private:
  static policy::Suite suite_of(const Block& block) {
    const auto proposal = policy::parse_proposal(policy::Protocol::ike, block.at("suite"));
    return policy::choose({proposal.value()}, {proposal.value()}).value().suite;
  }

  crypto::Provider& crypto_;
  policy::Suite suite_;
  Secret key_, skeyid_a_;
  IvChain phase_1_;
  std::map<std::uint32_t, IvChain> exchanges_;
  std::map<std::uint32_t, std::vector<Bytes>> nonces_;
};

class Protection : public testing::Test {
 protected:
  /// Calls `at(session, block, octets)` for each message in its place, and lets the chain follow it.
  template <class Function>
  void along_sessions(Function&& at) {
    std::optional<Session> session;
    for (const Block& block :
         vectors::read_blocks(SALLYPORT_SOURCE_DIR "/tests/vectors/ikev1/protected_messages.txt")) {
      SCOPED_TRACE(block.name());
      if (block.is("session")) {
        session.emplace(*crypto_, block);
        continue;
      }
      const Bytes octets = block.hex("octets");
      at(*session, block, octets);
      if (block.is("message")) session->chain(wire::parse_ike_header(octets).value()).follow(octets);
      ++messages_;
    }
    EXPECT_GE(messages_, 60U);
  }

  // ---- one small message of our own ----
  static wire::IkeHeader header() {
    return {.initiator_spi = 1,
            .responder_spi = 2,
            .next_payload = kHashPayload,
            .major_version = 1,
            .exchange_type = kQuickMode,
            .message_id = 9};
  }
  IvChain chain() const { return IvChain::of_phase_1(*crypto_, crypto::Hash::sha1, kAes, Bytes(8, 1), Bytes(8, 2)); }
  /// Encrypts `text`, as it is, behind a header.
  Bytes encrypted(Bytes text) {
    crypto_->encrypt(kAes, key_.view(), chain().iv(), text);
    wire::IkeHeader outside = header();
    outside.flags = wire::ikev1::flag_encryption;
    outside.length = static_cast<std::uint32_t>(wire::ike_header_size + text.size());
    Bytes message;
    Writer writer(message);
    wire::serialize_ike_header(writer, outside);
    writer.bytes(text);
    return message;
  }
  Result<OpenedMessage> open(const Bytes& message) {
    return open_message(*crypto_, kAes, key_, chain(), wire::parse_ike_header(message).value(), message);
  }

  static constexpr crypto::Encryption kAes{crypto::Cipher::aes_cbc, 128};
  std::unique_ptr<crypto::Provider> crypto_ = crypto::make_openssl_provider();
  const Secret key_ = Secret::copy_of(Bytes(16, 4));
  std::size_t messages_ = 0;
};

TEST_F(Protection, OpensWhatRealPeersSentAllAlongTheirSessions) {
  along_sessions([](Session& session, const Block& block, const Bytes& octets) {
    if (!block.is("message")) return;
    const auto opened = session.open(octets);
    ASSERT_TRUE(opened);
    EXPECT_TRUE(equal(opened->payloads.view(), block.hex("plain")));
  });
}

TEST_F(Protection, VerifiesTheHashesOfQuickModesInformationalsAndTransactions) {
  std::map<int, int> verified;
  along_sessions([&](Session& session, const Block& block, const Bytes& octets) {
    const wire::IkeHeader header = wire::parse_ike_header(octets).value();
    if (!block.is("message") || header.message_id == 0 || !session.verifies_hashes()) return;
    const auto opened = session.open(octets);
    ASSERT_TRUE(opened);
    EXPECT_TRUE(session.is_authentic(header, *opened));
    ++verified[header.exchange_type];
  });
  EXPECT_EQ(verified.size(), 3U);  // kinds of exchanges
  EXPECT_GE(verified[kQuickMode], 27);
}

TEST_F(Protection, SealsOctetByOctetAsRealPeersDo) {
  std::size_t alike = 0;
  along_sessions([&](Session& session, const Block& block, const Bytes& octets) {
    if (!block.is("message")) return;
    const Bytes plain = block.hex("plain");
    const auto sealed = session.seal(wire::parse_ike_header(octets).value(), plain);
    ASSERT_TRUE(sealed);
    // strongSwan adds a block where none is needed.
    if (sealed->size() != octets.size()) return;
    EXPECT_EQ(*sealed, octets);
    ++alike;
  });
  EXPECT_GE(alike, 40U);
}

TEST_F(Protection, DoesNotOpenARepeatedMessageAndGoesOnBehindIt) {
  std::size_t repeated = 0;
  Bytes previous;
  along_sessions([&](Session& session, const Block& block, const Bytes& octets) {
    // Each message again right after it was accepted; the next one still opens.
    const bool same_exchange = !previous.empty() && load_be32(previous.data() + 20) == load_be32(octets.data() + 20) &&
                               equal(ByteView(previous).first(16), ByteView(octets).first(16));
    if (same_exchange) {
      EXPECT_EQ(session.open(previous).error().code, ErrorCode::mismatch);
      ++repeated;
    }
    if (block.is("repeated"))
      EXPECT_EQ(session.open(octets).error().code, ErrorCode::mismatch);
    else
      EXPECT_TRUE(session.open(octets));
    previous = octets;
  });
  EXPECT_GE(repeated, 20U);
}

TEST_F(Protection, DoesNotOpenWithAnotherKey) {
  const Bytes message = encrypted({0, 0, 0, 16, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
  ASSERT_TRUE(open(message));
  const auto opened = open_message(*crypto_, kAes, Secret::copy_of(Bytes(16, 5)), chain(),
                                   wire::parse_ike_header(message).value(), message);
  EXPECT_EQ(opened.error(), (Error{ErrorCode::mismatch, wire::ike_header_size}));
}

TEST_F(Protection, RefusesWhatIsNotEncrypted) {
  Bytes message = encrypted({0, 0, 0, 16, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
  message[19] = 0;
  EXPECT_EQ(open(message).error().code, ErrorCode::missing);
}

TEST_F(Protection, RefusesBrokenBlocks) {
  EXPECT_EQ(open(encrypted({})).error(), (Error{ErrorCode::malformed, wire::ike_header_size}));
  for (const std::size_t size : {1U, 15U, 17U, 31U}) {
    Bytes message = encrypted(Bytes(32));
    message.resize(wire::ike_header_size + size);
    store_be32(message.data() + wire::length_offset, static_cast<std::uint32_t>(message.size()));
    EXPECT_EQ(open(message).error(), (Error{ErrorCode::malformed, wire::ike_header_size})) << size;
  }
}

TEST_F(Protection, RefusesAHeaderThatNamesNoPayload) {
  Bytes message = encrypted({0, 0, 0, 16, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
  message[wire::next_payload_offset] = 0;
  EXPECT_EQ(open(message).error(), (Error{ErrorCode::malformed, wire::next_payload_offset}));
}

TEST_F(Protection, RefusesAFirstPayloadThatMakesNoSense) {
  for (const Bytes& start :
       {Bytes{0, 0, 0, 0}, Bytes{0, 0, 0, 3}, Bytes{0, 0, 0, 17}, Bytes{0, 0, 0xff, 0xff}, Bytes{0, 1, 0, 16}}) {
    Bytes text = start;
    text.resize(16);
    EXPECT_EQ(open(encrypted(text)).error(), (Error{ErrorCode::mismatch, wire::ike_header_size}));
  }
}

TEST_F(Protection, RefusesALaterPayloadBehindTheEnd) {
  for (const Bytes& second : {Bytes{0, 0, 0, 0}, Bytes{0, 0, 0, 3}, Bytes{0, 0, 0, 9}, Bytes{5, 0, 0, 8}}) {
    Bytes text{kNoncePayload, 0, 0, 8, 1, 2, 3, 4};
    append(text, second);
    text.resize(16);
    const auto opened = open(encrypted(text));
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, ErrorCode::malformed);
  }
}

TEST_F(Protection, RefusesALaterPayloadWithoutAWholeHeader) {
  for (const std::uint8_t length : {std::uint8_t{13}, std::uint8_t{14}, std::uint8_t{15}, std::uint8_t{16}}) {
    Bytes text{kNoncePayload, 0, 0, length};
    text.resize(16);
    const auto opened = open(encrypted(text));
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error(), (Error{ErrorCode::malformed, wire::ike_header_size + length}));
  }
}

TEST_F(Protection, TakesPaddingOfAnyContentAndLength) {
  for (const std::size_t size : {16U, 32U, 256U, 4096U})
    for (const auto filling : {std::uint8_t{0x00}, std::uint8_t{0xff}}) {
      Bytes text{0, 0, 0, 8, 1, 2, 3, 4};
      text.resize(size, filling);
      const auto opened = open(encrypted(text));
      ASSERT_TRUE(opened);
      EXPECT_TRUE(equal(opened->payloads.view(), ByteView(text).first(8)));
      EXPECT_TRUE(opened->after_first().empty());
    }
}

TEST_F(Protection, PadsToWholeBlocksAndSaysSoInTheHeader) {
  for (std::size_t size = 4; size <= 33; ++size) {
    Bytes payloads(size);
    payloads[3] = static_cast<std::uint8_t>(size);
    const Bytes message = seal_message(*crypto_, kAes, key_, chain(), header(), payloads).value();
    const wire::IkeHeader outside = wire::parse_ike_header(message).value();
    EXPECT_EQ(outside.length, wire::ike_header_size + (size + 15) / 16 * 16);
    EXPECT_EQ(outside.flags, wire::ikev1::flag_encryption);
    EXPECT_TRUE(equal(open(message)->payloads.view(), payloads));
  }
}

TEST_F(Protection, KeepsOtherFlags) {
  wire::IkeHeader commit = header();
  commit.flags = 0x02;
  const Bytes message = seal_message(*crypto_, kAes, key_, chain(), commit, Bytes{0, 0, 0, 4}).value();
  EXPECT_EQ(message[19], 0x03);
}

TEST_F(Protection, RefusesToSealMoreThanADatagramHolds) {
  const std::size_t most = (wire::max_message_size - wire::ike_header_size) / 16 * 16;
  EXPECT_TRUE(seal_message(*crypto_, kAes, key_, chain(), header(), Bytes(most)));
  EXPECT_EQ(seal_message(*crypto_, kAes, key_, chain(), header(), Bytes(most + 1)).error().code,
            ErrorCode::out_of_range);
  EXPECT_EQ(seal_message(*crypto_, kAes, key_, chain(), header(), Bytes(1U << 20)).error().code,
            ErrorCode::out_of_range);
}

TEST_F(Protection, EncryptsWithCbcAlone) {
  using enum crypto::Cipher;
  EXPECT_TRUE(encrypts_messages({triple_des_cbc, 192}));
  EXPECT_TRUE(encrypts_messages({aes_cbc, 192}));
  for (const crypto::Cipher cipher : {null, aes_ctr, aes_ccm_8, aes_ccm_12, aes_ccm_16, aes_gcm_8, aes_gcm_12,
                                      aes_gcm_16, aes_gmac, chacha20_poly1305, aes_gcm_16_iiv})
    EXPECT_FALSE(encrypts_messages({cipher, 256}));
}

}  // namespace
}  // namespace sallyport::ike::v1
