#include "ike/v2/protection.h"

namespace sallyport::ike::v2 {
namespace {

using crypto::Cipher;
using wire::ikev2::SkLayout;

std::size_t icv_size_of(const policy::Suite& suite) {
  const std::size_t combined = crypto::shape(suite.encryption.cipher).icv;
  return combined != 0 ? combined : crypto::icv_size(suite.integrity);
}

/// Key and salt lie one after the other in the keying material.
ByteView key_part(const policy::Suite& suite, const Secret& material) {
  return material.view().first(suite.encryption.key_bits / 8u);
}
ByteView salt_part(const policy::Suite& suite, const Secret& material) {
  return material.view().subspan(suite.encryption.key_bits / 8u);
}

/// What the cipher starts from: salt and IV for combined modes (RFC 5282 §4), the counter block for CTR (RFC 5930
/// §2.2), the IV itself for CBC.
Bytes starting_block(const policy::Suite& suite, const Secret& material, ByteView iv) {
  Bytes block = to_bytes(salt_part(suite, material));
  append(block, iv);
  if (suite.encryption.cipher == Cipher::aes_ctr) append(block, std::array<std::uint8_t, 4>{0, 0, 0, 1});
  return block;
}

void write_iv(const policy::Suite& suite, RandomSource& random, std::uint64_t counter, ByteSpan iv) {
  if (iv.size() == 8 && crypto::shape(suite.encryption.cipher).block == 1)
    store_be64(iv.data(), counter);
  else
    random.fill(iv);
}

wire::ikev2::SkSizes sizes_of(const policy::Suite& suite, std::size_t inner) {
  const auto shape = crypto::shape(suite.encryption.cipher);
  return {shape.iv, wire::ikev2::padded_text_size(inner, shape.block), icv_size_of(suite)};
}

/// Octets in front of a body: IKE header, generic payload header; and of a fragment its numbers.
constexpr std::size_t kHead = wire::ike_header_size + wire::ikev2::generic_header_size;
constexpr std::size_t kFragmentHead = kHead + 4;

/// Octets of inner payloads that a fragment of at most `longest` has room for.
std::size_t fragment_room(const policy::Suite& suite, std::size_t longest, const wire::ikev2::InFront& in_front = {}) {
  const auto shape = crypto::shape(suite.encryption.cipher);
  const std::size_t around = kFragmentHead + in_front.size() + shape.iv + icv_size_of(suite);
  if (longest <= around) return 0;
  const std::size_t text = (longest - around) / shape.block * shape.block;
  return text == 0 ? 0 : text - 1;  // the pad length
}

/// Writes IV, text and ICV of what is laid out.
Bytes seal(crypto::Provider& crypto, RandomSource& random, const policy::Suite& suite, DirectionKeys keys,
           std::uint64_t iv_counter, SkLayout layout, ByteView inner) {
  write_iv(suite, random, iv_counter, layout.iv());
  std::ranges::copy(inner, layout.text().begin());
  wire::ikev2::write_padding(layout.text(), inner.size());

  const Bytes start = starting_block(suite, keys.encryption, layout.iv());
  const ByteView key = key_part(suite, keys.encryption);
  if (crypto::is_combined(suite.encryption.cipher)) {
    const Bytes aad = to_bytes(layout.associated_data());
    crypto.seal(suite.encryption, key, start, aad, layout.text(), layout.icv());
  } else {
    crypto.encrypt(suite.encryption, key, start, layout.text());
    const ByteView covered[] = {ByteView(layout.message).first(layout.icv_offset)};
    crypto.mac(suite.integrity, keys.integrity.view(), covered, layout.icv());
  }
  return std::move(layout.message);
}

/// Verifies, decrypts, and takes the padding off.
std::expected<Bytes, OpenError> open(crypto::Provider& crypto, const policy::Suite& suite, DirectionKeys keys,
                                     ByteView message, ByteView body) {
  const auto shape = crypto::shape(suite.encryption.cipher);
  const std::size_t icv_size = icv_size_of(suite);
  const auto unauthentic = std::unexpected(OpenError{false, {ErrorCode::unauthentic}});
  if (body.size() < shape.iv + icv_size + 1) return unauthentic;
  const std::size_t text_size = body.size() - shape.iv - icv_size;
  if (text_size % shape.block != 0) return unauthentic;

  const ByteView iv = body.first(shape.iv);
  const ByteView icv = body.last(icv_size);
  Bytes text = to_bytes(body.subspan(shape.iv, text_size));
  const Bytes start = starting_block(suite, keys.encryption, iv);
  const ByteView key = key_part(suite, keys.encryption);
  if (crypto::is_combined(suite.encryption.cipher)) {
    const ByteView aad = wire::ikev2::associated_data(message, body.size());
    if (!crypto.open(suite.encryption, key, start, aad, text, icv)) return unauthentic;
  } else {
    Bytes expected(icv_size);
    const ByteView covered[] = {message.first(message.size() - icv_size)};
    crypto.mac(suite.integrity, keys.integrity.view(), covered, expected);
    if (!equal_constant_time(expected, icv)) return unauthentic;
    crypto.decrypt(suite.encryption, key, start, text);
  }

  const auto inner = wire::ikev2::strip_padding(text);
  if (!inner) return std::unexpected(OpenError{true, inner.error()});
  text.resize(inner->size());
  return text;
}

}  // namespace

Result<Plaintext> write_plaintext(const wire::IkeHeader& header, const wire::ikev2::PayloadChain& payloads) {
  return Plaintext{header, payloads.first_type(), TRY(wire::ikev2::serialize_payloads(payloads)), {}};
}

std::size_t sealed_size(const policy::Suite& suite, const Plaintext& plain) {
  const auto sizes = sizes_of(suite, plain.inner.size());
  return kHead + plain.in_front.size() + sizes.iv + sizes.text + sizes.icv;
}

Result<Bytes> seal_whole(crypto::Provider& crypto, RandomSource& random, const policy::Suite& suite, DirectionKeys keys,
                         std::uint64_t iv_counter, const Plaintext& plain) {
  SkLayout layout =
      TRY(wire::ikev2::lay_out_sk(plain.header, plain.first, sizes_of(suite, plain.inner.size()), plain.in_front));
  return seal(crypto, random, suite, keys, iv_counter, std::move(layout), plain.inner);
}

Result<std::vector<Bytes>> seal_in_fragments(crypto::Provider& crypto, RandomSource& random, const policy::Suite& suite,
                                             DirectionKeys keys, std::uint64_t& iv_counter, const Plaintext& plain,
                                             std::size_t longest) {
  const std::size_t room = fragment_room(suite, longest), first_room = fragment_room(suite, longest, plain.in_front);
  if (first_room == 0) return fail(ErrorCode::out_of_range);
  const std::size_t behind = plain.inner.size() - std::min(first_room, plain.inner.size());
  const std::size_t total = 1 + (behind + room - 1) / room;
  if (total > 0xffff) return fail(ErrorCode::out_of_range);
  std::vector<Bytes> fragments;
  ByteView rest = plain.inner;
  for (std::size_t number = 1; number <= total; ++number) {
    const ByteView part = rest.first(std::min(number == 1 ? first_room : room, rest.size()));
    rest = rest.subspan(part.size());
    const wire::ikev2::SkfPayload skf{.first_inner = number == 1 ? plain.first : wire::ikev2::PayloadType::none,
                                      .fragment_number = static_cast<std::uint16_t>(number),
                                      .total_fragments = static_cast<std::uint16_t>(total),
                                      .body = {}};
    SkLayout layout = TRY(wire::ikev2::lay_out_skf(plain.header, skf, sizes_of(suite, part.size()),
                                                   number == 1 ? plain.in_front : wire::ikev2::InFront{}));
    fragments.push_back(seal(crypto, random, suite, keys, ++iv_counter, std::move(layout), part));
  }
  return fragments;
}

Result<Bytes> seal_message(crypto::Provider& crypto, RandomSource& random, const policy::Suite& suite,
                           DirectionKeys keys, std::uint64_t iv_counter, const wire::IkeHeader& header,
                           const wire::ikev2::PayloadChain& payloads) {
  return seal_whole(crypto, random, suite, keys, iv_counter, TRY(write_plaintext(header, payloads)));
}

std::expected<Bytes, OpenError> open_fragment(crypto::Provider& crypto, const policy::Suite& suite, DirectionKeys keys,
                                              ByteView message, const wire::ikev2::SkfPayload& skf) {
  return open(crypto, suite, keys, message, skf.body);
}

std::expected<Opened, OpenError> open_message(crypto::Provider& crypto, const policy::Suite& suite, DirectionKeys keys,
                                              ByteView message, const wire::ikev2::SkPayload& sk) {
  auto inner = open(crypto, suite, keys, message, sk.body);
  if (!inner) return std::unexpected(inner.error());
  auto payloads = wire::ikev2::parse_inner_payloads(sk.first_inner, *inner);
  if (!payloads) return std::unexpected(OpenError{true, payloads.error()});
  return Opened{std::move(*payloads), std::move(*inner)};
}

}  // namespace sallyport::ike::v2
