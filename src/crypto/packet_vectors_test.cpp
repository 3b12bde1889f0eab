// Every implementation of PacketCipher opens packets that others sealed; tests/vectors/crypto/ says who.
#include <gtest/gtest.h>

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
      ASSERT_EQ(vector.word("result"), "valid");  // the invalid ones have other sizes
      const Bytes key = joined({vector.bytes("key"), ByteView(nonce).first(4)}), icv = vector.bytes("icv");
      const std::uint64_t sequence = extended ? load_be64(aad.data() + 4) : load_be32(aad.data() + 4);
      std::vector<Encryption> encryptions = {encryption_of(vector)};
      if (encryptions[0].cipher == Cipher::aes_gcm_16)
        for (const Cipher shorter : {Cipher::aes_gcm_8, Cipher::aes_gcm_12})
          encryptions.push_back({shorter, encryptions[0].key_bits});
      for (const Encryption& encryption : encryptions) {
        const auto cipher = *factory->make({encryption, Integrity::none, extended, key, {}});
        Bytes packet = joined(
            {ByteView(aad).first(8), ByteView(nonce).subspan(4), sealed, ByteView(icv).first(cipher->icv_size())});
        EXPECT_EQ(opened(*cipher, packet, sequence), vector.bytes("text"));
        packet.back() ^= 1;
        EXPECT_EQ(opened(*cipher, packet, sequence), std::nullopt);
        ++count;
      }
    }
    EXPECT_GT(count, 30);
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
