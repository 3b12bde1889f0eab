// NAT detection (RFC 7296 §2.23): each side says, hashed, between which addresses and ports it believes to speak.
#pragma once

#include "crypto/provider.h"
#include "ike/core/datagram.h"
#include "wire/ikev2/payload.h"

namespace sallyport::ike::v2 {

struct NatFindings {
  bool local = false;   // we are behind a NAT
  bool remote = false;  // the peer is
};

/// Appends both notifies. `pretend` makes ours wrong on purpose, so that the peer encapsulates as if behind a NAT.
void add_nat_detection(wire::ikev2::PayloadChain& payloads, crypto::Provider& crypto, std::uint64_t spi_i,
                       std::uint64_t spi_r, const policy::Endpoint& local, const policy::Endpoint& remote,
                       bool pretend);

/// Has the sender said where it believes to be: does it know NAT traversal?
bool knows_nat_traversal(const wire::ikev2::PayloadChain& payloads);
/// Compares the peer's notifies with what we see; a peer that sends none has no NAT traversal, and no findings.
NatFindings detect_nat(const wire::ikev2::PayloadChain& payloads, crypto::Provider& crypto, std::uint64_t spi_i,
                       std::uint64_t spi_r, const policy::Endpoint& local, const policy::Endpoint& remote);

}  // namespace sallyport::ike::v2
