#include "ike/v2/crash_token.h"

#include "base/writer.h"

namespace sallyport::ike::v2 {
namespace {

namespace w = wire::ikev2;

constexpr std::size_t kShortest = 16, kLongest = 128;
/// A maker that has changed its secret may show what it would have said before. More is guessing.
constexpr std::size_t kMostTokens = 2;

}  // namespace

Bytes make_crash_token(crypto::Provider& crypto, const Secret& secret, std::uint64_t spi_i, std::uint64_t spi_r) {
  Bytes input;
  Writer writer(input);
  writer.u64(spi_i);
  writer.u64(spi_r);
  const ByteView parts[] = {input};
  return to_bytes(crypto.prf(crypto::Prf::hmac_sha2_256, secret.view(), parts).view());
}

void add_crash_token(w::PayloadChain& payloads, std::uint64_t spi_i, std::uint64_t spi_r, Environment& env) {
  const auto& secret = env.settings.crash_secret;
  if (!secret) return;
  payloads.add(w::NotifyPayload{.type = w::NotifyType::quick_crash_detection,
                                .data = make_crash_token(env.crypto, *secret, spi_i, spi_r)});
}

Bytes read_crash_token(const w::PayloadChain& payloads) {
  const auto* notify = payloads.find_notify(w::NotifyType::quick_crash_detection);
  if (!notify || notify->data.size() < kShortest || notify->data.size() > kLongest) return {};
  return notify->data;
}

bool proves_crash(const w::PayloadChain& payloads, ByteView token) {
  if (token.empty() || !payloads.find_notify(w::NotifyType::invalid_ike_spi)) return false;
  std::size_t looked_at = 0;
  for (const auto* notify : payloads.all<w::NotifyPayload>()) {
    if (notify->type != w::NotifyType::quick_crash_detection) continue;
    if (++looked_at > kMostTokens) return false;
    if (equal_constant_time(notify->data, token)) return true;
  }
  return false;
}

w::PayloadChain build_crash_proof(std::uint64_t spi_i, std::uint64_t spi_r, Environment& env) {
  w::PayloadChain payloads;
  payloads.add(w::NotifyPayload{.type = w::NotifyType::invalid_ike_spi});
  add_crash_token(payloads, spi_i, spi_r, env);
  return payloads;
}

}  // namespace sallyport::ike::v2
