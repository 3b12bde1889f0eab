// LastMessage: what one exchange sent and took last. IKEv1 acknowledges nothing by itself: whoever waits for a message
// sends its own last one again, and whoever gets a message twice answers with the same octets as before. This keeps
// both, and counts; who sends is the session's business.
#pragma once

#include <array>
#include <optional>

#include "base/bytes.h"
#include "base/random.h"
#include "base/time.h"
#include "crypto/provider.h"
#include "ike/core/settings.h"

namespace sallyport::ike::v1 {

class LastMessage {
 public:
  /// `awaits`: something must come back, and until took() it is due again and again.
  void sent(Instant now, Bytes message, bool awaits, const Settings& settings, RandomSource& random);
  /// What was sent since the message taken last, for when that is repeated; empty when nothing was.
  ByteView octets() const { return sent_; }

  /// An authentic message that moves the exchange on.
  void took(crypto::Provider& crypto, ByteView message);
  bool repeats(crypto::Provider& crypto, ByteView message) const;
  /// Nothing is awaited any more.
  void settle() { due_.reset(); }

  std::optional<Instant> due() const { return due_; }
  /// How often the message went out.
  std::uint32_t attempts() const { return repetitions_ + 1; }
  /// Counts a repetition and sets when the next one is due; false when `tries` are used up.
  bool repeat(Instant now, std::uint32_t tries, const Settings& settings, RandomSource& random);

 private:
  using Digest = std::array<std::uint8_t, 20>;
  static Digest digest(crypto::Provider& crypto, ByteView message);

  Bytes sent_;
  std::optional<Digest> taken_;
  std::optional<Instant> due_;
  std::uint32_t repetitions_ = 0;
  Duration wait_{};
};

}  // namespace sallyport::ike::v1
