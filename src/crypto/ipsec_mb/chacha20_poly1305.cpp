#include "crypto/ipsec_mb/burst_packet_cipher.h"
#include "crypto/ipsec_mb/ciphers.h"

namespace sallyport::crypto::ipsec_mb {
namespace {

class ChaCha20Poly1305 {
 public:
  ChaCha20Poly1305(IMB_MGR* manager, const PacketKeys& keys)
      : extended_(keys.extended_sequence_numbers), iv_source_(crypto::iv_source(keys)) {
    std::ranges::copy(keys.encryption_key.first(key_.size()), key_.begin());
    std::ranges::copy(keys.encryption_key.last(salt_.size()), salt_.begin());
    sealing_ = prototype(manager, IMB_DIR_ENCRYPT, IMB_ORDER_CIPHER_HASH);
    opening_ = prototype(manager, IMB_DIR_DECRYPT, IMB_ORDER_HASH_CIPHER);
  }
  ~ChaCha20Poly1305() {
    wipe(key_);
    wipe(salt_);
  }
  ChaCha20Poly1305(const ChaCha20Poly1305&) = delete;  // jobs point to the key
  ChaCha20Poly1305& operator=(const ChaCha20Poly1305&) = delete;

  static constexpr bool seals_from_elsewhere = true;
  std::size_t iv_size() const { return iv_source_ == IvSource::packet ? 8 : 0; }
  std::size_t icv_size() const { return 16; }
  std::size_t block() const { return 1; }
  std::size_t alignment() const { return 4; }

  void prepare_seal(IMB_JOB& job, const PacketJob& packet, Slot& slot) const {
    write_iv(packet, iv_source_);
    fill(job, sealing_, packet, slot);
    job.src = packet.clear_text();
    job.auth_tag_output = packet.icv;
  }
  void prepare_open(IMB_JOB& job, const PacketJob& packet, Slot& slot) const { fill(job, opening_, packet, slot); }

 private:
  IMB_JOB prototype(IMB_MGR* manager, IMB_CIPHER_DIRECTION direction, IMB_CHAIN_ORDER order) const {
    IMB_JOB job{};
    job.cipher_mode = IMB_CIPHER_CHACHA20_POLY1305;
    job.hash_alg = IMB_AUTH_CHACHA20_POLY1305;
    job.cipher_direction = direction;
    job.chain_order = order;
    job.enc_keys = job.dec_keys = key_.data();
    job.key_len_in_bytes = key_.size();
    job.iv_len_in_bytes = std::tuple_size_v<Nonce>;
    job.auth_tag_output_len_in_bytes = icv_size();
    register_algorithms(manager, job);
    return job;
  }

  void fill(IMB_JOB& job, const IMB_JOB& prototype, const PacketJob& packet, Slot& slot) const {
    job = prototype;
    slot.nonce = nonce_of(salt_, packet, iv_source_);
    const ByteView aad = additional_data(packet, extended_, slot.additional_data);
    job.src = job.dst = packet.text;
    job.msg_len_to_cipher_in_bytes = job.msg_len_to_hash_in_bytes = packet.text_size;
    job.iv = slot.nonce.data();
    job.u.CHACHA20_POLY1305.aad = aad.data();
    job.u.CHACHA20_POLY1305.aad_len_in_bytes = aad.size();
  }

  alignas(64) std::array<std::uint8_t, 32> key_;
  Salt salt_;
  bool extended_;
  IvSource iv_source_;
  IMB_JOB sealing_, opening_;
};

}  // namespace

std::unique_ptr<PacketCipher> make_chacha20_poly1305(std::shared_ptr<MultiBuffer> lanes, const PacketKeys& keys) {
  return std::make_unique<BurstPacketCipher<ChaCha20Poly1305>>(std::move(lanes), keys);
}

}  // namespace sallyport::crypto::ipsec_mb
