// The bare operations that a handshake is made of. Their sum is what no handshake can beat: about forty PRFs and
// hashes, two combined-mode messages each way, and one key exchange on each side.
#include <benchmark/benchmark.h>

#include "crypto/openssl/provider_openssl.h"

namespace sallyport::crypto {
namespace {

const std::unique_ptr<Provider> provider = make_openssl_provider();
SeededRandom random_source(1);

void start_key_exchange(benchmark::State& state, KeyExchangeMethod method) {
  for (auto _ : state) benchmark::DoNotOptimize(provider->start_key_exchange(method, random_source));
}

void shared_secret(benchmark::State& state, KeyExchangeMethod method) {
  const auto ours = *provider->start_key_exchange(method, random_source);
  const auto theirs = *provider->start_key_exchange(method, random_source);
  for (auto _ : state) benchmark::DoNotOptimize(ours->shared_secret(theirs->public_value()));
}

void whole_key_exchange(benchmark::State& state, KeyExchangeMethod method) {
  const auto theirs = *provider->start_key_exchange(method, random_source);
  for (auto _ : state) {
    const auto ours = *provider->start_key_exchange(method, random_source);
    benchmark::DoNotOptimize(ours->shared_secret(theirs->public_value()));
  }
}

void prf(benchmark::State& state, Prf which) {
  const Bytes key(output_size(which), 1), text(static_cast<std::size_t>(state.range(0)), 2);
  const ByteView parts[] = {text, as_bytes("\x01")};
  for (auto _ : state) benchmark::DoNotOptimize(provider->prf(which, key, parts));
}

void prf_plus_of_an_ike_sa(benchmark::State& state) {
  const Bytes key(32, 1), seed(80, 2);
  for (auto _ : state) benchmark::DoNotOptimize(prf_plus(*provider, Prf::hmac_sha2_256, key, seed, 136));
}

void nat_detection_hash(benchmark::State& state) {
  const Bytes text(24, 1);
  Bytes out(output_size(Hash::sha1));
  const ByteView parts[] = {text};
  for (auto _ : state) {
    provider->hash(Hash::sha1, parts, out);
    benchmark::DoNotOptimize(out.data());
  }
}

void seal(benchmark::State& state, Encryption encryption) {
  const Bytes key(encryption.key_bits / 8u, 1), nonce(12, 2), aad(32, 3);
  Bytes text(static_cast<std::size_t>(state.range(0))), icv(shape(encryption.cipher).icv);
  for (auto _ : state) {
    provider->seal(encryption, key, nonce, aad, text, icv);
    benchmark::DoNotOptimize(icv.data());
  }
}

void open(benchmark::State& state, Encryption encryption) {
  const Bytes key(encryption.key_bits / 8u, 1), nonce(12, 2), aad(32, 3);
  const std::vector<std::uint8_t> clear(static_cast<std::size_t>(state.range(0)));
  Bytes sealed = clear, icv(shape(encryption.cipher).icv);
  provider->seal(encryption, key, nonce, aad, sealed, icv);
  for (auto _ : state) {
    Bytes text = sealed;
    if (!provider->open(encryption, key, nonce, aad, text, icv)) state.SkipWithError("not authentic");
  }
}

BENCHMARK_CAPTURE(start_key_exchange, x25519, KeyExchangeMethod::x25519);
BENCHMARK_CAPTURE(shared_secret, x25519, KeyExchangeMethod::x25519);
BENCHMARK_CAPTURE(whole_key_exchange, x25519, KeyExchangeMethod::x25519);
BENCHMARK_CAPTURE(whole_key_exchange, ecp256, KeyExchangeMethod::ecp256);
BENCHMARK_CAPTURE(whole_key_exchange, ecp384, KeyExchangeMethod::ecp384);
BENCHMARK_CAPTURE(whole_key_exchange, modp2048, KeyExchangeMethod::modp2048);
BENCHMARK_CAPTURE(prf, sha256, Prf::hmac_sha2_256)->Arg(32)->Arg(500);
BENCHMARK_CAPTURE(prf, sha384, Prf::hmac_sha2_384)->Arg(32);
BENCHMARK_CAPTURE(prf, sha1, Prf::hmac_sha1)->Arg(32);
BENCHMARK(prf_plus_of_an_ike_sa);
BENCHMARK(nat_detection_hash);
BENCHMARK_CAPTURE(seal, aes128gcm16, Encryption{Cipher::aes_gcm_16, 128})->Arg(200);
BENCHMARK_CAPTURE(open, aes128gcm16, Encryption{Cipher::aes_gcm_16, 128})->Arg(200);
BENCHMARK_CAPTURE(seal, chacha20poly1305, Encryption{Cipher::chacha20_poly1305, 256})->Arg(200);

}  // namespace
}  // namespace sallyport::crypto
