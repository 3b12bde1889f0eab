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

}  // namespace sallyport::crypto::ipsec_mb
