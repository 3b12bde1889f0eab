// Lifetimes of IKE SAs and Child SAs: when an SA is renewed before its end, and when that is tried again.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/random.h"
#include "base/time.h"
#include "policy/child_sa.h"

namespace sallyport::ike {

/// As configured, in swanctl's words; zero is never.
struct Lifetime {
  Duration rekey{};  // renewed after this, or up to `rand` sooner
  Duration end{};    // closed after this
  Duration rand{};
};

/// How long after its beginning an SA is renewed whose life was agreed to be `agreed` (nullopt: without end). A life
/// that is shorter than ours is renewed in proportion. nullopt: never.
inline std::optional<Duration> renewal_after(Lifetime ours, std::optional<Duration> agreed, RandomSource& random) {
  if (ours.rekey <= Duration::zero()) return std::nullopt;
  const Duration end = ours.end > Duration::zero() ? ours.end : ours.rekey + ours.rekey / 10;
  if (agreed && *agreed < end) {
    const double part = static_cast<double>(agreed->count()) / static_cast<double>(end.count());
    ours.rekey = Duration(static_cast<Duration::rep>(static_cast<double>(ours.rekey.count()) * part));
    ours.rand = Duration(static_cast<Duration::rep>(static_cast<double>(ours.rand.count()) * part));
  }
  const auto most = static_cast<std::uint64_t>(std::clamp(ours.rand, Duration::zero(), ours.rekey / 2).count());
  return ours.rekey - Duration(static_cast<Duration::rep>(most == 0 ? 0 : random.below(most)));
}

/// After a renewal that came to nothing: when to try again. A quarter of what is left of its life, so that tries are
/// few while there is time, and end with it. nullopt: there is no time for another.
inline std::optional<Duration> renewal_again_after(std::optional<Duration> left) {
  constexpr Duration longest = std::chrono::minutes(5), shortest = std::chrono::seconds(2);
  if (!left) return longest;
  if (*left <= shortest) return std::nullopt;
  return std::clamp(*left / 4, shortest, longest);
}

/// The volumes after which a Child SA is renewed and closed. `agreed_bytes`: what the peers have agreed on, where they
/// did; a smaller one than ours is renewed in proportion.
inline void set_volumes(policy::ChildSaSpec& spec, const policy::Child& config,
                        std::optional<std::uint64_t> agreed_bytes, RandomSource& random) {
  const auto soft = [&](std::uint64_t rekey, std::uint64_t rand) {
    const std::uint64_t most = std::min(rand, rekey / 2);
    return most == 0 ? rekey : rekey - random.below(most);
  };
  policy::Volume rekey = config.rekey_volume, rand = config.rand_volume;
  spec.hard_limit = config.life_volume;
  if (agreed_bytes && (spec.hard_limit.bytes == 0 || *agreed_bytes < spec.hard_limit.bytes)) {
    spec.hard_limit.bytes = *agreed_bytes;
    rekey.bytes = config.rekey_time.count() > 0 || rekey.bytes != 0 ? *agreed_bytes - *agreed_bytes / 5 : 0;
    rand.bytes = *agreed_bytes / 10;
  }
  spec.soft_limit = {soft(rekey.bytes, rand.bytes), soft(rekey.packets, rand.packets)};
}

}  // namespace sallyport::ike
