#include "ike/v1/agreed_life.h"

#include <algorithm>

#include "ike/v1/phase2_proposals.h"

namespace sallyport::ike::v1 {

namespace w = wire::ikev1;

std::optional<std::uint64_t> smaller(std::optional<std::uint64_t> a, std::optional<std::uint64_t> b) {
  if (!a || !b) return a ? a : b;
  return std::min(*a, *b);
}

w::Lifetimes smaller(const w::Lifetimes& a, const w::Lifetimes& b) {
  return {.seconds = smaller(a.seconds, b.seconds), .kilobytes = smaller(a.kilobytes, b.kilobytes)};
}

std::optional<std::uint64_t> life_of(policy::Seconds time) {
  if (time.count() <= 0) return std::nullopt;
  return static_cast<std::uint64_t>(time.count());
}

/// Kilobytes are of 1024 octets.
w::Lifetimes life_of(const policy::Child& config) {
  w::Lifetimes life{.seconds = life_of(config.life_time), .kilobytes = {}};
  if (config.life_volume.bytes != 0) life.kilobytes = std::max<std::uint64_t>(1, config.life_volume.bytes / 1024);
  return life;
}

w::Lifetimes offered_life_of(const ChosenTransform& chosen, const std::optional<ChosenTransform>& ah) {
  const auto life = w::read_phase2(*chosen.transform).lifetimes;
  return ah ? smaller(life, w::read_phase2(*ah->transform).lifetimes) : life;
}

w::Lifetimes assumed_life_of(const ChosenTransform& chosen, const std::optional<ChosenTransform>& ah) {
  constexpr std::uint64_t kDefaultLife = 28800;  // seconds
  auto life = offered_life_of(chosen, ah);
  if (!life.seconds) life.seconds = kDefaultLife;
  return life;
}

w::NotifyPayload responder_lifetime(w::ProtocolId protocol, std::uint32_t spi_in, const w::Lifetimes& life) {
  return {.type = w::NotifyType::responder_lifetime,
          .data = w::serialize_responder_lifetime(life),
          .protocol = protocol,
          .spi = spi_octets(spi_in)};
}

w::Lifetimes shortened(const w::Lifetimes& life, const w::PayloadChain& payloads) {
  const auto* notify = payloads.find_notify(w::NotifyType::responder_lifetime);
  if (!notify) return life;
  const auto theirs = w::parse_responder_lifetime(notify->data);
  return theirs ? smaller(life, *theirs) : life;
}

}  // namespace sallyport::ike::v1
