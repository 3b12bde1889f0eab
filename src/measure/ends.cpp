#include "measure/ends.h"

#include "base/check.h"
#include "policy/proposal.h"
#include "policy/selector.h"

namespace sallyport::measure {
namespace {

policy::TrafficSelectors network(std::string_view text) {
  return {policy::SelectorTemplate::parse(text).value().fixed};
}

Secret random_key(std::size_t size, RandomSource& random) {
  Bytes octets(size);
  random.fill(octets);
  Secret key = Secret::copy_of(octets);
  wipe(octets);
  return key;
}

policy::SaKeys fresh_keys(const policy::Suite& suite, std::uint32_t spi, RandomSource& random) {
  return {.spi = spi,
          .encryption_key = random_key(crypto::keying_size(suite.encryption), random),
          .integrity_key = random_key(crypto::key_size(suite.integrity), random)};
}

/// One end, without its keys.
policy::ChildSaSpec half(const policy::Suite& suite, bool udp_encap, bool is_near) {
  const std::uint16_t port = udp_encap ? 4500 : 0;
  policy::ChildSaSpec spec;
  spec.id = {1};
  spec.ike_sa = {1};
  spec.connection = "measured";
  spec.child = "measured";
  spec.suite = suite;
  spec.local = {address(is_near ? near_gateway : far_gateway), port};
  spec.remote = {address(is_near ? far_gateway : near_gateway), port};
  spec.udp_encap = udp_encap;
  spec.local_ts = network(is_near ? near_network : far_network);
  spec.remote_ts = network(is_near ? far_network : near_network);
  return spec;
}

}  // namespace

policy::IpAddress address(std::string_view text) { return policy::IpAddress::parse(text).value(); }

Ends make_ends(std::string_view words, bool udp_encap, RandomSource& random) {
  const auto proposal = policy::parse_proposal(policy::Protocol::esp, words);
  ASSERT(proposal && !proposal->encryption.empty());
  policy::Suite suite{.protocol = policy::Protocol::esp, .sequence_numbers = policy::SequenceNumbers::bits64};
  suite.encryption = proposal->encryption.front();
  if (!proposal->integrity.empty()) suite.integrity = proposal->integrity.front();
  Ends ends{half(suite, udp_encap, true), half(suite, udp_encap, false)};
  ends.near.inbound = fresh_keys(suite, 0x1000, random);
  ends.near.outbound = fresh_keys(suite, 0x2000, random);
  ends.far.inbound = ends.near.outbound.clone();
  ends.far.outbound = ends.near.inbound.clone();
  return ends;
}

policy::SpdPtr policy_for(const policy::ChildSaSpec& spec) {
  policy::Spd spd;
  spd.entries.push_back({.id = {1},
                         .action = policy::SpdAction::protect,
                         .connection = spec.connection,
                         .child = spec.child,
                         .local_ts = spec.local_ts,
                         .remote_ts = spec.remote_ts});
  return std::make_shared<const policy::Spd>(std::move(spd));
}

}  // namespace sallyport::measure
