#include "ike/v1/iv_chain.h"

#include "base/check.h"
#include "wire/ike_header.h"

namespace sallyport::ike::v1 {

IvChain IvChain::of_phase_1(crypto::Provider& crypto, crypto::Hash hash, crypto::Encryption encryption,
                            ByteView public_i, ByteView public_r) {
  IvChain chain(hash, crypto::shape(encryption.cipher).iv);
  chain.start_from(crypto, public_i, public_r);
  return chain;
}

IvChain IvChain::of_exchange(crypto::Provider& crypto, std::uint32_t message_id) const {
  std::array<std::uint8_t, 4> id{};
  store_be32(id.data(), message_id);
  IvChain chain(hash_, size_);
  chain.start_from(crypto, iv(), id);
  return chain;
}

void IvChain::follow(ByteView message) {
  ASSERT(message.size() >= wire::ike_header_size + size_);
  std::ranges::copy(message.last(size_), octets_.begin());
}

void IvChain::start_from(crypto::Provider& crypto, ByteView first, ByteView second) {
  Bytes digest(crypto::output_size(hash_));
  const ByteView parts[] = {first, second};
  crypto.hash(hash_, parts, digest);
  ASSERT(size_ <= octets_.size() && size_ <= digest.size());
  std::ranges::copy(ByteView(digest).first(size_), octets_.begin());
}

}  // namespace sallyport::ike::v1
