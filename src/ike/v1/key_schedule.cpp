#include "ike/v1/key_schedule.h"

#include <vector>

#include "base/check.h"

namespace sallyport::ike::v1 {
namespace {

/// Both cookies and the octet that tells SKEYID_d, _a and _e apart.
std::array<std::uint8_t, 17> cookies_and(const Phase1Inputs& inputs, std::uint8_t number) {
  std::array<std::uint8_t, 17> octets{};
  store_be64(octets.data(), inputs.cookie_i);
  store_be64(octets.data() + 8, inputs.cookie_r);
  octets[16] = number;
  return octets;
}

Secret skeyid_numbered(crypto::Provider& crypto, crypto::Prf prf, const Secret& skeyid, ByteView previous,
                       const Phase1Inputs& inputs, std::uint8_t number) {
  const auto tail = cookies_and(inputs, number);
  const ByteView parts[] = {previous, inputs.shared_secret, tail};
  return crypto.prf(prf, skeyid.view(), parts);
}

/// K1 | K2 | … cut to `size`, each the prf of the one before it and `seed`; in front of K1 stands `first`.
Secret feed_back(crypto::Provider& crypto, crypto::Prf prf, const Secret& key, ByteView first,
                 std::span<const ByteView> seed, std::size_t size) {
  Secret material(size);
  std::vector<ByteView> parts = {first};
  parts.insert(parts.end(), seed.begin(), seed.end());
  Secret block;
  for (std::size_t done = 0; done < size;) {
    block = crypto.prf(prf, key.view(), parts);
    parts.front() = block.view();
    const std::size_t taken = std::min(block.size(), size - done);
    std::ranges::copy(block.view().first(taken), material.span().begin() + static_cast<std::ptrdiff_t>(done));
    done += taken;
  }
  return material;
}

/// RFC 2409 appendix B: the front of SKEYID_e where that is long enough, otherwise it is fed back.
Secret encryption_key(crypto::Provider& crypto, crypto::Prf prf, const Secret& skeyid_e, std::size_t size) {
  if (size <= skeyid_e.size()) return Secret::copy_of(skeyid_e.view().first(size));
  const std::uint8_t zero[] = {0};
  return feed_back(crypto, prf, skeyid_e, zero, {}, size);
}

/// The protocol's number in a Proposal payload (RFC 2407 §4.4.1).
std::uint8_t protocol_number(policy::Protocol protocol) {
  ASSERT(protocol != policy::Protocol::ike);
  return protocol == policy::Protocol::ah ? 2 : 3;
}

}  // namespace

Secret skeyid_of_shared_key(crypto::Provider& crypto, crypto::Prf prf, const Secret& shared_key,
                            const Phase1Inputs& inputs) {
  const ByteView nonces[] = {inputs.nonce_i, inputs.nonce_r};
  return crypto.prf(prf, shared_key.view(), nonces);
}

Secret skeyid_of_signatures(crypto::Provider& crypto, crypto::Prf prf, const Phase1Inputs& inputs) {
  Bytes nonces = to_bytes(inputs.nonce_i);
  append(nonces, inputs.nonce_r);
  const ByteView secret[] = {inputs.shared_secret};
  return crypto.prf(prf, nonces, secret);
}

IsakmpKeys derive_isakmp_keys(crypto::Provider& crypto, const policy::Suite& suite, Secret skeyid,
                              const Phase1Inputs& inputs) {
  IsakmpKeys keys;
  keys.skeyid = std::move(skeyid);
  keys.skeyid_d = skeyid_numbered(crypto, suite.prf, keys.skeyid, {}, inputs, 0);
  keys.skeyid_a = skeyid_numbered(crypto, suite.prf, keys.skeyid, keys.skeyid_d.view(), inputs, 1);
  keys.skeyid_e = skeyid_numbered(crypto, suite.prf, keys.skeyid, keys.skeyid_a.view(), inputs, 2);
  keys.encryption = encryption_key(crypto, suite.prf, keys.skeyid_e, suite.encryption.key_bits / 8u);
  return keys;
}

policy::SaKeys derive_sa_keys(crypto::Provider& crypto, crypto::Prf prf, const Secret& skeyid_d,
                              const policy::Suite& child, std::uint32_t spi, const QuickModeInputs& inputs) {
  const std::size_t encryption = child.protocol == policy::Protocol::esp ? crypto::keying_size(child.encryption) : 0;
  const std::size_t integrity = crypto::key_size(child.integrity);
  std::array<std::uint8_t, 5> sa{protocol_number(child.protocol)};
  store_be32(sa.data() + 1, spi);
  const ByteView seed[] = {inputs.shared_secret, sa, inputs.nonce_i, inputs.nonce_r};
  const Secret material = feed_back(crypto, prf, skeyid_d, {}, seed, encryption + integrity);
  return {spi, Secret::copy_of(material.view().first(encryption)), Secret::copy_of(material.view().last(integrity))};
}

}  // namespace sallyport::ike::v1
