#include "ike/v2/nat_detection.h"

#include <array>

#include "base/bytes.h"

namespace sallyport::ike::v2 {
namespace {

namespace w = wire::ikev2;

/// SHA-1(SPIs | address | port): the hash only has to tell addresses apart, it protects nothing.
Bytes endpoint_hash(crypto::Provider& crypto, std::uint64_t spi_i, std::uint64_t spi_r,
                    const policy::Endpoint& endpoint) {
  std::array<std::uint8_t, 16> spis;
  store_be64(spis.data(), spi_i);
  store_be64(spis.data() + 8, spi_r);
  std::array<std::uint8_t, 2> port;
  store_be16(port.data(), endpoint.port);
  Bytes hash(crypto::output_size(crypto::Hash::sha1));
  const ByteView parts[] = {spis, endpoint.address.bytes(), port};
  crypto.hash(crypto::Hash::sha1, parts, hash);
  return hash;
}

/// True when notifies of the type are there and none of them is the hash: a peer may list several addresses.
bool differs(const w::PayloadChain& payloads, w::NotifyType type, ByteView hash) {
  bool present = false;
  for (const auto* notify : payloads.all<w::NotifyPayload>()) {
    if (notify->type != type) continue;
    if (equal(notify->data, hash)) return false;
    present = true;
  }
  return present;
}

}  // namespace

void add_nat_detection(w::PayloadChain& payloads, crypto::Provider& crypto, std::uint64_t spi_i, std::uint64_t spi_r,
                       const policy::Endpoint& local, const policy::Endpoint& remote, bool pretend) {
  const policy::Endpoint source =
      pretend ? policy::Endpoint{policy::IpAddress::unspecified(local.address.family()), 0} : local;
  payloads.add(w::NotifyPayload{.type = w::NotifyType::nat_detection_source_ip,
                                .data = endpoint_hash(crypto, spi_i, spi_r, source)});
  payloads.add(w::NotifyPayload{.type = w::NotifyType::nat_detection_destination_ip,
                                .data = endpoint_hash(crypto, spi_i, spi_r, remote)});
}

bool knows_nat_traversal(const w::PayloadChain& payloads) {
  return payloads.find_notify(w::NotifyType::nat_detection_source_ip) &&
         payloads.find_notify(w::NotifyType::nat_detection_destination_ip);
}

NatFindings detect_nat(const w::PayloadChain& payloads, crypto::Provider& crypto, std::uint64_t spi_i,
                       std::uint64_t spi_r, const policy::Endpoint& local, const policy::Endpoint& remote) {
  return {
      .local =
          differs(payloads, w::NotifyType::nat_detection_destination_ip, endpoint_hash(crypto, spi_i, spi_r, local)),
      .remote = differs(payloads, w::NotifyType::nat_detection_source_ip, endpoint_hash(crypto, spi_i, spi_r, remote))};
}

}  // namespace sallyport::ike::v2
