#include "ike/v1/exchange_hash.h"

namespace sallyport::ike::v1 {
namespace {

std::array<std::uint8_t, 16> cookies(std::uint64_t first, std::uint64_t second) {
  std::array<std::uint8_t, 16> octets{};
  store_be64(octets.data(), first);
  store_be64(octets.data() + 8, second);
  return octets;
}

std::array<std::uint8_t, 4> octets_of(std::uint32_t message_id) {
  std::array<std::uint8_t, 4> octets{};
  store_be32(octets.data(), message_id);
  return octets;
}

}  // namespace

Secret hash_i(crypto::Provider& crypto, crypto::Prf prf, const Secret& skeyid, const Phase1Transcript& transcript,
              ByteView id_body) {
  const auto both = cookies(transcript.cookie_i, transcript.cookie_r);
  const ByteView parts[] = {transcript.public_i, transcript.public_r, both, transcript.sa_i, id_body};
  return crypto.prf(prf, skeyid.view(), parts);
}

Secret hash_r(crypto::Provider& crypto, crypto::Prf prf, const Secret& skeyid, const Phase1Transcript& transcript,
              ByteView id_body) {
  const auto both = cookies(transcript.cookie_r, transcript.cookie_i);
  const ByteView parts[] = {transcript.public_r, transcript.public_i, both, transcript.sa_i, id_body};
  return crypto.prf(prf, skeyid.view(), parts);
}

Secret hash_1(crypto::Provider& crypto, crypto::Prf prf, const Secret& skeyid_a, std::uint32_t message_id,
              ByteView payloads) {
  const auto id = octets_of(message_id);
  const ByteView parts[] = {id, payloads};
  return crypto.prf(prf, skeyid_a.view(), parts);
}

Secret hash_2(crypto::Provider& crypto, crypto::Prf prf, const Secret& skeyid_a, std::uint32_t message_id,
              ByteView nonce_i, ByteView payloads) {
  const auto id = octets_of(message_id);
  const ByteView parts[] = {id, nonce_i, payloads};
  return crypto.prf(prf, skeyid_a.view(), parts);
}

Secret hash_3(crypto::Provider& crypto, crypto::Prf prf, const Secret& skeyid_a, std::uint32_t message_id,
              ByteView nonce_i, ByteView nonce_r) {
  const std::uint8_t zero[] = {0};
  const auto id = octets_of(message_id);
  const ByteView parts[] = {zero, id, nonce_i, nonce_r};
  return crypto.prf(prf, skeyid_a.view(), parts);
}

}  // namespace sallyport::ike::v1
