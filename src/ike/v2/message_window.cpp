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

// ---- Our requests ----

const MessageWindow::Outstanding* MessageWindow::find(std::uint32_t id) const {
  const auto found = std::ranges::find(outstanding_, id, &Outstanding::id);
  return found == outstanding_.end() ? nullptr : &*found;
}

MessageWindow::Outstanding* MessageWindow::find(std::uint32_t id) {
  const auto found = std::ranges::find(outstanding_, id, &Outstanding::id);
  return found == outstanding_.end() ? nullptr : &*found;
}

void MessageWindow::sent_request(Instant now, std::vector<Bytes> datagrams, const Settings& settings,
                                 RandomSource& random) {
  ASSERT(has_room());
  const Duration wait = settings.retransmit_timeout;
  outstanding_.push_back({.id = next_request_,
                          .datagrams = std::move(datagrams),
                          .wait = wait,
                          .sent = now,
                          .due = now + jittered(wait, settings, random)});
  ++next_request_;
}

std::optional<Instant> MessageWindow::next_due() const {
  const auto first = std::ranges::min_element(outstanding_, {}, &Outstanding::due);
  return first == outstanding_.end() ? std::nullopt : std::optional(first->due);
}

std::optional<std::uint32_t> MessageWindow::due(Instant now) const {
  const auto found = std::ranges::find_if(outstanding_, [&](const Outstanding& each) { return each.due <= now; });
  return found == outstanding_.end() ? std::nullopt : std::optional(found->id);
}

std::optional<MessageWindow::Repetition> MessageWindow::repeat_request(Instant now, std::uint32_t id,
                                                                       const Settings& settings, RandomSource& random) {
  Outstanding* const request = find(id);
  ASSERT(request);
  if (request->repetitions >= settings.retransmit_tries) return std::nullopt;
  ++request->repetitions;
  request->sent = now;
  request->wait =
      Duration(static_cast<Duration::rep>(static_cast<double>(request->wait.count()) * settings.retransmit_base));
  request->due = now + jittered(request->wait, settings, random);
  return Repetition{id, request->repetitions};
}

void MessageWindow::begin_anew(Instant now, const Settings& settings) {
  for (Outstanding& each : outstanding_) {
    each.repetitions = 0;
    each.wait = settings.retransmit_timeout;
    each.due = now;
  }
}

bool MessageWindow::revive(std::uint32_t id, const Settings& settings) {
  Outstanding* const request = find(id);
  ASSERT(request);
  if (request->revivals == kMostRevivals) return false;
  ++request->revivals;
  request->repetitions = 0;
  request->wait = settings.retransmit_timeout;
  return true;
}

void MessageWindow::revive_waiting(Instant now, const Settings& settings) {
  for (Outstanding& each : outstanding_)
    if (now - each.sent >= settings.retransmit_timeout && revive(each.id, settings)) each.due = now;
}

// ---- The peer's requests ----

const MessageWindow::Answered* MessageWindow::find_answered(std::uint32_t id) const {
  const auto found = std::ranges::find(answered_, id, &Answered::id);
  return found == answered_.end() ? nullptr : &*found;
}

MessageWindow::Arrival MessageWindow::classify_request(crypto::Provider& crypto, std::uint32_t id,
                                                       ByteView datagram) const {
  if (is_fresh_request(id)) return Arrival::fresh;
  // The whole datagram is compared: an answer is not worth more than the request that it repeats.
  const Answered* const answered = find_answered(id);
  if (answered && digest(crypto, datagram) == answered->request) return Arrival::repeated;
  return Arrival::stray;
}

void MessageWindow::answered_request(crypto::Provider& crypto, std::uint32_t id, ByteView datagram,
                                     std::vector<Bytes> response) {
  ASSERT(is_fresh_request(id));
  answered_.push_back({id, digest(crypto, datagram), std::move(response)});
  while (find_answered(expected_request_)) ++expected_request_;
  const std::uint32_t latest = std::ranges::max_element(answered_, {}, &Answered::id)->id;
  std::erase_if(answered_, [&](const Answered& each) { return latest - each.id >= own_; });
}

void MessageWindow::replace_response(std::uint32_t id, std::vector<Bytes> datagrams) {
  std::ranges::find(answered_, id, &Answered::id)->datagrams = std::move(datagrams);
}

MessageWindow::Digest MessageWindow::digest(crypto::Provider& crypto, ByteView datagram) {
  Digest digest;
  const ByteView parts[] = {datagram};
  crypto.hash(crypto::Hash::sha1, parts, digest);
  return digest;
}

}  // namespace sallyport::ike::v2
