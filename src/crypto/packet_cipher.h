// PacketCipher: the cryptography of one direction of one ESP SA, keyed once, called in bursts. It knows nothing of
// ESP's fields: the caller lays out the octets, this protects them.
//
//      authenticated, in clear    encrypted in place     trailing    out
//     [ aad .................. ][ text ............. ]  [ esn_high ] [ icv ]
//
// Combined modes take the high half of an extended sequence number inside `aad` (RFC 4106 §5); separate integrity takes
// it after the text (RFC 4303 §2.2.1), and covers aad, IV and text as they lie in the packet.
#pragma once

#include <memory>
#include <span>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/algorithms.h"

namespace sallyport::crypto {

/// One packet's share of a burst. Sizes in octets. `iv` is the explicit IV as it stands in the packet, right before
/// `text`; for separate integrity the octets from `packet` up to the end of `text` are contiguous, and `icv` is right
/// behind them. `text_size` is a multiple of the cipher's block, at least 1 and no more than an IP packet holds: seal()
/// takes nothing else, and to open() a packet of another size is not `ok`.
struct PacketJob {
  std::uint8_t* packet;  // SPI; start of what separate integrity covers
  std::uint8_t* iv;
  std::uint8_t* text;
  std::uint32_t text_size;
  std::uint8_t* icv;
  std::uint64_t sequence;  // the full 64 bits; what of it is authenticated follows from the SA's ESN
  bool ok;                 // set by open(): the ICV was right
  /// Where seal() reads the text from when it is not in place already: memory that the packet has nothing in common
  /// with. Only with seals_from_elsewhere().
  const std::uint8_t* source = nullptr;

  const std::uint8_t* clear_text() const { return source != nullptr ? source : text; }
};

class PacketCipher {
 public:
  virtual ~PacketCipher() = default;
  virtual std::size_t iv_size() const = 0;
  virtual std::size_t icv_size() const = 0;
  /// Granularity of the encrypted part, RFC 4303's multiple of 4 included.
  virtual std::size_t alignment() const = 0;
  /// How many packets of a burst are worked on side by side. Bursts of several times as many make the most of it; with
  /// one, small bursts do, which stay in the first-level cache.
  virtual std::size_t lanes() const { return 1; }
  /// Whether PacketJob::source may be elsewhere: no copy is needed then to seal a packet away from where it is.
  virtual bool seals_from_elsewhere() const { return false; }

  /// Writes IV, ciphertext and ICV. IVs never repeat under one key (RFC 4106 §3.1), and are unpredictable for CBC.
  virtual void seal(std::span<PacketJob> burst) = 0;
  /// Verifies, then decrypts; the text of a packet that is not `ok` must not be used, and the ICV's octets are spent.
  virtual void open(std::span<PacketJob> burst) = 0;
};

struct PacketKeys {
  Encryption encryption;
  Integrity integrity = Integrity::none;
  bool extended_sequence_numbers = false;
  ByteView encryption_key;  // keying_size() octets: key, then salt
  ByteView integrity_key;   // key_size() octets, or none
};

/// Makes packet ciphers. Two implementations: crypto/ipsec_mb where the processor allows, crypto/openssl elsewhere;
/// crypto/packet_cipher_fallback.h joins them.
class PacketCipherFactory {
 public:
  virtual ~PacketCipherFactory() = default;
  /// ErrorCode::unsupported for a combination it lacks; ErrorCode::out_of_range for keys of the wrong size.
  virtual Result<std::unique_ptr<PacketCipher>> make(const PacketKeys& keys) = 0;
};

}  // namespace sallyport::crypto
