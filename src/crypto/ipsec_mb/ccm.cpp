#include "crypto/ipsec_mb/burst_packet_cipher.h"
#include "crypto/ipsec_mb/ciphers.h"
#include "crypto/ipsec_mb/key_schedules.h"

namespace sallyport::crypto::ipsec_mb {
namespace {

class CcmProtection {
 public:
  CcmProtection(IMB_MGR* manager, const PacketKeys& keys)
      : cipher_(keys.encryption.cipher),
        extended_(keys.extended_sequence_numbers),
        iv_source_(crypto::iv_source(keys)),
        key_(manager, keys.encryption_key.first(keys.encryption.key_bits / 8u)) {
    std::ranges::copy(keys.encryption_key.last(salt_.size()), salt_.begin());
    // The MAC is over the text in clear.
    sealing_ = prototype(manager, keys.encryption.key_bits, IMB_DIR_ENCRYPT, IMB_ORDER_HASH_CIPHER);
    opening_ = prototype(manager, keys.encryption.key_bits, IMB_DIR_DECRYPT, IMB_ORDER_CIPHER_HASH);
  }
  ~CcmProtection() { wipe(salt_); }
  CcmProtection(const CcmProtection&) = delete;  // jobs point to the key
  CcmProtection& operator=(const CcmProtection&) = delete;

  std::size_t iv_size() const { return shape(cipher_).iv; }
  std::size_t icv_size() const { return shape(cipher_).icv; }
  std::size_t block() const { return 1; }
  std::size_t alignment() const { return text_alignment(cipher_); }

  void prepare_seal(IMB_JOB& job, const PacketJob& packet, Slot& slot) const {
    write_iv(packet, iv_source_);
    fill(job, sealing_, packet, slot);
    job.auth_tag_output = packet.icv;
  }
  void prepare_open(IMB_JOB& job, const PacketJob& packet, Slot& slot) const { fill(job, opening_, packet, slot); }

 private:
  using CcmSalt = std::array<std::uint8_t, 3>;

  IMB_JOB prototype(IMB_MGR* manager, std::size_t key_bits, IMB_CIPHER_DIRECTION direction,
                    IMB_CHAIN_ORDER order) const {
    IMB_JOB job{};
    job.cipher_mode = IMB_CIPHER_CCM;
    job.hash_alg = IMB_AUTH_AES_CCM;
    job.cipher_direction = direction;
    job.chain_order = order;
    job.enc_keys = job.dec_keys = key_.encrypting();
    job.key_len_in_bytes = key_bits / 8;
    job.iv_len_in_bytes = std::tuple_size_v<CcmSalt> + 8;
    job.auth_tag_output_len_in_bytes = icv_size();
    register_algorithms(manager, job);
    return job;
  }

  void fill(IMB_JOB& job, const IMB_JOB& prototype, const PacketJob& packet, Slot& slot) const {
    job = prototype;
    std::ranges::copy(nonce_of(salt_, packet, iv_source_), slot.nonce.begin());
    const ByteView aad = additional_data(packet, extended_, slot.additional_data);
    job.src = job.dst = packet.text;
    job.msg_len_to_cipher_in_bytes = job.msg_len_to_hash_in_bytes = packet.text_size;
    job.iv = slot.nonce.data();
    job.u.CCM.aad = aad.data();
    job.u.CCM.aad_len_in_bytes = aad.size();
  }

  Cipher cipher_;
  bool extended_;
  IvSource iv_source_;
  CcmSalt salt_;
  AesKey key_;
  IMB_JOB sealing_, opening_;
};

}  // namespace

std::unique_ptr<PacketCipher> make_ccm(std::shared_ptr<MultiBuffer> lanes, const PacketKeys& keys) {
  return std::make_unique<BurstPacketCipher<CcmProtection>>(std::move(lanes), keys);
}

}  // namespace sallyport::crypto::ipsec_mb
