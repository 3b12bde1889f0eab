// Every implementation of PacketCipher opens packets that others sealed; tests/vectors/crypto/ says who.
#include <gtest/gtest.h>

#include "base/random.h"
#include "crypto/openssl/packet_cipher_openssl.h"
#include "crypto/openssl/provider_openssl.h"
#include "crypto/test_vectors.h"
#ifdef SALLYPORT_HAS_IPSEC_MB
#include "crypto/ipsec_mb/packet_cipher_ipsec_mb.h"
#endif

namespace sallyport::crypto {
namespace {

std::vector<std::unique_ptr<PacketCipherFactory>> all_factories() {
  std::vector<std::unique_ptr<PacketCipherFactory>> factories;
  factories.push_back(make_openssl_factory());
#ifdef SALLYPORT_HAS_IPSEC_MB
  for (const auto widest : {InstructionSet::sse, InstructionSet::avx, InstructionSet::avx2, InstructionSet::avx512})
    if (auto factory = make_ipsec_mb_factory(widest)) factories.push_back(std::move(factory));
#endif
  return factories;
}

/// Opens `packet`, from the SPI to the ICV; the text, or nullopt.
std::optional<Bytes> opened(PacketCipher& cipher, Bytes packet, std::uint64_t sequence) {
  PacketJob job{};
  job.packet = packet.data();
  job.iv = packet.data() + 8;
  job.text = job.iv + cipher.iv_size();
  job.icv = packet.data() + packet.size() - cipher.icv_size();
  job.text_size = static_cast<std::uint32_t>(job.icv - job.text);
  job.sequence = sequence;
  cipher.open({&job, 1});
  if (!job.ok) return std::nullopt;
  return Bytes(job.text, job.icv);
}

Bytes joined(std::initializer_list<ByteView> parts) {
  Bytes whole;
  for (const ByteView part : parts) append(whole, part);
  return whole;
}

TEST(PacketVectors, EspOfRealPeers) {
  for (const auto& factory : all_factories())
    for (const TestVector& vector : load_test_vectors("crypto/esp.txt")) {
      SCOPED_TRACE(vector.place());
      const Bytes key = vector.bytes("encryption_key"), integrity_key = vector.bytes("integrity_key");
      const Bytes packet = vector.bytes("packet");
      const auto cipher = *factory->make({{Cipher::aes_cbc, 128}, Integrity::hmac_sha1_96, false, key, integrity_key});
      EXPECT_EQ(opened(*cipher, packet, load_be32(packet.data() + 4)), vector.bytes("text"));
    }
}

// Additional data of 8 and of 12 octets reads as SPI and sequence number, of 32 and of 64 bits. A shorter ICV of GCM is
// the start of the longest (NIST SP 800-38D §7.1).
TEST(PacketVectors, CombinedModes) {
  for (const auto& factory : all_factories()) {
    int count = 0;
    for (const TestVector& vector : load_test_vectors("crypto/aead.txt")) {
      const Bytes aad = vector.bytes("aad"), nonce = vector.bytes("nonce"), sealed = vector.bytes("sealed");
      const bool extended = aad.size() == 12;
      if ((aad.size() != 8 && !extended) || sealed.empty()) continue;
      SCOPED_TRACE(vector.place());
      const std::size_t salt = shape(encryption_of(vector).cipher).salt;
      if (nonce.size() != salt + 8) continue;     // CCM has others
      ASSERT_EQ(vector.word("result"), "valid");  // the invalid ones have other sizes
      const Bytes key = joined({vector.bytes("key"), ByteView(nonce).first(salt)}), icv = vector.bytes("icv");
      const std::uint64_t sequence = extended ? load_be64(aad.data() + 4) : load_be32(aad.data() + 4);
      std::vector<Encryption> encryptions = {encryption_of(vector)};
      if (encryptions[0].cipher == Cipher::aes_gcm_16)
        for (const Cipher shorter : {Cipher::aes_gcm_8, Cipher::aes_gcm_12})
          encryptions.push_back({shorter, encryptions[0].key_bits});
      for (const Encryption& encryption : encryptions) {
        const auto made = factory->make({encryption, Integrity::none, extended, key, {}});
        if (!made && encryption.key_bits == 192) continue;  // CCM is not there with it
        const auto& cipher = *made;
        Bytes packet = joined(
            {ByteView(aad).first(8), ByteView(nonce).subspan(salt), sealed, ByteView(icv).first(cipher->icv_size())});
        EXPECT_EQ(opened(*cipher, packet, sequence), vector.bytes("text"));
        packet.back() ^= 1;
        EXPECT_EQ(opened(*cipher, packet, sequence), std::nullopt);
        ++count;
      }
    }
    EXPECT_GT(count, 30);
  }
}

// What vectors do not have in ESP's layout is opened by the provider, which has vectors of its own: nonce and
// additional data as the RFCs say, RFC 4309 §4 and §5, RFC 4543 §3.2 and §3.3, RFC 8750 §4.
TEST(PacketVectors, CombinedModesAsTheProviderHasThem) {
  const auto provider = make_openssl_provider();
  SeededRandom random(11);
  for (const auto& factory : all_factories())
    for (int i = 0; i <= static_cast<int>(Cipher::chacha20_poly1305_iiv); ++i)
      for (const auto bits : std::to_array<std::uint16_t>({128, 192, 256}))
        for (const bool extended : {false, true}) {
          const Encryption encryption{static_cast<Cipher>(i), bits};
          if (!is_combined(encryption.cipher) || !has_valid_key_size(encryption)) continue;
          SCOPED_TRACE(to_string(encryption));
          Bytes key(keying_size(encryption)), text(60);
          random.fill(key);
          random.fill(text);
          const auto made = factory->make({encryption, Integrity::none, extended, key, {}});
          if (!made && bits == 192) continue;
          const std::size_t iv = (*made)->iv_size();
          Bytes packet(8 + iv + text.size() + (*made)->icv_size());
          store_be64(packet.data(), 0xc0ffee0080000009);
          std::ranges::copy(text, packet.begin() + static_cast<std::ptrdiff_t>(8 + iv));
          PacketJob job{packet.data(), &packet[8], &packet[8 + iv], 60, &packet[8 + iv + 60], 0x5'8000'0009, false};
          (*made)->seal({&job, 1});

          const ByteView sealed(job.text, 60), icv(job.icv, (*made)->icv_size());
          const Bytes number = from_hex(extended ? "0000000580000009" : "80000009").value();
          Bytes implicit = from_hex("0000000080000009").value();
          if (extended) implicit = number;
          const Bytes nonce =
              joined({ByteView(key).subspan(bits / 8u), iv == 0 ? ByteView(implicit) : ByteView(job.iv, iv)});
          Bytes aad = joined({ByteView(packet).first(4), number});
          Bytes opened = to_bytes(sealed);
          Encryption known = encryption;
          if (encryption.cipher == Cipher::aes_ccm_8_iiv) known.cipher = Cipher::aes_ccm_8;
          if (encryption.cipher == Cipher::aes_gcm_16_iiv) known.cipher = Cipher::aes_gcm_16;
          if (encryption.cipher == Cipher::chacha20_poly1305_iiv) known.cipher = Cipher::chacha20_poly1305;
          if (encryption.cipher == Cipher::aes_gmac) {
            known.cipher = Cipher::aes_gcm_16;
            append(aad, ByteView(job.iv, iv));
            append(aad, text);
            EXPECT_EQ(std::exchange(opened, {}), text);
          }
          EXPECT_TRUE(provider->open(known, ByteView(key).first(bits / 8u), nonce, aad, opened, icv));
          EXPECT_TRUE(encryption.cipher == Cipher::aes_gmac || opened == text);
        }
}

/// Null encryption around `text` leaves the MAC of it as ICV.
Bytes icv_of(PacketCipherFactory& factory, Integrity integrity, ByteView key, ByteView text, std::uint64_t sequence) {
  const auto cipher = *factory.make({{Cipher::null, 0}, integrity, false, {}, key});
  Bytes packet = to_bytes(text);
  packet.resize(text.size() + cipher->icv_size());
  PacketJob job{
      packet.data(), packet.data(), packet.data(), static_cast<std::uint32_t>(text.size()), packet.data() + text.size(),
      sequence,      false};
  cipher->seal({&job, 1});
  return to_bytes(ByteView(packet).subspan(text.size()));
}

TEST(PacketVectors, MacsOfAes) {
  for (const auto& factory : all_factories()) {
    std::map<std::string, int> count;
    for (const TestVector& vector : load_test_vectors("crypto/aes_mac.txt")) {
      SCOPED_TRACE(vector.place());
      const Bytes key = vector.bytes("key"), text = vector.bytes("text"), tag = vector.bytes("tag");
      if (text.empty()) continue;  // no packet is
      const auto integrity = named(vector, "mac", Integrity::aes_xcbc_96, Integrity::aes_256_gmac);
      ++count[vector.word("mac")];
      if (is_gmac(integrity)) {
        const Bytes nonce = vector.bytes("nonce");
        const Bytes with_salt = joined({key, ByteView(nonce).first(4)});
        EXPECT_TRUE(opened(**factory->make({{Cipher::null, 0}, integrity, false, {}, with_salt}),
                           joined({text, ByteView(nonce).subspan(4), tag}), 1));
        continue;
      }
      const Bytes icv = icv_of(*factory, integrity, key, text, 1);
      const std::size_t common = std::min(icv.size(), tag.size());
      const bool same = equal(ByteView(icv).first(common), ByteView(tag).first(common));
      // A forgery that is beyond what is sent is none here.
      EXPECT_TRUE(vector.word("result") == "valid" ? same : !same || tag.size() > icv.size());
    }
    EXPECT_GT(count["aesxcbc"], 5);
    EXPECT_GT(count["aescmac"], 100);
    EXPECT_EQ(count.size(), 5u);
  }
}

// The vectors have no ICV; the provider, which has vectors of its own, adds one.
TEST(PacketVectors, CiphersWithSeparateIntegrity) {
  const auto provider = make_openssl_provider();
  const Bytes integrity_key(key_size(Integrity::hmac_sha2_256_128), 5);
  int total_of_triple_des = 0;
  for (const auto& factory : all_factories()) {
    std::map<Cipher, int> count;
    for (const TestVector& vector : load_test_vectors("crypto/cipher.txt")) {
      SCOPED_TRACE(vector.place());
      const Encryption encryption = encryption_of(vector);
      const Bytes full_iv = vector.bytes("iv");
      Bytes key = vector.bytes("key"), iv = full_iv;
      if (encryption.cipher == Cipher::aes_ctr) {
        if (load_be32(full_iv.data() + 12) != 1) continue;  // ESP's counter starts at 1
        append(key, ByteView(full_iv).first(4));
        iv = to_bytes(ByteView(full_iv).subspan(4, 8));
      }
      const auto made = factory->make({encryption, Integrity::hmac_sha2_256_128, false, key, integrity_key});
      if (!made && encryption.cipher == Cipher::triple_des_cbc) continue;  // not there without AVX-512
      const auto& cipher = *made;
      Bytes packet = joined({from_hex("c0ffee0000000007").value(), iv, vector.bytes("sealed")});
      Bytes icv(cipher->icv_size());
      provider->mac(Integrity::hmac_sha2_256_128, integrity_key, std::array{ByteView(packet)}, icv);
      append(packet, icv);
      EXPECT_EQ(opened(*cipher, packet, 7), vector.bytes("text"));
      ++count[encryption.cipher];
    }
    for (const Cipher cipher : {Cipher::aes_cbc, Cipher::aes_ctr}) EXPECT_GT(count[cipher], 10);
    total_of_triple_des += count[Cipher::triple_des_cbc];
  }
  EXPECT_GT(total_of_triple_des, 10);
}

}  // namespace
}  // namespace sallyport::crypto
