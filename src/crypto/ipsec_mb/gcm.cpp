#include "base/check.h"
#include "base/secret.h"
#include "crypto/ipsec_mb/ciphers.h"
#include "crypto/ipsec_mb/multi_buffer.h"
#include "crypto/packet_layout.h"

namespace sallyport::crypto::ipsec_mb {
namespace {

class GcmPacketCipher final : public PacketCipher {
 public:
  GcmPacketCipher(std::shared_ptr<MultiBuffer> lanes, const PacketKeys& keys)
      : lanes_(std::move(lanes)),
        icv_size_(shape(keys.encryption.cipher).icv),
        extended_(keys.extended_sequence_numbers) {
    IMB_MGR* manager = lanes_->get();
    const std::uint8_t* key = keys.encryption_key.data();
    switch (keys.encryption.key_bits) {
      case 128:
        IMB_AES128_GCM_PRE(manager, key, &key_);
        seal_ = manager->gcm128_enc;
        open_ = manager->gcm128_dec;
        break;
      case 192:
        IMB_AES192_GCM_PRE(manager, key, &key_);
        seal_ = manager->gcm192_enc;
        open_ = manager->gcm192_dec;
        break;
      default:
        ASSERT(keys.encryption.key_bits == 256);
        IMB_AES256_GCM_PRE(manager, key, &key_);
        seal_ = manager->gcm256_enc;
        open_ = manager->gcm256_dec;
    }
    std::ranges::copy(keys.encryption_key.last(salt_.size()), salt_.begin());
  }
  ~GcmPacketCipher() override {
    wipe({reinterpret_cast<std::uint8_t*>(&key_), sizeof key_});
    wipe({reinterpret_cast<std::uint8_t*>(&context_), sizeof context_});
    wipe(salt_);
  }

  std::size_t iv_size() const override { return 8; }
  std::size_t icv_size() const override { return icv_size_; }
  std::size_t alignment() const override { return 4; }

  void seal(std::span<PacketJob> burst) override {
    for (PacketJob& job : burst) {
      ASSERT(has_valid_size(job, 1));
      write_counter(job.iv, 8, job.sequence);
      run(seal_, job, job.icv);
    }
  }

  void open(std::span<PacketJob> burst) override {
    for (PacketJob& job : burst) {
      job.ok = false;
      if (!has_valid_size(job, 1)) continue;
      std::array<std::uint8_t, 16> icv;
      run(open_, job, icv.data());
      job.ok = equal_constant_time(ByteView(icv).first(icv_size_), {job.icv, icv_size_});
    }
  }

 private:
  void run(aes_gcm_enc_dec_t transform, const PacketJob& job, std::uint8_t* icv) {
    std::array<std::uint8_t, 12> room;
    const ByteView aad = additional_data(job, extended_, room);
    const Nonce nonce = nonce_of(salt_, job.iv);
    transform(&key_, &context_, job.text, job.text, job.text_size, nonce.data(), aad.data(), aad.size(), icv,
              icv_size_);
  }

  alignas(64) gcm_key_data key_;
  gcm_context_data context_{};
  std::shared_ptr<MultiBuffer> lanes_;
  aes_gcm_enc_dec_t seal_ = nullptr, open_ = nullptr;
  std::size_t icv_size_;
  bool extended_;
  Salt salt_;
};

}  // namespace

std::unique_ptr<PacketCipher> make_gcm(std::shared_ptr<MultiBuffer> lanes, const PacketKeys& keys) {
  return std::make_unique<GcmPacketCipher>(std::move(lanes), keys);
}

}  // namespace sallyport::crypto::ipsec_mb
