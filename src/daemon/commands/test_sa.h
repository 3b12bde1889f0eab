// An established IKE SA with one child, for tests.
#pragma once

#include "ike/core/status.h"

namespace sallyport::daemon {

using std::chrono::seconds;

inline constexpr Instant kNow{seconds(1000)};

inline policy::Suite gcm(policy::Protocol protocol) {
  return {.protocol = protocol, .encryption = {crypto::Cipher::aes_gcm_16, 256}};
}

inline ike::IkeSaStatus ike_sa() {
  ike::IkeSaStatus sa{.id = {7}, .connection = "office", .state = ike::IkeSaStatus::State::established};
  sa.initiator = true;
  sa.local = {policy::IpAddress::v4(192, 0, 2, 1), 500};
  sa.remote = {policy::IpAddress::v4(192, 0, 2, 2), 4500};
  sa.local_id = policy::Identity::fqdn("moon.example.org");
  sa.remote_id = policy::Identity::fqdn("sun.example.org");
  sa.spi_initiator = 0x0123456789abcdef;
  sa.suite = gcm(policy::Protocol::ike);
  sa.suite->prf = crypto::Prf::hmac_sha2_384;
  sa.suite->key_exchange = crypto::KeyExchangeMethod::ecp384;
  sa.established = kNow - seconds(12);
  ike::ChildSaStatus child{
      .id = {3}, .name = "lan", .suite = gcm(policy::Protocol::esp), .spi_in = 0xc1a2, .spi_out = 2};
  child.suite.sequence_numbers = policy::SequenceNumbers::bits64;
  child.local_ts = {policy::TrafficSelector{*policy::AddressRange::parse("10.1.0.0/16"), 0, {}}};
  child.remote_ts = {policy::TrafficSelector{*policy::AddressRange::parse("10.2.0.0/16"), 0, {}}};
  child.installed = kNow - seconds(11);
  child.expires = kNow + seconds(3960);
  sa.children.push_back(std::move(child));
  return sa;
}

}  // namespace sallyport::daemon
