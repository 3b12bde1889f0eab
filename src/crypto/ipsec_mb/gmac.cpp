#include "base/check.h"
#include "base/secret.h"
#include "crypto/ipsec_mb/ciphers.h"
#include "crypto/ipsec_mb/multi_buffer.h"
#include "crypto/packet_layout.h"

namespace sallyport::crypto::ipsec_mb {
namespace {

class GmacKey {
 public:
  static constexpr std::size_t icv_size = 16;
  using Icv = std::array<std::uint8_t, icv_size>;

  /// `key` ends with the salt.
  GmacKey(std::shared_ptr<MultiBuffer> lanes, ByteView key) : lanes_(std::move(lanes)) {
    IMB_MGR* manager = lanes_->get();
    switch (key.size() - salt_.size()) {
      case IMB_KEY_128_BYTES:
        IMB_AES128_GCM_PRE(manager, key.data(), &key_);
        start_ = manager->gmac128_init;
        add_ = manager->gmac128_update;
        finish_ = manager->gmac128_finalize;
        break;
      case IMB_KEY_192_BYTES:
        IMB_AES192_GCM_PRE(manager, key.data(), &key_);
        start_ = manager->gmac192_init;
        add_ = manager->gmac192_update;
        finish_ = manager->gmac192_finalize;
        break;
      default:
        ASSERT(key.size() - salt_.size() == IMB_KEY_256_BYTES);
        IMB_AES256_GCM_PRE(manager, key.data(), &key_);
        start_ = manager->gmac256_init;
        add_ = manager->gmac256_update;
        finish_ = manager->gmac256_finalize;
    }
    std::ranges::copy(key.last(salt_.size()), salt_.begin());
  }
  ~GmacKey() {
    wipe({reinterpret_cast<std::uint8_t*>(&key_), sizeof key_});
    wipe({reinterpret_cast<std::uint8_t*>(&context_), sizeof context_});
    wipe(salt_);
  }
  GmacKey(const GmacKey&) = delete;
  GmacKey& operator=(const GmacKey&) = delete;

  Icv mac(const std::uint8_t* iv, std::initializer_list<ByteView> parts) {
    const Nonce nonce = nonce_of(salt_, iv);
    start_(&key_, &context_, nonce.data(), nonce.size());
    for (const ByteView part : parts)
      if (!part.empty()) add_(&key_, &context_, part.data(), part.size());
    Icv icv;
    finish_(&key_, &context_, icv.data(), icv.size());
    return icv;
  }

 private:
  alignas(64) gcm_key_data key_;
  gcm_context_data context_{};
  std::shared_ptr<MultiBuffer> lanes_;
  aes_gmac_init_t start_ = nullptr;
  aes_gmac_update_t add_ = nullptr;
  aes_gmac_finalize_t finish_ = nullptr;
  Salt salt_;
};

class GmacPacketCipher final : public PacketCipher {
 public:
  GmacPacketCipher(std::shared_ptr<MultiBuffer> lanes, const PacketKeys& keys)
      : extended_(keys.extended_sequence_numbers), key_(std::move(lanes), keys.encryption_key) {}

  std::size_t iv_size() const override { return 8; }
  std::size_t icv_size() const override { return GmacKey::icv_size; }
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
  GmacKey::Icv mac(const PacketJob& job) {
    const std::uint8_t* end = job.text + job.text_size;
    if (!extended_) return key_.mac(job.iv, {ByteView(job.packet, end)});  // RFC 4543 §3.3: all as it lies there
    std::array<std::uint8_t, 12> room;
    return key_.mac(job.iv, {additional_data(job, extended_, room), ByteView(job.iv, end)});
  }

  bool extended_;
  GmacKey key_;
};

class AuthenticationGmac final : public PacketCipher {
 public:
  AuthenticationGmac(std::shared_ptr<MultiBuffer> lanes, const PacketKeys& keys)
      : extended_(keys.extended_sequence_numbers), key_(std::move(lanes), keys.integrity_key) {}

  std::size_t iv_size() const override { return 0; }
  std::size_t icv_size() const override { return authentication_gmac_iv + GmacKey::icv_size; }
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
      if (job.ok) job.ok = equal_icv(mac(job).data(), job.icv + authentication_gmac_iv, GmacKey::icv_size);
    }
  }

 private:
  GmacKey::Icv mac(const PacketJob& job) {
    std::array<std::uint8_t, 4> high;
    store_be32(high.data(), high_half(job.sequence));
    return key_.mac(job.icv, {ByteView(job.packet, job.text + job.text_size), extended_ ? ByteView(high) : ByteView()});
  }

  bool extended_;
  GmacKey key_;
};

}  // namespace

std::unique_ptr<PacketCipher> make_gmac(std::shared_ptr<MultiBuffer> lanes, const PacketKeys& keys) {
  return std::make_unique<GmacPacketCipher>(std::move(lanes), keys);
}

std::unique_ptr<PacketCipher> make_authentication_gmac(std::shared_ptr<MultiBuffer> lanes, const PacketKeys& keys) {
  return std::make_unique<AuthenticationGmac>(std::move(lanes), keys);
}

}  // namespace sallyport::crypto::ipsec_mb
