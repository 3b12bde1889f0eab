#include "datapath/ipcomp.h"

namespace sallyport::datapath {
namespace {

/// Smaller ones hardly ever become smaller still (RFC 2394 §3).
constexpr std::size_t smallest_to_compress = 90;
constexpr std::size_t largest_expanded = 65535;
/// After so many packets in a row that could not be compressed, the next ones are not tried; twice as many each time.
constexpr std::uint8_t failures_in_a_row = 3, most_failures = 8;

}  // namespace

ByteView Compressor::compress(IpcompSa& sa, ByteView payload, wire::IpProtocol next_header) {
  if (payload.size() < smallest_to_compress) return {};
  if (sa.pass_over > 0) {
    --sa.pass_over;
    return {};
  }
  room_.resize(std::max(room_.size(), payload.size()));
  const ByteSpan room = ByteSpan(room_).first(payload.size() - 1);
  const auto size = deflater_.deflate(payload, room.subspan(wire::ipcomp_header_size));
  if (!size) {
    sa.failures = std::min<std::uint8_t>(sa.failures + 1, most_failures);
    if (sa.failures >= failures_in_a_row) sa.pass_over = static_cast<std::uint16_t>(1u << sa.failures);
    return {};
  }
  sa.failures = 0;
  wire::write_ipcomp_header(room.data(), {next_header, sa.cpi_out});
  return room.first(wire::ipcomp_header_size + *size);
}

std::optional<Expander::Expanded> Expander::expand(const IpcompSa& sa, ByteView payload) {
  const auto header = wire::read_ipcomp_header(payload);
  if (!header || header->cpi != sa.cpi_in || header->next_header == wire::IpProtocol::ipcomp) return std::nullopt;
  if (expanded_ >= most_of_burst) return std::nullopt;
  room_.resize(largest_expanded);
  const auto size = inflater_.inflate(payload.subspan(wire::ipcomp_header_size), room_);
  // What does not fit has cost as much as what does.
  expanded_ += size.value_or(largest_expanded);
  if (!size) return std::nullopt;
  return Expanded{header->next_header, ByteView(room_).first(*size)};
}

}  // namespace sallyport::datapath
