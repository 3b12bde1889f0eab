// What IKE SAs of both versions do with their Child SAs: values of ChildSaStatus, to which each version adds its own.
#pragma once

#include <algorithm>
#include <functional>
#include <ranges>

#include "event/event.h"
#include "ike/core/any_ike_sa.h"

namespace sallyport::ike {

/// What a Child SA has of its IKE SA and its configuration; its mode, selectors and keys are still to be agreed.
inline policy::ChildSaSpec begin_spec(const AnyIkeSa& sa, const policy::Connection& connection,
                                      const policy::Child& config, const policy::Suite& suite, Environment& env) {
  policy::ChildSaSpec spec;
  spec.id = env.numbers.next_child_sa();
  spec.ike_sa = sa.id;
  spec.connection = connection.name;
  spec.child = config.name;
  spec.suite = suite;
  spec.local = sa.local;
  spec.remote = sa.remote;
  spec.udp_encap = sa.udp_encap();
  spec.nat_local = sa.nat_local;
  spec.nat_remote = sa.nat_remote;
  spec.replay_window = config.replay_window;
  spec.copy_df = config.copy_df;
  spec.copy_ecn = config.copy_ecn;
  spec.fragment_before = config.fragment_before;
  return spec;
}

/// Of whose share the inbound SPI of a new Child SA has to be, because it may take the place of another one
/// (SpiAllocator): that of the same name, or that of an earlier IKE SA with the same peer.
template <std::ranges::input_range Children>
std::uint32_t share_of_kin(const Children& children, const policy::Connection& connection, const policy::Child& config,
                           const policy::Identity& peer) {
  const auto same = std::ranges::find_if(children, [&](const ChildSaStatus& each) { return each.name == config.name; });
  if (same != std::ranges::end(children)) return same->spi_in;
  const std::string key = connection.name + '\0' + config.name + '\0' + policy::lookup_key(peer);
  return static_cast<std::uint32_t>(std::hash<std::string>{}(key));
}

inline ChildSaStatus status_of(const policy::ChildSaSpec& spec, Instant installed) {
  return {.id = spec.id,
          .name = spec.child,
          .mode = spec.mode,
          .suite = spec.suite,
          .spi_in = spec.inbound.spi,
          .spi_out = spec.outbound.spi,
          .bundled_ah = spec.bundled_ah
                            ? std::optional(BundledAhStatus{spec.bundled_ah->suite, spec.bundled_ah->inbound.spi,
                                                            spec.bundled_ah->outbound.spi})
                            : std::nullopt,
          .ipcomp = spec.ipcomp,
          .udp_encap = spec.udp_encap,
          .replay_window = spec.replay_window,
          .local_ts = spec.local_ts,
          .remote_ts = spec.remote_ts,
          .installed = installed,
          .expires = {}};
}

inline event::ChildSaInstalled installation_of(const policy::ChildSaSpec& spec) {
  return {spec.ike_sa, spec.id,          spec.connection,   spec.child,    spec.mode,
          spec.suite,  spec.inbound.spi, spec.outbound.spi, spec.local_ts, spec.remote_ts};
}

/// When the peer last said anything authentic: over IKE (`received`), or through one of the Child SAs.
template <std::ranges::input_range Children>
Instant last_heard(Instant received, const Children& children, const Environment& env) {
  for (const ChildSaStatus& child : children)
    if (const auto inbound = env.host.last_inbound(child.id)) received = std::max(received, *inbound);
  return received;
}

}  // namespace sallyport::ike
