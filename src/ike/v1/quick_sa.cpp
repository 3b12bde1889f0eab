#include "ike/v1/quick_sa.h"

#include "ike/core/child_sas.h"
#include "ike/v1/nat_traversal.h"

namespace sallyport::ike::v1 {

policy::ChildSaSpec make_spec(const IsakmpSa& sa, const policy::Child& config, const SelectorPair& pair,
                              const OwnSpis& ours, const Taken& taken, const QuickModeInputs& inputs,
                              Environment& env) {
  const auto& [chosen, ah] = taken;
  const auto keys = [&](const policy::Suite& suite, std::uint32_t spi) {
    return derive_sa_keys(env.crypto, sa.suite.prf, sa.keys.skeyid_d, suite, spi, inputs);
  };
  auto spec = begin_spec(sa, *sa.connection, config, chosen.suite, env);
  spec.mode = config.mode;
  spec.local_ts = {pair.local};
  spec.remote_ts = {pair.remote};
  spec.inbound = keys(spec.suite, ours.spi);
  spec.outbound = keys(spec.suite, *chosen.proposal->child_spi());
  if (ah)
    spec.bundled_ah =
        policy::BundledAh{ah->suite, keys(ah->suite, ours.ah), keys(ah->suite, *ah->proposal->child_spi())};
  return spec;
}

void add_original(const IsakmpSa& sa, wire::ikev1::PayloadChain& payloads, policy::Mode mode, bool we_initiated) {
  if (mode != policy::Mode::transport || !sa.udp_encap()) return;
  const auto& local = sa.local.address;
  const auto& remote = sa.remote.address;
  add_original_addresses(payloads, sa.nat_traversal, we_initiated ? local : remote, we_initiated ? remote : local);
}

}  // namespace sallyport::ike::v1
