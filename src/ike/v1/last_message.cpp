#include "ike/v1/last_message.h"

namespace sallyport::ike::v1 {
namespace {

Duration times(Duration time, double factor) {
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double, Duration::period>(time) * factor);
}

Duration with_jitter(Duration wait, const Settings& settings, RandomSource& random) {
  const Duration most = times(wait, settings.retransmit_jitter);
  if (most <= Duration::zero()) return wait;
  return wait - Duration(static_cast<Duration::rep>(random.below(static_cast<std::uint64_t>(most.count()) + 1)));
}

}  // namespace

void LastMessage::sent(Instant now, Bytes message, bool awaits, const Settings& settings, RandomSource& random) {
  sent_ = std::move(message);
  repetitions_ = 0;
  wait_ = settings.retransmit_timeout;
  due_.reset();
  if (awaits) due_ = now + with_jitter(wait_, settings, random);
}

void LastMessage::took(crypto::Provider& crypto, ByteView message) {
  taken_ = digest(crypto, message);
  sent_.clear();  // no answer to this: else two ends could repeat themselves to each other for ever
  due_.reset();
}

bool LastMessage::repeats(crypto::Provider& crypto, ByteView message) const {
  return taken_ && *taken_ == digest(crypto, message);
}

bool LastMessage::repeat(Instant now, std::uint32_t tries, const Settings& settings, RandomSource& random) {
  due_.reset();
  if (repetitions_ >= tries) return false;
  ++repetitions_;
  wait_ = times(wait_, settings.retransmit_base);
  due_ = now + with_jitter(wait_, settings, random);
  return true;
}

/// A digest instead of the message: to recognise a repetition, and to keep little.
LastMessage::Digest LastMessage::digest(crypto::Provider& crypto, ByteView message) {
  Digest digest{};
  const ByteView parts[] = {message};
  crypto.hash(crypto::Hash::sha1, parts, digest);
  return digest;
}

}  // namespace sallyport::ike::v1
