#include <variant>

#include "crypto/ipsec_mb/burst_packet_cipher.h"
#include "crypto/ipsec_mb/ciphers.h"
#include "crypto/ipsec_mb/key_schedules.h"

namespace sallyport::crypto::ipsec_mb {
namespace {

IMB_CIPHER_MODE mode_of(Cipher cipher) {
  switch (cipher) {
    case Cipher::null: return IMB_CIPHER_NULL;
    case Cipher::triple_des_cbc: return IMB_CIPHER_DES3;
    case Cipher::aes_cbc: return IMB_CIPHER_CBC;
    case Cipher::aes_ctr: return IMB_CIPHER_CNTR;
    default: ASSERT(false); return IMB_CIPHER_NULL;
  }
}

IMB_HASH_ALG hash_of(Integrity integrity) {
  switch (integrity) {
    case Integrity::none: break;
    case Integrity::hmac_md5_96: return IMB_AUTH_MD5;  // an HMAC, whatever its name
    case Integrity::hmac_sha1_96: return IMB_AUTH_HMAC_SHA_1;
    case Integrity::hmac_sha2_256_128: return IMB_AUTH_HMAC_SHA_256;
    case Integrity::hmac_sha2_384_192: return IMB_AUTH_HMAC_SHA_384;
    case Integrity::hmac_sha2_512_256: return IMB_AUTH_HMAC_SHA_512;
    case Integrity::aes_xcbc_96: return IMB_AUTH_AES_XCBC;
    case Integrity::aes_cmac_96: return IMB_AUTH_AES_CMAC;
    case Integrity::aes_128_gmac:
    case Integrity::aes_192_gmac:
    case Integrity::aes_256_gmac: break;
  }
  ASSERT(false);
  return IMB_AUTH_NULL;
}

constexpr std::array<std::uint8_t, 16> kZeroIv{};

class SeparateIntegrity {
 public:
  SeparateIntegrity(IMB_MGR* manager, const PacketKeys& keys)
      : cipher_(keys.encryption.cipher), integrity_(keys.integrity), extended_(keys.extended_sequence_numbers) {
    if (integrity_ == Integrity::aes_xcbc_96)
      mac_key_.emplace<XcbcKey>(manager, keys.integrity_key);
    else if (integrity_ == Integrity::aes_cmac_96)
      mac_key_.emplace<CmacKey>(manager, keys.integrity_key);
    else
      mac_key_.emplace<HmacKey>(manager, integrity_, keys.integrity_key);
    const ByteView key = keys.encryption_key.first(keys.encryption.key_bits / 8u);
    if (cipher_ == Cipher::triple_des_cbc) cipher_key_.emplace<TripleDesKey>(manager, key);
    if (cipher_ == Cipher::aes_cbc || cipher_ == Cipher::aes_ctr) cipher_key_.emplace<AesKey>(manager, key);
    if (cipher_ == Cipher::aes_ctr) std::ranges::copy(keys.encryption_key.last(salt_.size()), salt_.begin());
    sealing_ = prototype(manager, key.size(), IMB_DIR_ENCRYPT, IMB_ORDER_CIPHER_HASH);
    opening_ = prototype(manager, key.size(), IMB_DIR_DECRYPT, IMB_ORDER_HASH_CIPHER);
  }
  ~SeparateIntegrity() { wipe(salt_); }
  SeparateIntegrity(const SeparateIntegrity&) = delete;  // jobs point to the keys
  SeparateIntegrity& operator=(const SeparateIntegrity&) = delete;

  std::size_t iv_size() const { return shape(cipher_).iv; }
  std::size_t icv_size() const { return crypto::icv_size(integrity_); }
  std::size_t block() const { return shape(cipher_).block; }
  std::size_t alignment() const { return text_alignment(cipher_); }

  void prepare_seal(IMB_JOB& job, const PacketJob& packet, Slot& slot) const {
    if (cipher_ != Cipher::null) write_counter(packet.iv, iv_size(), packet.sequence);
    fill(job, sealing_, packet, slot);
    job.auth_tag_output = packet.icv;
    if (cipher_ == Cipher::aes_cbc || cipher_ == Cipher::triple_des_cbc) {
      job.iv = kZeroIv.data();  // the counter becomes the IV: crypto/packet_layout.h says why
      cover_with_cipher(job, packet.iv, packet);
    }
  }

  void prepare_open(IMB_JOB& job, const PacketJob& packet, Slot& slot) const { fill(job, opening_, packet, slot); }

 private:
  IMB_JOB prototype(IMB_MGR* manager, std::size_t key_size, IMB_CIPHER_DIRECTION direction,
                    IMB_CHAIN_ORDER order) const {
    IMB_JOB job{};
    job.cipher_mode = mode_of(cipher_);
    job.hash_alg = hash_of(integrity_);
    job.cipher_direction = direction;
    job.chain_order = order;
    if (const auto* aes = std::get_if<AesKey>(&cipher_key_)) {
      job.enc_keys = aes->encrypting();
      job.dec_keys = aes->decrypting();
    } else if (const auto* triple_des = std::get_if<TripleDesKey>(&cipher_key_)) {
      job.enc_keys = job.dec_keys = triple_des->schedules();
    }
    job.key_len_in_bytes = key_size;
    job.iv_len_in_bytes = cipher_ == Cipher::aes_ctr ? std::tuple_size_v<Nonce> : iv_size();
    if (const auto* xcbc = std::get_if<XcbcKey>(&mac_key_)) xcbc->put_into(job);
    if (const auto* cmac = std::get_if<CmacKey>(&mac_key_)) cmac->put_into(job);
    if (const auto* hmac = std::get_if<HmacKey>(&mac_key_)) hmac->put_into(job);
    job.auth_tag_output_len_in_bytes = icv_size();
    register_algorithms(manager, job);
    return job;
  }

  void fill(IMB_JOB& job, const IMB_JOB& prototype, const PacketJob& packet, Slot& slot) const {
    job = prototype;
    job.src = packet.packet;
    cover_with_cipher(job, packet.text, packet);
    job.iv = packet.iv;
    if (cipher_ == Cipher::aes_ctr) {
      slot.nonce = nonce_of(salt_, packet.iv);  // the library appends the counter, from 1 on
      job.iv = slot.nonce.data();
    }
    std::uint8_t* end = packet.text + packet.text_size;
    ASSERT(packet.icv == end);
    if (extended_) {
      store_be32(end, high_half(packet.sequence));  // where the ICV goes, or came from
      end += 4;
    }
    job.msg_len_to_hash_in_bytes = static_cast<std::uint64_t>(end - packet.packet);
  }

  static void cover_with_cipher(IMB_JOB& job, std::uint8_t* from, const PacketJob& packet) {
    job.dst = from;
    job.cipher_start_src_offset_in_bytes = static_cast<std::uint64_t>(from - packet.packet);
    job.msg_len_to_cipher_in_bytes = static_cast<std::uint64_t>(packet.text + packet.text_size - from);
  }

  Cipher cipher_;
  Integrity integrity_;
  bool extended_;
  Salt salt_{};
  std::variant<std::monostate, AesKey, TripleDesKey> cipher_key_;
  std::variant<std::monostate, HmacKey, XcbcKey, CmacKey> mac_key_;
  IMB_JOB sealing_, opening_;
};

}  // namespace

std::unique_ptr<PacketCipher> make_separate_integrity(std::shared_ptr<MultiBuffer> lanes, const PacketKeys& keys) {
  return std::make_unique<BurstPacketCipher<SeparateIntegrity>>(std::move(lanes), keys);
}

}  // namespace sallyport::crypto::ipsec_mb
