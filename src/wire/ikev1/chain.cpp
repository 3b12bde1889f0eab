#include "wire/ikev1/chain.h"

namespace sallyport::wire::ikev1 {
namespace {

Result<void> check_padding(const Reader& reader, Protection protection) {
  const ByteView padding = reader.peek();
  const bool is_padding =
      protection == Protection::decrypted
          ? padding.size() <= max_decrypted_padding
          : padding.size() <= max_clear_padding && std::ranges::all_of(padding, [](auto octet) { return octet == 0; });
  if (!is_padding) return fail(ErrorCode::trailing, reader.offset());
  return {};
}

/// Takes one payload, and gives the type of the next.
Result<PayloadType> take_payload(Reader& reader, PayloadType type, RawChain& chain) {
  const std::size_t at = reader.offset();
  const ByteView rest = reader.peek();
  const PayloadType next{TRY(reader.u8())};
  if (TRY(reader.u8()) != 0) return fail(ErrorCode::malformed, at + 1);
  const std::uint16_t length = TRY(reader.u16());
  if (length < generic_header_size) return fail(ErrorCode::malformed, at + 2);
  TRY(reader.skip(length - generic_header_size));
  chain.payloads.push_back({type, rest.first(length), at});
  return next;
}

}  // namespace

const RawPayload* RawChain::find(PayloadType type) const {
  const auto found = std::ranges::find(payloads, type, &RawPayload::type);
  return found == payloads.end() ? nullptr : &*found;
}

ByteView RawChain::behind(std::size_t index) const {
  ASSERT(index < payloads.size());
  std::size_t size = 0;
  for (std::size_t i = 0; i <= index; ++i) size += payloads[i].octets.size();
  return octets.subspan(size);
}

Result<RawChain> split_payloads(PayloadType first, ByteView bytes, Protection protection, std::size_t base_offset) {
  Reader reader(bytes, base_offset);
  RawChain chain;
  for (PayloadType type = first; type != PayloadType::none;) {
    if (chain.payloads.size() == max_payloads) return fail(ErrorCode::exhausted, reader.offset());
    if (type == PayloadType::proposal || type == PayloadType::transform)
      return fail(ErrorCode::malformed, reader.offset());
    type = TRY(take_payload(reader, type, chain));
  }
  chain.octets = bytes.first(bytes.size() - reader.remaining());
  TRY(check_padding(reader, protection));
  return chain;
}

}  // namespace sallyport::wire::ikev1
