// Properties of packet ciphers, of each implementation alone and of both against each other. They choose the same IVs,
// so they have to agree on every octet.
#include "crypto/packet_cipher.h"

#include <gtest/gtest.h>

#include <typeinfo>

#include "base/random.h"
#include "crypto/openssl/packet_cipher_openssl.h"
#ifdef SALLYPORT_HAS_IPSEC_MB
#include "crypto/ipsec_mb/packet_cipher_ipsec_mb.h"
#include "crypto/packet_cipher_fallback.h"
#endif

namespace sallyport::crypto {
namespace {

struct Suite {
  Encryption encryption;
  Integrity integrity;
  bool extended;

  friend std::string to_string(const Suite& suite) {
    return crypto::to_string(suite.encryption) + "_" + std::string(crypto::to_string(suite.integrity)) +
           (suite.extended ? "_esn" : "");
  }
};

const std::vector<Cipher> kCiphers = [] {
  std::vector<Cipher> all;
  for (int i = 0; i <= static_cast<int>(Cipher::chacha20_poly1305_iiv); ++i) all.push_back(static_cast<Cipher>(i));
  return all;
}();

std::vector<Suite> suites_of(Cipher cipher) {
  std::vector<std::uint16_t> sizes;
  for (const auto bits : std::to_array<std::uint16_t>({0, 128, 192, 256}))
    if (has_valid_key_size({cipher, bits})) sizes.push_back(bits);
  std::vector<Integrity> integrities = {
      Integrity::hmac_md5_96,       Integrity::hmac_sha1_96, Integrity::hmac_sha2_256_128, Integrity::hmac_sha2_384_192,
      Integrity::hmac_sha2_512_256, Integrity::aes_xcbc_96,  Integrity::aes_cmac_96};
  if (cipher == Cipher::null)
    for (const auto gmac : {Integrity::aes_128_gmac, Integrity::aes_192_gmac, Integrity::aes_256_gmac})
      integrities.push_back(gmac);
  if (is_combined(cipher)) integrities = {Integrity::none};
  std::vector<Suite> suites;
  for (const auto bits : sizes)
    for (const Integrity integrity : integrities)
      for (const bool extended : {false, true}) suites.push_back({{cipher, bits}, integrity, extended});
  return suites;
}

struct Keys {
  Bytes encryption, integrity;

  Keys(const Suite& suite, RandomSource& random)
      : encryption(keying_size(suite.encryption)), integrity(key_size(suite.integrity)) {
    random.fill(encryption);
    random.fill(integrity);
  }
  PacketKeys of(const Suite& suite) const {
    return {suite.encryption, suite.integrity, suite.extended, encryption, integrity};
  }
};

/// An ESP packet laid out for `cipher`: SPI, sequence number, IV, text, ICV.
struct Packet {
  Bytes octets;
  PacketJob job{};

  Packet(const PacketCipher& cipher, std::uint64_t sequence, std::size_t text_size, RandomSource& random)
      : octets(8 + cipher.iv_size() + text_size + cipher.icv_size()) {
    random.fill(octets);
    store_be32(octets.data() + 4, static_cast<std::uint32_t>(sequence));
    job.sequence = sequence;
    job.text_size = static_cast<std::uint32_t>(text_size);
    point_into_octets(cipher);
  }
  Packet(const Packet& other, const PacketCipher& cipher) : octets(other.octets), job(other.job) {
    point_into_octets(cipher);
  }
  Packet(Packet&&) = default;  // unlike a plain copy, leaves the octets where the job points to
  Bytes text() const { return {job.text, job.text + job.text_size}; }

 private:
  void point_into_octets(const PacketCipher& cipher) {
    job.packet = octets.data();
    job.iv = octets.data() + 8;
    job.text = job.iv + cipher.iv_size();
    job.icv = job.text + job.text_size;
  }
};

using Factory = std::unique_ptr<PacketCipherFactory> (*)();

class PacketCipherOf : public testing::TestWithParam<Cipher> {
 protected:
  /// The test's body, for each suite with the cipher.
  template <class Body>
  void for_each_suite(Body&& body) {
    for (const Suite& suite : suites_of(GetParam())) {
      SCOPED_TRACE(to_string(suite));
      body(suite, ciphers(suite, Keys(suite, random_)));
    }
  }
  std::vector<std::unique_ptr<PacketCipher>> ciphers(const Suite& suite, const Keys& keys) {
    std::vector<std::unique_ptr<PacketCipher>> made;
    made.push_back(*make_openssl_factory()->make(keys.of(suite)));
#ifdef SALLYPORT_HAS_IPSEC_MB
    for (const auto widest : {InstructionSet::sse, InstructionSet::avx, InstructionSet::avx2, InstructionSet::avx512})
      if (const auto factory = make_ipsec_mb_factory(widest))
        if (auto cipher = factory->make(keys.of(suite))) made.push_back(*std::move(cipher));
#endif
    return made;
  }
  std::vector<Packet> packets(const PacketCipher& cipher, std::size_t largest) {
    std::vector<Packet> made;
    std::uint64_t sequence = 0xfffffff0;  // so that the high half changes on the way
    const std::size_t block = shape(GetParam()).block;
    for (std::size_t size = block; size <= largest; size += block) made.emplace_back(cipher, sequence++, size, random_);
    return made;
  }
  static void seal(PacketCipher& cipher, std::vector<Packet>& packets) {
    auto jobs = jobs_of(packets);
    cipher.seal(jobs);
  }
  static std::vector<bool> open(PacketCipher& cipher, std::vector<Packet>& packets) {
    auto jobs = jobs_of(packets);
    for (auto& job : jobs) job.ok = true;
    cipher.open(jobs);
    std::vector<bool> ok;
    ok.reserve(jobs.size());
    for (const auto& job : jobs) ok.push_back(job.ok);
    return ok;
  }
  static std::vector<Packet> copies(const std::vector<Packet>& packets, const PacketCipher& cipher) {
    std::vector<Packet> made;
    made.reserve(packets.size());
    for (const Packet& packet : packets) made.emplace_back(packet, cipher);
    return made;
  }

  SeededRandom random_{42};

 private:
  static std::vector<PacketJob> jobs_of(const std::vector<Packet>& packets) {
    std::vector<PacketJob> jobs;
    jobs.reserve(packets.size());
    for (const Packet& packet : packets) jobs.push_back(packet.job);
    return jobs;
  }
};
std::string name_of(const testing::TestParamInfo<Cipher>& cipher) {
  std::string name(to_string(cipher.param));
  std::ranges::replace(name, '-', '_');
  return name;
}
INSTANTIATE_TEST_SUITE_P(All, PacketCipherOf, testing::ValuesIn(kCiphers), name_of);

class PacketCipherWithSeparateIntegrity : public PacketCipherOf {};
INSTANTIATE_TEST_SUITE_P(All, PacketCipherWithSeparateIntegrity,
                         testing::Values(Cipher::null, Cipher::triple_des_cbc, Cipher::aes_cbc, Cipher::aes_ctr),
                         name_of);

TEST_P(PacketCipherOf, HasTheSizesOfItsAlgorithms) {
  for_each_suite([&](const Suite& suite, const auto& all) {
    for (const auto& cipher : all) {
      const auto layout = shape(suite.encryption.cipher);
      EXPECT_EQ(cipher->iv_size(), layout.iv);
      EXPECT_EQ(cipher->icv_size(), layout.icv + icv_size(suite.integrity));
      EXPECT_EQ(cipher->alignment(), std::max<std::size_t>(4, layout.block));
    }
  });
}

TEST_P(PacketCipherOf, OpensWhatAnyImplementationSealed) {
  for_each_suite([&](const Suite&, const auto& all) {
    const auto clear = packets(*all[0], 200);
    for (const auto& sealing : all) {
      auto sealed = copies(clear, *sealing);
      seal(*sealing, sealed);
      for (const auto& opening : all) {
        auto opened = copies(sealed, *opening);
        for (const bool ok : open(*opening, opened)) EXPECT_TRUE(ok);
        for (std::size_t i = 0; i < clear.size(); ++i) EXPECT_EQ(opened[i].text(), clear[i].text()) << i;
      }
    }
  });
}

TEST_P(PacketCipherOf, SealsTheSameOctetsInEveryImplementation) {
  for_each_suite([&](const Suite&, const auto& all) {
    auto first = packets(*all[0], 200);
    for (const std::size_t size : {208u, 224u, 240u, 1424u, 4096u, 9008u, 65456u})
      first.emplace_back(*all[0], size, size, random_);
    const auto clear = copies(first, *all[0]);
    seal(*all[0], first);
    for (const auto& other : all) {
      auto second = copies(clear, *other);
      seal(*other, second);
      for (std::size_t i = 0; i < first.size(); ++i) EXPECT_EQ(first[i].octets, second[i].octets) << i;
    }
  });
}

TEST_P(PacketCipherOf, SealsFromElsewhereWhatItSealsInPlace) {
  for_each_suite([&](const Suite&, const auto& all) {
    for (const auto& cipher : all) {
      if (!cipher->seals_from_elsewhere()) continue;
      auto in_place = packets(*cipher, 300);
      in_place.emplace_back(*cipher, 3, 1424, random_);
      auto away = copies(in_place, *cipher);
      std::vector<Bytes> texts;
      for (Packet& packet : away) {
        texts.push_back(packet.text());
        random_.fill({packet.job.text, packet.job.text_size});
      }
      for (std::size_t i = 0; i < away.size(); ++i) away[i].job.source = texts[i].data();
      seal(*cipher, away);
      seal(*cipher, in_place);
      for (std::size_t i = 0; i < away.size(); ++i) EXPECT_EQ(away[i].octets, in_place[i].octets) << i;
    }
  });
}

TEST_P(PacketCipherOf, HidesTheTextWhereItsCipherIsConfidential) {
  for_each_suite([&](const Suite& suite, const auto& all) {
    for (const auto& cipher : all) {
      auto sealed = packets(*cipher, 96);
      const auto clear = copies(sealed, *cipher);
      seal(*cipher, sealed);
      if (!is_confidential(suite.encryption.cipher))
        EXPECT_EQ(sealed.back().text(), clear.back().text());
      else
        EXPECT_NE(sealed.back().text(), clear.back().text());
    }
  });
}

TEST_P(PacketCipherOf, RefusesAPacketChangedInAnyOctet) {
  for_each_suite([&](const Suite& suite, const auto& all) {
    for (const auto& cipher : all) {
      std::vector<Packet> sealed;
      sealed.emplace_back(*cipher, 7, 32, random_);
      seal(*cipher, sealed);
      std::vector<Packet> changed;
      for (std::size_t at = 0; at < sealed[0].octets.size(); ++at) {
        if (!suite.extended || at < 4 || at >= 8 || !is_combined(suite.encryption.cipher)) {
          changed.emplace_back(sealed[0], *cipher);
          changed.back().octets[at] ^= static_cast<std::uint8_t>(1 << at % 8);
        }
      }
      for (const bool ok : open(*cipher, changed)) EXPECT_FALSE(ok);
    }
  });
}

TEST_P(PacketCipherOf, BindsTheHighHalfOfTheSequenceNumberOnlyWhenExtended) {
  for_each_suite([&](const Suite& suite, const auto& all) {
    for (const auto& cipher : all) {
      std::vector<Packet> sealed;
      sealed.emplace_back(*cipher, 0x1'0000'0007, 32, random_);
      seal(*cipher, sealed);
      sealed[0].job.sequence = 0x2'0000'0007;
      EXPECT_EQ(open(*cipher, sealed)[0], !suite.extended);
    }
  });
}

TEST_P(PacketCipherOf, TellsGoodFromBadWithinABurst) {
  for_each_suite([&](const Suite&, const auto& all) {
    for (const auto& cipher : all) {
      std::vector<Packet> burst;
      burst.reserve(150);
      for (std::uint64_t i = 0; i < 150; ++i) burst.emplace_back(*cipher, i, 16 * (1 + i % 9), random_);
      const auto clear = copies(burst, *cipher);
      seal(*cipher, burst);
      const auto is_spoilt = [](std::size_t i) { return i % 7 == 3; };
      for (std::size_t i = 0; i < burst.size(); ++i) {
        if (!is_spoilt(i)) continue;
        if (i % 2 == 0)
          burst[i].octets.back() ^= 1;
        else
          burst[i].job.text_size = 0;
      }
      const auto ok = open(*cipher, burst);
      for (std::size_t i = 0; i < burst.size(); ++i) {
        EXPECT_EQ(ok[i], !is_spoilt(i)) << i;
        EXPECT_TRUE(!ok[i] || burst[i].text() == clear[i].text()) << i;
      }
    }
  });
}

TEST_P(PacketCipherOf, RefusesATextThatNoPacketHolds) {
  for_each_suite([&](const Suite& suite, const auto& all) {
    for (const auto& cipher : all) {
      std::vector<Packet> burst;
      for (const std::size_t size : {0u, 70000u}) burst.emplace_back(*cipher, 1, size, random_);
      for (std::size_t size = 1; size < shape(suite.encryption.cipher).block; ++size)
        burst.emplace_back(*cipher, 1, 16 + size, random_);
      for (const bool ok : open(*cipher, burst)) EXPECT_FALSE(ok);
    }
  });
}

TEST_P(PacketCipherOf, NeverRepeatsAnIv) {
  for_each_suite([&](const Suite&, const auto& all) {
    for (const auto& cipher : all) {
      if (cipher->iv_size() == 0) continue;
      std::vector<Packet> burst;
      for (const std::uint64_t sequence : {1ull, 2ull, 0x1'0000'0001ull, 0x1'0000'0002ull})
        burst.emplace_back(*cipher, sequence, 16, random_);
      seal(*cipher, burst);
      for (const Packet& a : burst)
        for (const Packet& b : burst)
          EXPECT_EQ(equal({a.job.iv, cipher->iv_size()}, {b.job.iv, cipher->iv_size()}), &a == &b);
    }
  });
}

// Null encryption with the same integrity key makes packets authentic that sealing would never make.
TEST_P(PacketCipherWithSeparateIntegrity, RefusesATextThatIsNotWholeBlocksThoughAuthentic) {
  for (const Suite& suite : suites_of(GetParam())) {
    SCOPED_TRACE(to_string(suite));
    const Keys keys(suite, random_);
    const Suite null{{Cipher::null, 0}, suite.integrity, suite.extended};
    const auto author =
        *make_openssl_factory()->make({null.encryption, null.integrity, null.extended, {}, keys.integrity});
    const std::size_t block = shape(GetParam()).block;
    if (is_gmac(suite.integrity)) continue;  // goes with null alone, whose text is always whole blocks
    for (const auto& cipher : ciphers(suite, keys))
      for (std::size_t size = 0; size <= 2 * block; ++size) {
        Packet packet(*cipher, 9, size, random_);
        PacketJob job = packet.job;
        job.text = job.iv;
        job.text_size += static_cast<std::uint32_t>(cipher->iv_size());
        if (job.text_size == 0) continue;
        author->seal({&job, 1});
        cipher->open({&packet.job, 1});
        EXPECT_EQ(packet.job.ok, size > 0 && size % block == 0) << size;
      }
  }
}

// The explicit IV is the sequence number (crypto/packet_layout.h), so leaving it out changes nothing but that.
TEST(ImplicitIv, SealsAsAnExplicitIvOfTheSequenceNumber) {
  SeededRandom random(9);
  const auto factory = make_openssl_factory();
  for (const auto& [implicit, explicit_iv] : {std::pair{Cipher::aes_ccm_8_iiv, Cipher::aes_ccm_8},
                                              {Cipher::aes_gcm_16_iiv, Cipher::aes_gcm_16},
                                              {Cipher::chacha20_poly1305_iiv, Cipher::chacha20_poly1305}})
    for (const bool extended : {false, true}) {
      const Suite without{{implicit, 256}, Integrity::none, extended};
      const Suite with{{explicit_iv, 256}, Integrity::none, extended};
      SCOPED_TRACE(to_string(without));
      const Keys keys(without, random);
      const auto a = *factory->make(keys.of(without)), b = *factory->make(keys.of(with));
      EXPECT_EQ(a->iv_size(), 0u);
      const std::uint64_t sequence = extended ? 0x1'0000'0007 : 7;
      Packet shorter(*a, sequence, 40, random), longer(*b, sequence, 40, random);
      std::copy_n(shorter.octets.begin(), 8, longer.octets.begin());
      std::copy_n(shorter.job.text, 40, longer.job.text);
      a->seal({&shorter.job, 1});
      b->seal({&longer.job, 1});
      Bytes without_iv = longer.octets;
      without_iv.erase(without_iv.begin() + 8, without_iv.begin() + 16);
      EXPECT_EQ(shorter.octets, without_iv);
    }
}

class PacketCipherFactories : public testing::TestWithParam<Factory> {
 protected:
  ErrorCode refusal(const PacketKeys& keys) {
    const auto factory = GetParam()();
    if (!factory) return ErrorCode::unsupported;
    const auto made = factory->make(keys);
    return made ? ErrorCode::system : made.error().code;
  }
  const Bytes octets_ = Bytes(128, 1);
  ByteView key(std::size_t size) const { return ByteView(octets_).first(size); }
};
class CompletePacketCipherFactories : public PacketCipherFactories {};

INSTANTIATE_TEST_SUITE_P(OpenSsl, PacketCipherFactories, testing::Values(make_openssl_factory));
INSTANTIATE_TEST_SUITE_P(OpenSsl, CompletePacketCipherFactories, testing::Values(make_openssl_factory));
#ifdef SALLYPORT_HAS_IPSEC_MB
std::unique_ptr<PacketCipherFactory> make_ipsec_mb_with_fallback() {
  auto narrow = make_ipsec_mb_factory(InstructionSet::sse);  // on every processor without 3DES
  return narrow ? make_factory_with_fallback(std::move(narrow), make_openssl_factory()) : nullptr;
}
INSTANTIATE_TEST_SUITE_P(IpsecMb, PacketCipherFactories, testing::Values([] { return make_ipsec_mb_factory(); }));
INSTANTIATE_TEST_SUITE_P(Joined, PacketCipherFactories, testing::Values(make_ipsec_mb_with_fallback));
INSTANTIATE_TEST_SUITE_P(Joined, CompletePacketCipherFactories, testing::Values(make_ipsec_mb_with_fallback));

TEST(PacketCipherFallback, TakesTheFallbackOnlyForWhatThePreferredLacks) {
  const auto joined = make_ipsec_mb_with_fallback();
  if (!joined) return;  // not on this processor
  const auto preferred = make_ipsec_mb_factory(InstructionSet::sse);
  const auto fallback = make_openssl_factory();
  SeededRandom random(1);
  for (const Cipher cipher : kCiphers)
    for (const Suite& suite : suites_of(cipher)) {
      const Keys keys(suite, random);
      const auto made = joined->make(keys.of(suite));
      const bool lacks = cipher == Cipher::triple_des_cbc ||
                         (suite.encryption.key_bits == 192 && std::string(to_string(cipher)).starts_with("aes-ccm"));
      const auto expected = (lacks ? fallback : preferred)->make(keys.of(suite));
      ASSERT_TRUE(made && expected) << to_string(suite);
      const PacketCipher &a = **made, &b = **expected;
      EXPECT_EQ(typeid(a), typeid(b)) << to_string(suite);
    }
}
#endif

TEST_P(CompletePacketCipherFactories, MakeEverySuite) {
  const auto factory = GetParam()();
  if (!factory) return;  // not on this processor
  SeededRandom random(1);
  for (const Cipher cipher : kCiphers)
    for (const Suite& suite : suites_of(cipher))
      EXPECT_TRUE(factory->make(Keys(suite, random).of(suite))) << to_string(suite);
}

TEST_P(PacketCipherFactories, RefuseIntegrityWithACombinedMode) {
  EXPECT_EQ(refusal({{Cipher::aes_gcm_16, 128}, Integrity::hmac_sha1_96, false, key(20), key(20)}),
            ErrorCode::unsupported);
}

TEST_P(PacketCipherFactories, RefuseEncryptionAndNullWithoutIntegrity) {
  EXPECT_EQ(refusal({{Cipher::aes_cbc, 128}, Integrity::none, false, key(16), {}}), ErrorCode::unsupported);
  EXPECT_EQ(refusal({{Cipher::null, 0}, Integrity::none, false, {}, {}}), ErrorCode::unsupported);
}

TEST_P(PacketCipherFactories, RefuseGmacAsTheIntegrityOfACipher) {
  EXPECT_EQ(refusal({{Cipher::aes_cbc, 128}, Integrity::aes_128_gmac, false, key(16), key(20)}),
            ErrorCode::unsupported);
  EXPECT_EQ(refusal({{Cipher::aes_gmac, 128}, Integrity::aes_128_gmac, false, key(20), key(20)}),
            ErrorCode::unsupported);
}

TEST_P(PacketCipherFactories, RefuseKeySizesThatTheAlgorithmLacks) {
  EXPECT_EQ(refusal({{Cipher::aes_gcm_16, 64}, Integrity::none, false, key(12), {}}), ErrorCode::unsupported);
  EXPECT_EQ(refusal({{Cipher::chacha20_poly1305, 128}, Integrity::none, false, key(20), {}}), ErrorCode::unsupported);
}

TEST_P(PacketCipherFactories, RefuseKeysOfAnotherSizeThanTheAlgorithms) {
  EXPECT_EQ(refusal({{Cipher::aes_gcm_16, 128}, Integrity::none, false, key(16), {}}), ErrorCode::out_of_range);
  EXPECT_EQ(refusal({{Cipher::aes_ccm_8, 128}, Integrity::none, false, key(20), {}}), ErrorCode::out_of_range);
  EXPECT_EQ(refusal({{Cipher::aes_gmac, 128}, Integrity::none, false, key(16), {}}), ErrorCode::out_of_range);
  EXPECT_EQ(refusal({{Cipher::null, 0}, Integrity::aes_128_gmac, false, {}, key(16)}), ErrorCode::out_of_range);
  EXPECT_EQ(refusal({{Cipher::null, 0}, Integrity::aes_xcbc_96, false, {}, key(20)}), ErrorCode::out_of_range);
  EXPECT_EQ(refusal({{Cipher::aes_ctr, 128}, Integrity::hmac_sha1_96, false, key(16), key(20)}),
            ErrorCode::out_of_range);
  EXPECT_EQ(refusal({{Cipher::aes_cbc, 128}, Integrity::hmac_sha1_96, false, key(16), key(16)}),
            ErrorCode::out_of_range);
}

}  // namespace
}  // namespace sallyport::crypto
