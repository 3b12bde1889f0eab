// The fields of ESP (RFC 4303 §2): the header in front, and the trailer at the end of the encrypted text. Pure
// functions over octets in place; what is encrypted, and how, is not seen here.
//
//   [ SPI ][ sequence number ] [ IV ] [ payload, TFC padding ][ padding ][ pad length ][ next header ] [ ICV ]
//   [ header ............... ]        [ text .................................................. ]
#pragma once

#include <cstring>

#include "wire/ip.h"

namespace sallyport::wire {

inline constexpr std::size_t esp_header_size = 8;   // octets
inline constexpr std::size_t esp_trailer_size = 2;  // pad length and next header
/// SPIs up to this one are reserved; zero marks what is not ESP at all (RFC 4303 §2.1).
inline constexpr std::uint32_t max_reserved_spi = 255;

struct EspHeader {
  std::uint32_t spi;
  std::uint32_t sequence;  // the low half where extended sequence numbers are used

  friend bool operator==(const EspHeader&, const EspHeader&) = default;
};

/// nullopt when fewer than 8 octets are there.
inline std::optional<EspHeader> read_esp_header(ByteView packet) {
  if (packet.size() < esp_header_size) return std::nullopt;
  return EspHeader{load_be32(&packet[0]), load_be32(&packet[4])};
}
/// Writes 8 octets.
inline void write_esp_header(std::uint8_t* to, EspHeader header) {
  store_be32(to, header.spi);
  store_be32(to + 4, header.sequence);
}

/// Octets of encrypted text for `payload` octets: with the shortest padding, a multiple of `alignment`, which is the
/// cipher's block or 4, whichever is larger (RFC 4303 §2.4); a power of two, at most 256.
constexpr std::size_t esp_text_size(std::size_t payload, std::size_t alignment) {
  return (payload + esp_trailer_size + alignment - 1) & ~(alignment - 1);
}

namespace detail {
constexpr auto esp_padding_octets = [] {
  std::array<std::uint8_t, 255> octets{};
  for (std::size_t i = 0; i < octets.size(); ++i) octets[i] = static_cast<std::uint8_t>(i + 1);
  return octets;
}();
}  // namespace detail

/// Writes padding (1, 2, 3 …), pad length and next header behind the first `payload` octets of a text of `text_size`
/// octets; `text_size - payload` is from 2 to 257.
inline void write_esp_trailer(std::uint8_t* text, std::size_t text_size, std::size_t payload, IpProtocol next_header) {
  const std::size_t padding = text_size - payload - esp_trailer_size;
  for (std::size_t i = 0; i < padding; ++i) text[payload + i] = static_cast<std::uint8_t>(i + 1);  // mostly up to three
  text[text_size - 2] = static_cast<std::uint8_t>(padding);
  text[text_size - 1] = static_cast<std::uint8_t>(next_header);
}

/// The same with up to three octets of padding, which all but block ciphers have; of the eight octets behind the
/// payload those that are not the trailer's are lost.
inline void write_short_esp_trailer(std::uint8_t* behind_payload, std::size_t padding, IpProtocol next_header) {
  static constexpr std::uint8_t octets[4][8] = {{0}, {1, 1}, {1, 2, 2}, {1, 2, 3, 3}};
  std::memcpy(behind_payload, octets[padding], 8);
  behind_payload[padding + 1] = static_cast<std::uint8_t>(next_header);
}

struct EspTrailer {
  std::size_t payload_size;  // octets of text in front of the padding; TFC padding is still in it
  std::uint8_t pad_length;
  IpProtocol next_header;

  friend bool operator==(const EspTrailer&, const EspTrailer&) = default;
};

/// The trailer of a decrypted text; nullopt when the text is shorter than its trailer and padding, or the padding is
/// not the default one (RFC 4303 §2.4), which all ciphers that we have use.
inline std::optional<EspTrailer> read_esp_trailer(ByteView text) {
  if (text.size() < esp_trailer_size) return std::nullopt;
  const std::uint8_t pad_length = text[text.size() - 2];
  if (text.size() - esp_trailer_size < pad_length) return std::nullopt;
  const std::size_t payload_size = text.size() - esp_trailer_size - pad_length;
  const std::uint8_t* padding = text.data() + payload_size;
  if (pad_length <= 3) {  // mostly: no call
    for (std::uint8_t i = 0; i < pad_length; ++i)
      if (padding[i] != i + 1) return std::nullopt;
  } else if (std::memcmp(padding, detail::esp_padding_octets.data(), pad_length) != 0) {
    return std::nullopt;
  }
  return EspTrailer{payload_size, pad_length, IpProtocol{text.back()}};
}

}  // namespace sallyport::wire
