#include "crypto/openssl/aes_mac.h"

#include <algorithm>
#include <array>

#include "base/secret.h"
#include "crypto/openssl/owned.h"

namespace sallyport::crypto::openssl {
namespace {

constexpr std::size_t kBlock = 16;
using Block = std::array<std::uint8_t, kBlock>;

/// CBC from an IV of zero, of which the last block is all that matters.
class Chain {
 public:
  explicit Chain(ByteView key) {
    must(EVP_EncryptInit_ex2(context_.get(), EVP_aes_128_cbc(), key.data(), kZero.data(), nullptr));
    EVP_CIPHER_CTX_set_padding(context_.get(), 0);
  }

  void start() const { must(EVP_EncryptInit_ex2(context_.get(), nullptr, nullptr, kZero.data(), nullptr)); }
  /// `text` is whole blocks.
  void add(ByteView text) const {
    std::array<std::uint8_t, 32 * kBlock> discarded;
    while (!text.empty()) {
      const std::size_t size = std::min(text.size(), discarded.size());
      int done = 0;
      must(EVP_EncryptUpdate(context_.get(), discarded.data(), &done, text.data(), static_cast<int>(size)));
      text = text.subspan(size);
    }
  }
  Block finish(const Block& last) const {
    Block result;
    int done = 0;
    must(EVP_EncryptUpdate(context_.get(), result.data(), &done, last.data(), kBlock));
    return result;
  }
  Block encrypt(const Block& block) const {
    start();
    return finish(block);
  }

 private:
  static constexpr Block kZero{};
  CipherContext context_{must(EVP_CIPHER_CTX_new())};
};

/// The text in whole blocks but for the last, which is between 1 and 16 octets, or none of an empty text.
class Blocks {
 public:
  explicit Blocks(const Chain& chain) : chain_(chain) { chain_.start(); }
  ~Blocks() { wipe(held_); }
  Blocks(const Blocks&) = delete;
  Blocks& operator=(const Blocks&) = delete;

  void add(ByteView text) {
    if (text.empty()) return;
    if (size_ != 0) {
      const std::size_t filling = std::min(kBlock - size_, text.size());
      hold(text.first(filling));
      text = text.subspan(filling);
      if (text.empty()) return;
      chain_.add(held_);
      size_ = 0;
    }
    const std::size_t whole = (text.size() - 1) / kBlock * kBlock;  // what is left is never nothing
    chain_.add(text.first(whole));
    hold(text.subspan(whole));
  }
  std::size_t last_size() const { return size_; }
  const Block& last() const { return held_; }

 private:
  void hold(ByteView octets) {
    std::ranges::copy(octets, held_.begin() + static_cast<std::ptrdiff_t>(size_));
    size_ += octets.size();
  }

  const Chain& chain_;
  Block held_{};
  std::size_t size_ = 0;
};

class KeyedAesMac final : public KeyedMac {
 public:
  /// The key of the chain, what is added to a last block that is whole, and to one that had to be padded.
  KeyedAesMac(ByteView key, const Block& whole, const Block& padded) : chain_(key), whole_(whole), padded_(padded) {}
  ~KeyedAesMac() override {
    wipe(whole_);
    wipe(padded_);
  }
  KeyedAesMac(const KeyedAesMac&) = delete;
  KeyedAesMac& operator=(const KeyedAesMac&) = delete;

  void mac(std::span<const ByteView> parts, ByteSpan out) const override {
    ASSERT(out.size() <= kBlock);
    Blocks blocks(chain_);
    for (const ByteView part : parts) blocks.add(part);
    Block last{};
    std::copy_n(blocks.last().begin(), blocks.last_size(), last.begin());
    const bool is_whole = blocks.last_size() == kBlock;
    if (!is_whole) last[blocks.last_size()] = 0x80;
    const Block& added = is_whole ? whole_ : padded_;
    for (std::size_t i = 0; i < kBlock; ++i) last[i] ^= added[i];
    Block result = chain_.finish(last);
    std::copy_n(result.begin(), out.size(), out.begin());
    wipe(last);
    wipe(result);
  }

 private:
  Chain chain_;
  Block whole_, padded_;
};

/// Times x in GF(2^128) (RFC 4493 §2.3).
Block doubled(const Block& block) {
  Block result;
  for (std::size_t i = 0; i < kBlock; ++i)
    result[i] = static_cast<std::uint8_t>(block[i] << 1 | (i + 1 < kBlock ? block[i + 1] >> 7 : 0));
  result.back() ^= static_cast<std::uint8_t>(0x87 & -(block.front() >> 7));
  return result;
}

Block filled_with(std::uint8_t octet) {
  Block block;
  block.fill(octet);
  return block;
}

std::unique_ptr<KeyedMac> make_keyed(Prf prf, ByteView key) {
  return prf == Prf::aes128_xcbc ? make_keyed_xcbc(key) : make_keyed_cmac(key);
}

}  // namespace

std::unique_ptr<KeyedMac> make_keyed_xcbc(ByteView key) {
  ASSERT(key.size() == kBlock);
  const Chain chain(key);
  Block k1 = chain.encrypt(filled_with(1)), k2 = chain.encrypt(filled_with(2)), k3 = chain.encrypt(filled_with(3));
  auto made = std::make_unique<KeyedAesMac>(k1, k2, k3);
  for (Block* each : {&k1, &k2, &k3}) wipe(*each);
  return made;
}

std::unique_ptr<KeyedMac> make_keyed_cmac(ByteView key) {
  ASSERT(key.size() == kBlock);
  Block zero = Chain(key).encrypt({});
  Block k1 = doubled(zero), k2 = doubled(k1);
  auto made = std::make_unique<KeyedAesMac>(key, k1, k2);
  for (Block* each : {&zero, &k1, &k2}) wipe(*each);
  return made;
}

void aes_prf(Prf prf, ByteView key, std::span<const ByteView> parts, ByteSpan out) {
  ASSERT(is_aes(prf) && out.size() == kBlock);
  Block fitting{};
  const bool pads = prf == Prf::aes128_xcbc && key.size() < kBlock;  // CMAC's PRF shortens and lengthens alike
  if (pads || key.size() == kBlock)
    std::ranges::copy(key, fitting.begin());
  else
    make_keyed(prf, Block{})->mac(std::array{key}, fitting);
  make_keyed(prf, fitting)->mac(parts, out);
  wipe(fitting);
}

}  // namespace sallyport::crypto::openssl
