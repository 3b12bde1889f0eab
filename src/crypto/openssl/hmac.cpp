#define OPENSSL_API_COMPAT 10100  // declares the direct digest functions without a warning
#include "crypto/openssl/hmac.h"

#include <openssl/md5.h>
#include <openssl/sha.h>

#include <array>
#include <utility>

#include "base/check.h"
#include "base/secret.h"

namespace sallyport::crypto::openssl {
namespace {

template <class State, std::size_t block, std::size_t output, auto init, auto update, auto finish>
class Digest {
 public:
  static constexpr std::size_t block_size = block;
  static constexpr std::size_t output_size = output;

  Digest() { init(&state_); }
  ~Digest() { wipe({reinterpret_cast<std::uint8_t*>(&state_), sizeof state_}); }
  Digest(const Digest&) = default;
  Digest& operator=(const Digest&) = delete;

  void add(ByteView bytes) { update(&state_, bytes.data(), bytes.size()); }
  void add(std::span<const ByteView> parts) {
    for (const ByteView part : parts) add(part);
  }
  void write(std::uint8_t* out) { finish(out, &state_); }

 private:
  State state_;
};

using Md5 = Digest<MD5_CTX, 64, 16, MD5_Init, MD5_Update, MD5_Final>;
using Sha1 = Digest<SHA_CTX, 64, 20, SHA1_Init, SHA1_Update, SHA1_Final>;
using Sha256 = Digest<SHA256_CTX, 64, 32, SHA256_Init, SHA256_Update, SHA256_Final>;
using Sha384 = Digest<SHA512_CTX, 128, 48, SHA384_Init, SHA384_Update, SHA384_Final>;
using Sha512 = Digest<SHA512_CTX, 128, 64, SHA512_Init, SHA512_Update, SHA512_Final>;

template <class D>
class HmacWith final : public KeyedMac {
 public:
  explicit HmacWith(ByteView key) {
    std::array<std::uint8_t, D::block_size> pad{};
    if (key.size() > pad.size()) {
      D shortened;
      shortened.add(key);
      shortened.write(pad.data());
    } else {
      std::ranges::copy(key, pad.begin());
    }
    for (auto& octet : pad) octet ^= 0x36;
    inner_.add(pad);
    for (auto& octet : pad) octet ^= 0x36 ^ 0x5c;
    outer_.add(pad);
    wipe(pad);
  }

  void mac(std::span<const ByteView> parts, ByteSpan out) const override {
    std::array<std::uint8_t, D::output_size> result;
    D inner(inner_), outer(outer_);
    inner.add(parts);
    inner.write(result.data());
    outer.add(result);
    outer.write(result.data());
    std::copy_n(result.begin(), out.size(), out.begin());
    wipe(result);
  }

 private:
  D inner_, outer_;
};

template <class Function>
auto with_digest(Hash hash, Function&& function) {
  switch (hash) {
    case Hash::md5: return function.template operator()<Md5>();
    case Hash::sha1: return function.template operator()<Sha1>();
    case Hash::sha2_256: return function.template operator()<Sha256>();
    case Hash::sha2_384: return function.template operator()<Sha384>();
    case Hash::sha2_512: return function.template operator()<Sha512>();
  }
  ASSERT(false);
  std::unreachable();
}

}  // namespace

Hash hash_of(Integrity integrity) {
  switch (integrity) {
    case Integrity::none: break;
    case Integrity::hmac_md5_96: return Hash::md5;
    case Integrity::hmac_sha1_96: return Hash::sha1;
    case Integrity::hmac_sha2_256_128: return Hash::sha2_256;
    case Integrity::hmac_sha2_384_192: return Hash::sha2_384;
    case Integrity::hmac_sha2_512_256: return Hash::sha2_512;
    case Integrity::aes_xcbc_96:
    case Integrity::aes_cmac_96:
    case Integrity::aes_128_gmac:
    case Integrity::aes_192_gmac:
    case Integrity::aes_256_gmac: break;
  }
  ASSERT(false);
  std::unreachable();
}

void digest(Hash hash, std::span<const ByteView> parts, ByteSpan out) {
  ASSERT(out.size() == output_size(hash));
  with_digest(hash, [&]<class D>() {
    D state;
    state.add(parts);
    state.write(out.data());
  });
}

void hmac(Hash hash, ByteView key, std::span<const ByteView> parts, ByteSpan out) {
  ASSERT(out.size() <= output_size(hash));
  with_digest(hash, [&]<class D>() { HmacWith<D>(key).mac(parts, out); });
}

std::unique_ptr<KeyedMac> make_keyed_hmac(Hash hash, ByteView key) {
  return with_digest(hash, [&]<class D>() -> std::unique_ptr<KeyedMac> { return std::make_unique<HmacWith<D>>(key); });
}

}  // namespace sallyport::crypto::openssl
