#include "ike/v2/message_window.h"

#include "base/check.h"

namespace sallyport::ike::v2 {
namespace {

/// `wait`, shortened at random by up to the configured share.
Duration jittered(Duration wait, const Settings& settings, RandomSource& random) {
  const auto most = static_cast<std::uint64_t>(static_cast<double>(wait.count()) * settings.retransmit_jitter);
  return wait - Duration(most == 0 ? 0 : static_cast<Duration::rep>(random.below(most)));
}

}  // namespace

Instant MessageWindow::sent_request(Instant now, std::vector<Bytes> datagrams, const Settings& settings,
                                    RandomSource& random) {
  ASSERT(!outstanding_);
  outstanding_ = Outstanding{std::move(datagrams), 0, settings.retransmit_timeout, now};
  ++next_request_;
  return now + jittered(outstanding_->wait, settings, random);
}

bool MessageWindow::revive(const Settings& settings) {
  ASSERT(outstanding_);
  if (outstanding_->revivals == kMostRevivals) return false;
  ++outstanding_->revivals;
  begin_anew(settings);
  return true;
}

std::optional<MessageWindow::Repetition> MessageWindow::repeat_request(Instant now, const Settings& settings,
                                                                       RandomSource& random) {
  ASSERT(outstanding_);
  if (outstanding_->repetitions >= settings.retransmit_tries) return std::nullopt;
  ++outstanding_->repetitions;
  outstanding_->sent = now;
  outstanding_->wait =
      Duration(static_cast<Duration::rep>(static_cast<double>(outstanding_->wait.count()) * settings.retransmit_base));
  return Repetition{next_request_ - 1, outstanding_->repetitions, now + jittered(outstanding_->wait, settings, random)};
}

MessageWindow::Arrival MessageWindow::classify_request(crypto::Provider& crypto, std::uint32_t id,
                                                       ByteView datagram) const {
  if (is_next_request(id)) return Arrival::fresh;
  // The whole datagram is compared: an answer is not worth more than the request that it repeats.
  if (is_answered(id) && digest(crypto, datagram) == last_request_) return Arrival::repeated;
  return Arrival::stray;
}

void MessageWindow::answered_request(crypto::Provider& crypto, std::uint32_t id, ByteView datagram,
                                     std::vector<Bytes> response) {
  ASSERT(id == expected_request_);
  ++expected_request_;
  last_request_ = digest(crypto, datagram);
  response_ = std::move(response);
}

MessageWindow::Digest MessageWindow::digest(crypto::Provider& crypto, ByteView datagram) {
  Digest digest;
  const ByteView parts[] = {datagram};
  crypto.hash(crypto::Hash::sha1, parts, digest);
  return digest;
}

}  // namespace sallyport::ike::v2
