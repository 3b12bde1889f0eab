// ShortGcm: AES-GCM (NIST SP 800-38D) for short packets, of which the processor works on several at a time: each is a
// few dozen vector instructions without a branch, so that the next begins long before the last is through. The
// library's calls, made for long packets, take most of a short one's time to begin and to end. For processors with
// AVX-512, VAES and VPCLMULQDQ. Internal to this folder.
#pragma once

#include "crypto/ipsec_mb/key_schedules.h"
#include "crypto/packet_layout.h"

namespace sallyport::crypto::ipsec_mb {

class ShortGcm {
 public:
  /// Octets of text that are short.
  static constexpr std::size_t most = 224;
  static bool is_supported();

  ShortGcm(IMB_MGR* manager, const PacketKeys& keys);
  ~ShortGcm();
  ShortGcm(const ShortGcm&) = delete;
  ShortGcm& operator=(const ShortGcm&) = delete;

  /// How many of the packets in front are worked on alike; 0: the first is not short, or empty.
  static std::size_t run(std::span<const PacketJob> packets);
  /// As PacketCipher's, of one run.
  void seal(std::span<PacketJob> run) const;
  void open(std::span<PacketJob> run) const;

  /// Of AES blocks side by side: 16 powers of the hash key, the highest first, and as many zeros as lanes can reach.
  static constexpr std::size_t blocks = 16;
  struct Keys {
    alignas(64) std::array<std::array<std::uint8_t, 16>, 15> rounds;
    alignas(64) std::array<std::array<std::uint8_t, 16>, blocks + 4> powers{};
    Salt salt;
    std::uint32_t icv_mask;  // a bit for each octet
    bool extended;
  };

 private:
  using Kernel = void (*)(const Keys&, std::span<PacketJob>);
  Keys keys_;
  std::array<Kernel, 4> seal_, open_;  // by the number of vectors that a packet takes, less one
};

}  // namespace sallyport::crypto::ipsec_mb
