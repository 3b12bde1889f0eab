#include "ike/v2/key_schedule.h"

#include "base/writer.h"

namespace sallyport::ike::v2 {
namespace {

/// Takes keys off the front of keying material.
class Slicer {
 public:
  explicit Slicer(const Secret& material) : left_(material.view()) {}
  Secret take(std::size_t size) {
    Secret key = Secret::copy_of(left_.first(size));
    left_ = left_.subspan(size);
    return key;
  }

 private:
  ByteView left_;
};

Bytes concatenate(std::initializer_list<ByteView> parts) {
  Bytes all;
  for (const ByteView part : parts) append(all, part);
  return all;
}

Secret concatenate_secret(std::initializer_list<ByteView> parts) {
  std::size_t size = 0;
  for (const ByteView part : parts) size += part.size();
  Secret all(size);
  auto at = all.span().begin();
  for (const ByteView part : parts) at = std::ranges::copy(part, at).out;
  return all;
}

/// What of a nonce is key of SKEYSEED: the PRFs of AES were once for keys of 128 bits alone, and take half from either
/// side to this day (RFC 7296 §2.14).
ByteView key_part(crypto::Prf prf, ByteView nonce) {
  return crypto::is_aes(prf) ? nonce.first(std::min<std::size_t>(nonce.size(), 8)) : nonce;
}

IkeKeys expand(crypto::Provider& crypto, const policy::Suite& suite, const Secret& skeyseed,
               const IkeKeyInputs& inputs) {
  Bytes seed = concatenate({inputs.nonce_i, inputs.nonce_r});
  Writer writer(seed);
  writer.u64(inputs.spi_i);
  writer.u64(inputs.spi_r);

  const std::size_t prf_key = crypto::output_size(suite.prf);
  const std::size_t integrity = crypto::key_size(suite.integrity);
  const std::size_t encryption = crypto::keying_size(suite.encryption);
  const Secret material =
      crypto::prf_plus(crypto, suite.prf, skeyseed.view(), seed, 3 * prf_key + 2 * integrity + 2 * encryption);
  Slicer slicer(material);
  IkeKeys keys;
  keys.sk_d = slicer.take(prf_key);
  keys.sk_ai = slicer.take(integrity);
  keys.sk_ar = slicer.take(integrity);
  keys.sk_ei = slicer.take(encryption);
  keys.sk_er = slicer.take(encryption);
  keys.sk_pi = slicer.take(prf_key);
  keys.sk_pr = slicer.take(prf_key);
  return keys;
}

}  // namespace

IkeKeys derive_ike_keys(crypto::Provider& crypto, const policy::Suite& suite, const IkeKeyInputs& inputs) {
  const Bytes nonces = concatenate({key_part(suite.prf, inputs.nonce_i), key_part(suite.prf, inputs.nonce_r)});
  const ByteView secret[] = {inputs.shared_secret};
  return expand(crypto, suite, crypto.prf(suite.prf, nonces, secret), inputs);
}

IkeKeys derive_rekeyed_ike_keys(crypto::Provider& crypto, crypto::Prf old_prf, const Secret& old_sk_d,
                                const policy::Suite& suite, const IkeKeyInputs& inputs) {
  const ByteView parts[] = {inputs.shared_secret, inputs.nonce_i, inputs.nonce_r, inputs.further_secrets};
  return expand(crypto, suite, crypto.prf(old_prf, old_sk_d.view(), parts), inputs);
}

IkeKeys derive_resumed_ike_keys(crypto::Provider& crypto, const Secret& old_sk_d, const policy::Suite& suite,
                                const IkeKeyInputs& inputs) {
  const ByteView parts[] = {as_bytes("Resumption"), inputs.nonce_i, inputs.nonce_r};
  return expand(crypto, suite, crypto.prf(suite.prf, old_sk_d.view(), parts), inputs);
}

ChildKeys derive_child_keys(crypto::Provider& crypto, crypto::Prf prf, const Secret& sk_d, const policy::Suite& child,
                            ByteView shared_secret, ByteView nonce_i, ByteView nonce_r, ByteView further_secrets) {
  const Secret seed = concatenate_secret({shared_secret, nonce_i, nonce_r, further_secrets});
  const std::size_t encryption = child.protocol == policy::Protocol::esp ? crypto::keying_size(child.encryption) : 0;
  const std::size_t integrity = crypto::key_size(child.integrity);
  const Secret material = crypto::prf_plus(crypto, prf, sk_d.view(), seed.view(), 2 * (encryption + integrity));
  Slicer slicer(material);
  ChildKeys keys;
  keys.encryption_i = slicer.take(encryption);
  keys.integrity_i = slicer.take(integrity);
  keys.encryption_r = slicer.take(encryption);
  keys.integrity_r = slicer.take(integrity);
  return keys;
}

Secret shared_key_auth(crypto::Provider& crypto, crypto::Prf prf, const Secret& shared_key, ByteView message,
                       ByteView nonce, const Secret& sk_p, ByteView id_body, ByteView int_auth) {
  const ByteView pad[] = {as_bytes("Key Pad for IKEv2")};
  const Secret key = crypto.prf(prf, shared_key.view(), pad);
  const ByteView id[] = {id_body};
  const Secret maced_id = crypto.prf(prf, sk_p.view(), id);
  const ByteView octets[] = {message, nonce, maced_id.view(), int_auth};
  return crypto.prf(prf, key.view(), octets);
}

Secret resumption_auth(crypto::Provider& crypto, crypto::Prf prf, ByteView message, ByteView nonce, const Secret& sk_p,
                       ByteView id_body) {
  const ByteView id[] = {id_body};
  const Secret maced_id = crypto.prf(prf, sk_p.view(), id);
  const ByteView octets[] = {message, nonce, maced_id.view()};
  return crypto.prf(prf, sk_p.view(), octets);
}

}  // namespace sallyport::ike::v2
