#include "ike/v2/cookie.h"

#include "base/writer.h"
#include "ike/v2/numbers_map.h"

namespace sallyport::ike::v2 {
namespace {

constexpr std::size_t kSecretSize = 16;
constexpr auto kSecretLifetime = std::chrono::minutes(2);

// version of the secret (1), with a puzzle? (1), its PRF (2) and difficulty (1), MAC
constexpr std::size_t kHead = 5;

void write_head(Writer& writer, std::uint8_t version, const std::optional<Puzzle>& puzzle) {
  writer.u8(version);
  writer.u8(puzzle ? 1 : 0);
  writer.u16(puzzle ? wire::ikev2::number(write_prf(puzzle->prf)) : std::uint16_t{0});
  writer.u8(puzzle ? puzzle->difficulty : std::uint8_t{0});
}

/// Of a cookie of any origin.
std::optional<Puzzle> read_head(ByteView cookie) {
  if (cookie[1] == 0) return std::nullopt;
  const auto prf = read_prf(static_cast<wire::ikev2::PrfId>(load_be16(cookie.data() + 2)));
  return Puzzle{prf.value_or(crypto::Prf::hmac_sha2_256), cookie[4]};
}

Secret fresh_secret(RandomSource& random) {
  Secret secret(kSecretSize);
  random.fill(secret.span());
  return secret;
}

}  // namespace

CookieJar::CookieJar(RandomSource& random) : current_{0, fresh_secret(random)} {}

Bytes CookieJar::make(Instant now, crypto::Provider& crypto, RandomSource& random, const policy::Endpoint& initiator,
                      std::uint64_t spi_i, ByteView nonce_i, const std::optional<Puzzle>& puzzle) {
  if (!changed_) changed_ = now;
  if (now - *changed_ >= kSecretLifetime) {
    const auto version = static_cast<std::uint8_t>(current_.version + 1);
    previous_ = std::move(current_);
    current_ = {version, fresh_secret(random)};
    changed_ = now;
  }
  return compute(crypto, current_, initiator, spi_i, nonce_i, puzzle);
}

std::optional<CookieJar::Returned> CookieJar::verify(crypto::Provider& crypto, ByteView cookie,
                                                     const policy::Endpoint& initiator, std::uint64_t spi_i,
                                                     ByteView nonce_i) const {
  if (cookie.size() < kHead) return std::nullopt;
  const Key* key = cookie[0] == current_.version                  ? &current_
                   : previous_ && cookie[0] == previous_->version ? &*previous_
                                                                  : nullptr;
  const auto puzzle = read_head(cookie);
  if (!key || !equal_constant_time(cookie, compute(crypto, *key, initiator, spi_i, nonce_i, puzzle)))
    return std::nullopt;
  return Returned{puzzle};
}

Bytes CookieJar::compute(crypto::Provider& crypto, const Key& key, const policy::Endpoint& initiator,
                         std::uint64_t spi_i, ByteView nonce_i, const std::optional<Puzzle>& puzzle) {
  Bytes cookie;
  Writer writer(cookie);
  write_head(writer, key.version, puzzle);
  Bytes input = cookie;
  Writer fields(input);
  fields.bytes(initiator.address.bytes());
  fields.u16(initiator.port);
  fields.u64(spi_i);
  fields.bytes(nonce_i);
  const ByteView parts[] = {input};
  writer.bytes(crypto.prf(crypto::Prf::hmac_sha2_256, key.secret.view(), parts).view());
  return cookie;
}

}  // namespace sallyport::ike::v2
