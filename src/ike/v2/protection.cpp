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

}  // namespace

Result<Bytes> seal_message(crypto::Provider& crypto, RandomSource& random, const policy::Suite& suite,
                           DirectionKeys keys, std::uint64_t iv_counter, const wire::IkeHeader& header,
                           const wire::ikev2::PayloadChain& payloads) {
  const auto shape = crypto::shape(suite.encryption.cipher);
  const Bytes inner = TRY(wire::ikev2::serialize_payloads(payloads));
  const wire::ikev2::SkSizes sizes{shape.iv, wire::ikev2::padded_text_size(inner.size(), shape.block),
                                   icv_size_of(suite)};
  SkLayout layout = TRY(wire::ikev2::lay_out_sk(header, payloads.first_type(), sizes));

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

std::expected<Opened, OpenError> open_message(crypto::Provider& crypto, const policy::Suite& suite, DirectionKeys keys,
                                              ByteView message, const wire::ikev2::SkPayload& sk) {
  const auto shape = crypto::shape(suite.encryption.cipher);
  const std::size_t icv_size = icv_size_of(suite);
  const auto unauthentic = std::unexpected(OpenError{false, {ErrorCode::unauthentic}});
  if (sk.body.size() < shape.iv + icv_size + 1) return unauthentic;
  const std::size_t text_size = sk.body.size() - shape.iv - icv_size;
  if (text_size % shape.block != 0) return unauthentic;

  const ByteView body = sk.body;
  const ByteView iv = body.first(shape.iv);
  const ByteView icv = body.last(icv_size);
  Bytes text = to_bytes(body.subspan(shape.iv, text_size));
  const Bytes start = starting_block(suite, keys.encryption, iv);
  const ByteView key = key_part(suite, keys.encryption);
  if (crypto::is_combined(suite.encryption.cipher)) {
    const ByteView aad = wire::ikev2::associated_data(message, sk.body.size());
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
  auto payloads = wire::ikev2::parse_inner_payloads(sk.first_inner, *inner);
  if (!payloads) return std::unexpected(OpenError{true, payloads.error()});
  return Opened{std::move(*payloads)};
}

}  // namespace sallyport::ike::v2
