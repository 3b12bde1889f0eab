#include "crypto/openssl/gmac.h"

#include "base/secret.h"
#include "crypto/openssl/keyed_cipher.h"
#include "crypto/packet_layout.h"

namespace sallyport::crypto::openssl {
namespace {

/// GCM with additional data alone. `key` ends with the salt.
class Gmac {
 public:
  static constexpr std::size_t icv_size = 16;  // RFC 4543 §3.4: never cut short
  using Icv = std::array<std::uint8_t, icv_size>;

  Gmac(const EVP_CIPHER* gcm, ByteView key) : cipher_(gcm, key, true) {
    std::ranges::copy(key.last(salt_.size()), salt_.begin());
  }
  ~Gmac() { wipe(salt_); }
  Gmac(const Gmac&) = delete;
  Gmac& operator=(const Gmac&) = delete;

  Icv mac(const std::uint8_t* iv, std::initializer_list<ByteView> parts) {
    cipher_.start(nonce_of(salt_, iv).data());
    for (const ByteView part : parts)
      if (!part.empty()) cipher_.add_aad(part);
    ASSERT(cipher_.finish());
    Icv icv;
    cipher_.get_icv(icv.data(), icv.size());
    return icv;
  }

 private:
  Salt salt_;
  KeyedCipher cipher_;
};

class GmacPacketCipher final : public PacketCipher {
 public:
  GmacPacketCipher(const PacketKeys& keys, const EVP_CIPHER* gcm)
      : extended_(keys.extended_sequence_numbers), gmac_(gcm, keys.encryption_key) {}

  std::size_t iv_size() const override { return 8; }
  std::size_t icv_size() const override { return Gmac::icv_size; }
  std::size_t alignment() const override { return text_alignment(Cipher::aes_gmac); }

  void seal(std::span<PacketJob> burst) override {
    for (const PacketJob& job : burst) {
      ASSERT(has_valid_size(job, 1));
      write_iv(job, IvSource::packet);
      std::ranges::copy(mac(job), job.icv);
    }
  }
  void open(std::span<PacketJob> burst) override {
    for (PacketJob& job : burst) {
      job.ok = has_valid_size(job, 1);
      if (job.ok) job.ok = equal_icv(mac(job).data(), job.icv, icv_size());
    }
  }

 private:
  /// RFC 4543 §3.3; the IV is covered as well (figure 4).
  Gmac::Icv mac(const PacketJob& job) {
    std::array<std::uint8_t, 12> room;
    return gmac_.mac(job.iv, {additional_data(job, extended_, room), ByteView(job.iv, job.text + job.text_size)});
  }

  bool extended_;
  Gmac gmac_;
};

class AuthenticationGmac final : public PacketCipher {
 public:
  explicit AuthenticationGmac(const PacketKeys& keys)
      : extended_(keys.extended_sequence_numbers), gmac_(gcm(keys.integrity), keys.integrity_key) {}

  std::size_t iv_size() const override { return 0; }
  std::size_t icv_size() const override { return authentication_gmac_iv + Gmac::icv_size; }
  std::size_t alignment() const override { return text_alignment(Cipher::null); }

  void seal(std::span<PacketJob> burst) override {
    for (const PacketJob& job : burst) {
      ASSERT(has_valid_size(job, 1));
      store_be64(job.icv, job.sequence);
      std::ranges::copy(mac(job), job.icv + authentication_gmac_iv);
    }
  }
  void open(std::span<PacketJob> burst) override {
    for (PacketJob& job : burst) {
      job.ok = has_valid_size(job, 1);
      if (job.ok) job.ok = equal_icv(mac(job).data(), job.icv + authentication_gmac_iv, Gmac::icv_size);
    }
  }

 private:
  static const EVP_CIPHER* gcm(Integrity integrity) {
    return integrity == Integrity::aes_128_gmac   ? EVP_aes_128_gcm()
           : integrity == Integrity::aes_192_gmac ? EVP_aes_192_gcm()
                                                  : EVP_aes_256_gcm();
  }
  Gmac::Icv mac(const PacketJob& job) {
    std::array<std::uint8_t, 4> high;
    store_be32(high.data(), high_half(job.sequence));
    return gmac_.mac(job.icv,
                     {ByteView(job.packet, job.text + job.text_size), extended_ ? ByteView(high) : ByteView()});
  }

  bool extended_;
  Gmac gmac_;
};

}  // namespace

std::unique_ptr<PacketCipher> make_gmac(const PacketKeys& keys, const EVP_CIPHER* gcm) {
  return std::make_unique<GmacPacketCipher>(keys, gcm);
}

std::unique_ptr<PacketCipher> make_authentication_gmac(const PacketKeys& keys) {
  return std::make_unique<AuthenticationGmac>(keys);
}

}  // namespace sallyport::crypto::openssl
