// Keys in the forms the library works with, wiped at their end. Internal to this folder.
#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"
#include "crypto/algorithms.h"
#include "crypto/ipsec_mb/multi_buffer.h"

namespace sallyport::crypto::ipsec_mb {

class AesKey {
 public:
  AesKey(IMB_MGR* manager, ByteView key);  // 16, 24 or 32 octets
  ~AesKey();
  AesKey(const AesKey&) = delete;
  AesKey& operator=(const AesKey&) = delete;

  const void* encrypting() const { return encrypting_.data(); }
  const void* decrypting() const { return decrypting_.data(); }

 private:
  using Rounds = std::array<std::uint8_t, 15 * IMB_AES_BLOCK_SIZE>;
  alignas(16) Rounds encrypting_;
  alignas(16) Rounds decrypting_;
};

/// One schedule serves both directions.
class TripleDesKey {
 public:
  TripleDesKey(IMB_MGR* manager, ByteView key);  // 24 octets
  ~TripleDesKey();
  TripleDesKey(const TripleDesKey&) = delete;
  TripleDesKey& operator=(const TripleDesKey&) = delete;

  const void* schedules() const { return pointers_.data(); }

 private:
  using Schedule = std::array<std::uint64_t, IMB_DES_KEY_SCHED_SIZE / 8>;
  std::array<Schedule, 3> schedules_;
  std::array<const void*, 3> pointers_;
};

/// The digest's states after the padded key (RFC 2104 §4).
class HmacKey {
 public:
  HmacKey(IMB_MGR* manager, Integrity integrity, ByteView key);  // no longer than the digest's block
  ~HmacKey();
  HmacKey(const HmacKey&) = delete;
  HmacKey& operator=(const HmacKey&) = delete;

  void put_into(IMB_JOB& job) const;

 private:
  using State = std::array<std::uint8_t, 64>;
  alignas(16) State inner_;
  alignas(16) State outer_;
};

/// RFC 3566 §4: the key of the chain, and what is added to the last block.
class XcbcKey {
 public:
  XcbcKey(IMB_MGR* manager, ByteView key);  // 16 octets
  ~XcbcKey();
  XcbcKey(const XcbcKey&) = delete;
  XcbcKey& operator=(const XcbcKey&) = delete;

  void put_into(IMB_JOB& job) const;

 private:
  alignas(16) std::array<std::uint32_t, 4 * 11> chain_;
  alignas(16) std::array<std::uint8_t, IMB_AES_BLOCK_SIZE> whole_;
  alignas(16) std::array<std::uint8_t, IMB_AES_BLOCK_SIZE> padded_;
};

/// RFC 4493 §2.3.
class CmacKey {
 public:
  CmacKey(IMB_MGR* manager, ByteView key);  // 16 octets
  ~CmacKey();
  CmacKey(const CmacKey&) = delete;
  CmacKey& operator=(const CmacKey&) = delete;

  void put_into(IMB_JOB& job) const;

 private:
  AesKey chain_;
  alignas(16) std::array<std::uint8_t, IMB_AES_BLOCK_SIZE> whole_;
  alignas(16) std::array<std::uint8_t, IMB_AES_BLOCK_SIZE> padded_;
};

}  // namespace sallyport::crypto::ipsec_mb
