#include "crypto/ipsec_mb/key_schedules.h"

#include "base/check.h"
#include "base/secret.h"

namespace sallyport::crypto::ipsec_mb {
namespace {

struct DigestBlock {
  hash_one_block_t hash;
  std::size_t size;
};

DigestBlock digest_block(IMB_MGR* manager, Integrity integrity) {
  switch (integrity) {
    case Integrity::none: break;
    case Integrity::hmac_md5_96: return {manager->md5_one_block, 64};
    case Integrity::hmac_sha1_96: return {manager->sha1_one_block, IMB_SHA1_BLOCK_SIZE};
    case Integrity::hmac_sha2_256_128: return {manager->sha256_one_block, IMB_SHA_256_BLOCK_SIZE};
    case Integrity::hmac_sha2_384_192: return {manager->sha384_one_block, IMB_SHA_384_BLOCK_SIZE};
    case Integrity::hmac_sha2_512_256: return {manager->sha512_one_block, IMB_SHA_512_BLOCK_SIZE};
    case Integrity::aes_xcbc_96:
    case Integrity::aes_cmac_96:
    case Integrity::aes_128_gmac:
    case Integrity::aes_192_gmac:
    case Integrity::aes_256_gmac: break;
  }
  ASSERT(false);
  return {};
}

template <class Array>
ByteSpan octets(Array& array) {
  return {reinterpret_cast<std::uint8_t*>(array.data()), sizeof array};
}

}  // namespace

AesKey::AesKey(IMB_MGR* manager, ByteView key) {
  switch (key.size()) {
    case IMB_KEY_128_BYTES: IMB_AES_KEYEXP_128(manager, key.data(), encrypting_.data(), decrypting_.data()); break;
    case IMB_KEY_192_BYTES: IMB_AES_KEYEXP_192(manager, key.data(), encrypting_.data(), decrypting_.data()); break;
    case IMB_KEY_256_BYTES: IMB_AES_KEYEXP_256(manager, key.data(), encrypting_.data(), decrypting_.data()); break;
    default: ASSERT(false);
  }
}

AesKey::~AesKey() {
  wipe(encrypting_);
  wipe(decrypting_);
}

TripleDesKey::TripleDesKey(IMB_MGR* manager, ByteView key) {
  ASSERT(key.size() == 3 * IMB_DES_BLOCK_SIZE);
  for (std::size_t i = 0; i < 3; ++i) {
    IMB_DES_KEYSCHED(manager, schedules_[i].data(), key.data() + i * IMB_DES_BLOCK_SIZE);
    pointers_[i] = schedules_[i].data();
  }
}

TripleDesKey::~TripleDesKey() {
  for (auto& schedule : schedules_) wipe(octets(schedule));
}

HmacKey::HmacKey(IMB_MGR* manager, Integrity integrity, ByteView key) {
  const DigestBlock block = digest_block(manager, integrity);
  ASSERT(key.size() <= block.size);
  std::array<std::uint8_t, IMB_SHA_512_BLOCK_SIZE> pad{};
  std::ranges::copy(key, pad.begin());
  for (auto& octet : pad) octet ^= 0x36;
  block.hash(pad.data(), inner_.data());
  for (auto& octet : pad) octet ^= 0x36 ^ 0x5c;
  block.hash(pad.data(), outer_.data());
  wipe(pad);
}

HmacKey::~HmacKey() {
  wipe(inner_);
  wipe(outer_);
}

void HmacKey::put_into(IMB_JOB& job) const {
  job.u.HMAC._hashed_auth_key_xor_ipad = inner_.data();
  job.u.HMAC._hashed_auth_key_xor_opad = outer_.data();
}

XcbcKey::XcbcKey(IMB_MGR* manager, ByteView key) {
  ASSERT(key.size() == IMB_KEY_128_BYTES);
  IMB_AES_XCBC_KEYEXP(manager, key.data(), chain_.data(), whole_.data(), padded_.data());
}

XcbcKey::~XcbcKey() {
  wipe(octets(chain_));
  wipe(whole_);
  wipe(padded_);
}

void XcbcKey::put_into(IMB_JOB& job) const {
  job.u.XCBC._k1_expanded = chain_.data();
  job.u.XCBC._k2 = whole_.data();
  job.u.XCBC._k3 = padded_.data();
}

CmacKey::CmacKey(IMB_MGR* manager, ByteView key) : chain_(manager, key) {
  ASSERT(key.size() == IMB_KEY_128_BYTES);
  IMB_AES_CMAC_SUBKEY_GEN_128(manager, chain_.encrypting(), whole_.data(), padded_.data());
}

CmacKey::~CmacKey() {
  wipe(whole_);
  wipe(padded_);
}

void CmacKey::put_into(IMB_JOB& job) const {
  job.u.CMAC._key_expanded = chain_.encrypting();
  job.u.CMAC._skey1 = whole_.data();
  job.u.CMAC._skey2 = padded_.data();
}

}  // namespace sallyport::crypto::ipsec_mb
