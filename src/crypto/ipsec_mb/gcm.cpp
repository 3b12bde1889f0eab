#include "base/check.h"
#include "base/secret.h"
#include "crypto/ipsec_mb/ciphers.h"
#include "crypto/ipsec_mb/multi_buffer.h"
#include "crypto/ipsec_mb/short_gcm.h"
#include "crypto/packet_layout.h"

namespace sallyport::crypto::ipsec_mb {
namespace {

class GcmPacketCipher final : public PacketCipher {
 public:
  GcmPacketCipher(std::shared_ptr<MultiBuffer> lanes, const PacketKeys& keys)
      : lanes_(std::move(lanes)),
        icv_size_(shape(keys.encryption.cipher).icv),
        extended_(keys.extended_sequence_numbers),
        iv_source_(crypto::iv_source(keys)) {
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
    const bool has_what_it_takes =
        lanes_->instruction_set() == InstructionSet::avx512 && iv_source_ == IvSource::packet;
    if (has_what_it_takes && ShortGcm::is_supported()) short_.emplace(manager, keys);
  }
  ~GcmPacketCipher() override {
    wipe({reinterpret_cast<std::uint8_t*>(&key_), sizeof key_});
    wipe({reinterpret_cast<std::uint8_t*>(&context_), sizeof context_});
    wipe(salt_);
  }

  std::size_t iv_size() const override { return iv_source_ == IvSource::packet ? kIvSize : 0; }
  std::size_t icv_size() const override { return icv_size_; }
  std::size_t alignment() const override { return 4; }
  bool seals_from_elsewhere() const override { return true; }

  void seal(std::span<PacketJob> burst) override {
    while (!burst.empty()) {
      const std::size_t alike = short_ ? ShortGcm::run(burst) : 0;
      const std::size_t count = alike != 0 ? alike : long_run(burst);
      if (alike != 0)
        short_->seal(burst.first(count));
      else
        seal_some(burst.first(count));
      burst = burst.subspan(count);
    }
  }
  void open(std::span<PacketJob> burst) override {
    while (!burst.empty()) {
      const std::size_t alike = short_ ? ShortGcm::run(burst) : 0;
      const std::size_t count = alike != 0 ? alike : long_run(burst);
      if (alike != 0)
        short_->open(burst.first(count));
      else
        open_some(burst.first(count));
      burst = burst.subspan(count);
    }
  }

 private:
  // What a call reads is laid out for some packets before the first call, and the ICVs are compared after the last:
  // what is read soon after it was written in other pieces stalls the processor, and would double a small packet's
  // time.
  static constexpr std::size_t kTogether = 32;
  static constexpr std::size_t kIvSize = 8;  // RFC 4106 §3.1
  struct Input {                             // without initial values: most of a small burst's are never used
    Nonce nonce;
    std::array<std::uint8_t, 12> room;
    const std::uint8_t* aad;
    std::size_t aad_size;
  };

  /// Packets up to one that is short.
  std::size_t long_run(std::span<const PacketJob> burst) const {
    std::size_t count = 1;
    while (count < std::min(burst.size(), kTogether) && !(short_ && ShortGcm::run(burst.subspan(count, 1)) != 0))
      ++count;
    return count;
  }

  void seal_some(std::span<const PacketJob> packets) {
    std::array<Input, kTogether> inputs;
    for (std::size_t i = 0; i < packets.size(); ++i) {
      ASSERT(has_valid_size(packets[i], 1));
      write_iv(packets[i], iv_source_);
      lay_out(packets[i], inputs[i]);
    }
    for (std::size_t i = 0; i < packets.size(); ++i)
      run(seal_, packets[i], packets[i].clear_text(), inputs[i], packets[i].icv);
  }

  void open_some(std::span<PacketJob> packets) {
    std::array<Input, kTogether> inputs;
    std::array<std::array<std::uint8_t, 16>, kTogether> icvs;
    for (std::size_t i = 0; i < packets.size(); ++i) lay_out(packets[i], inputs[i]);
    for (std::size_t i = 0; i < packets.size(); ++i) {
      packets[i].ok = has_valid_size(packets[i], 1);
      if (packets[i].ok) run(open_, packets[i], packets[i].text, inputs[i], icvs[i].data());
    }
    for (std::size_t i = 0; i < packets.size(); ++i)
      packets[i].ok = packets[i].ok && equal_icv(icvs[i].data(), packets[i].icv, icv_size_);
  }

  void lay_out(const PacketJob& packet, Input& input) const {
    input.nonce = nonce_of(salt_, packet, iv_source_);
    const ByteView aad = additional_data(packet, extended_, input.room);
    input.aad = aad.data();
    input.aad_size = aad.size();
  }

  void run(aes_gcm_enc_dec_t transform, const PacketJob& packet, const std::uint8_t* from, const Input& input,
           std::uint8_t* icv) {
    transform(&key_, &context_, packet.text, from, packet.text_size, input.nonce.data(), input.aad, input.aad_size, icv,
              icv_size_);
  }

  alignas(64) gcm_key_data key_;
  gcm_context_data context_{};
  std::shared_ptr<MultiBuffer> lanes_;
  std::optional<ShortGcm> short_;  // where the processor has what it takes
  aes_gcm_enc_dec_t seal_ = nullptr, open_ = nullptr;
  std::size_t icv_size_;
  bool extended_;
  IvSource iv_source_;
  Salt salt_;
};

}  // namespace

std::unique_ptr<PacketCipher> make_gcm(std::shared_ptr<MultiBuffer> lanes, const PacketKeys& keys) {
  return std::make_unique<GcmPacketCipher>(std::move(lanes), keys);
}

}  // namespace sallyport::crypto::ipsec_mb
