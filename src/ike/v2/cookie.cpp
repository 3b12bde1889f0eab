#include "ike/v2/cookie.h"

#include "base/writer.h"

namespace sallyport::ike::v2 {
namespace {

constexpr std::size_t kSecretSize = 32;
constexpr auto kSecretLifetime = std::chrono::minutes(2);

Secret fresh_secret(RandomSource& random) {
  Secret secret(kSecretSize);
  random.fill(secret.span());
  return secret;
}

}  // namespace

CookieJar::CookieJar(RandomSource& random) : current_{0, fresh_secret(random)} {}

Bytes CookieJar::make(Instant now, crypto::Provider& crypto, RandomSource& random, const policy::Endpoint& initiator,
                      std::uint64_t spi_i, ByteView nonce_i) {
  if (!changed_) changed_ = now;
  if (now - *changed_ >= kSecretLifetime) {
    const auto version = static_cast<std::uint8_t>(current_.version + 1);
    previous_ = std::move(current_);
    current_ = {version, fresh_secret(random)};
    changed_ = now;
  }
  return compute(crypto, current_, initiator, spi_i, nonce_i);
}

bool CookieJar::verify(crypto::Provider& crypto, ByteView cookie, const policy::Endpoint& initiator,
                       std::uint64_t spi_i, ByteView nonce_i) const {
  if (cookie.empty()) return false;
  const Key* key = cookie[0] == current_.version                  ? &current_
                   : previous_ && cookie[0] == previous_->version ? &*previous_
                                                                  : nullptr;
  return key && equal_constant_time(cookie, compute(crypto, *key, initiator, spi_i, nonce_i));
}

Bytes CookieJar::compute(crypto::Provider& crypto, const Key& key, const policy::Endpoint& initiator,
                         std::uint64_t spi_i, ByteView nonce_i) {
  Bytes cookie;
  Writer writer(cookie);
  writer.u8(key.version);
  Bytes input;
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
