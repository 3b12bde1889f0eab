// EspLayout: how many octets one SA's ESP packets take, and the jobs that its cipher is given. RFC 4303 §2's fields are
// wire/esp.h's; this joins them to a cipher.
#pragma once

#include <optional>

#include "crypto/packet_cipher.h"
#include "wire/esp.h"

namespace sallyport::datapath {

/// How many packets a cipher is shown at once: enough to fill its lanes.
inline constexpr std::size_t cipher_burst = 32;

/// Of how many octets of text, where there are no lanes to fill: so that packets stay in the first-level cache from
/// being laid out to being sealed, and from being opened to being looked at.
inline std::size_t cipher_burst_octets(const crypto::PacketCipher& cipher) {
  return cipher.lanes() > 1 ? SIZE_MAX : 16 * 1024;
}

struct EspLayout {
  std::uint8_t head = 0;  // octets in front of the text: SPI, sequence number, IV
  std::uint8_t iv = 0;
  std::uint8_t icv = 0;
  std::uint8_t alignment = 4;   // of the text
  bool from_elsewhere = false;  // crypto::PacketCipher::seals_from_elsewhere()
  std::size_t burst_octets = 0;

  static EspLayout of(const crypto::PacketCipher& cipher) {
    return {static_cast<std::uint8_t>(wire::esp_header_size + cipher.iv_size()),
            static_cast<std::uint8_t>(cipher.iv_size()),
            static_cast<std::uint8_t>(cipher.icv_size()),
            static_cast<std::uint8_t>(cipher.alignment()),
            cipher.seals_from_elsewhere(),
            cipher_burst_octets(cipher)};
  }

  /// Octets of the ESP packet around `payload` octets.
  std::size_t packet_size(std::size_t payload) const { return head + wire::esp_text_size(payload, alignment) + icv; }
  /// The most payload that fits into an ESP packet of `size` octets; 0 when none does.
  std::size_t largest_payload(std::size_t size) const {
    if (size < std::size_t{head} + icv + alignment) return 0;
    const std::size_t text = (size - head - icv) & ~(std::size_t{alignment} - 1);
    return text - wire::esp_trailer_size;
  }

  /// Puts ESP's header and trailer around a payload that lies at `packet + head` already.
  crypto::PacketJob prepare_seal(std::uint8_t* packet, std::uint32_t spi, std::uint64_t sequence, std::size_t payload,
                                 wire::IpProtocol next_header) const {
    const std::size_t text_size = wire::esp_text_size(payload, alignment);
    wire::write_esp_header(packet, {spi, static_cast<std::uint32_t>(sequence)});
    wire::write_esp_trailer(packet + head, text_size, payload, next_header);
    return job(packet, text_size, sequence);
  }
  /// The same for a payload anywhere else, with wire::write_short_esp_trailer's room behind it; for ciphers that seal
  /// from there.
  void prepare_seal_from(std::uint8_t* from, std::uint8_t* packet, std::uint32_t spi, std::uint64_t sequence,
                         std::size_t payload, wire::IpProtocol next_header, crypto::PacketJob& prepared) const {
    const std::size_t text_size = wire::esp_text_size(payload, alignment);
    wire::write_esp_header(packet, {spi, static_cast<std::uint32_t>(sequence)});
    wire::write_short_esp_trailer(from + payload, text_size - payload - wire::esp_trailer_size, next_header);
    prepared = job(packet, text_size, sequence);
    prepared.source = from;
  }
  /// False: too short, or the text is no multiple of its alignment.
  bool prepare_open(ByteSpan packet, std::uint64_t sequence, crypto::PacketJob& prepared) const {
    if (packet.size() < std::size_t{head} + icv + alignment) return false;
    const std::size_t text_size = packet.size() - head - icv;
    if ((text_size & (std::size_t{alignment} - 1)) != 0) return false;
    prepared = job(packet.data(), text_size, sequence);
    return true;
  }

 private:
  crypto::PacketJob job(std::uint8_t* packet, std::size_t text_size, std::uint64_t sequence) const {
    return {.packet = packet,
            .iv = packet + wire::esp_header_size,
            .text = packet + head,
            .text_size = static_cast<std::uint32_t>(text_size),
            .icv = packet + head + text_size,
            .sequence = sequence,
            .ok = false,
            .source = nullptr};
  }
};

}  // namespace sallyport::datapath
