// MessageWindow: message ids, retransmission and cached responses (RFC 7296 §2.1 to §2.3). In each direction there is a
// window: so many requests may be on their way at once. It holds datagrams and counts; who sends them is the session's
// business.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/random.h"
#include "base/time.h"
#include "crypto/provider.h"
#include "ike/core/settings.h"

namespace sallyport::ike::v2 {

class MessageWindow {
 public:
  // ---- Our requests ----
  bool request_outstanding() const { return !outstanding_.empty(); }
  /// Room for another one, in the window that the peer has said it has: the oldest that it has not answered is not so
  /// many back (RFC 7296 §2.3).
  bool has_room() const { return outstanding_.empty() || next_request_ - outstanding_.front().id < peers_; }
  /// What the peer takes at once, from now on. It never takes less than it said before.
  void set_peers(std::uint32_t size) { peers_ = std::max(peers_, size); }
  std::uint32_t peers() const { return peers_; }
  /// The id that the next request of ours carries.
  std::uint32_t next_request_id() const { return next_request_; }
  /// Notes a request that is being sent.
  void sent_request(Instant now, std::vector<Bytes> datagrams, const Settings& settings, RandomSource& random);
  /// Does a response with this id answer one that is outstanding?
  bool answers_outstanding(std::uint32_t id) const { return find(id) != nullptr; }
  /// The answer was authentic and acceptable.
  void request_answered(std::uint32_t id) {
    std::erase_if(outstanding_, [&](const Outstanding& each) { return each.id == id; });
  }
  /// Ids used up so far, in the direction that has used more.
  std::uint32_t used() const { return std::max(next_request_, expected_request_); }
  /// An IKE_SA_INIT that the responder wants again, changed: the id stays 0 (RFC 7296 §2.2).
  void restart() { *this = {}; }

  /// When one of them is to be sent again; nullopt: none is outstanding.
  std::optional<Instant> next_due() const;
  /// One whose time has come.
  std::optional<std::uint32_t> due(Instant now) const;
  struct Repetition {
    std::uint32_t id;
    std::uint32_t attempt;  // 1 for the first repetition
  };
  /// nullopt when all tries are used up: the peer is unreachable.
  std::optional<Repetition> repeat_request(Instant now, std::uint32_t id, const Settings& settings,
                                           RandomSource& random);
  /// The way to the peer has changed: as if all had just been sent for the first time, and are due.
  void begin_anew(Instant now, const Settings& settings);
  /// When it was sent last, be it for the first time.
  Instant last_sent(std::uint32_t id) const { return find(id)->sent; }
  /// The peer has been heard since then: it lives, and it is the request or its answer that was lost. The tries begin
  /// anew. False: that has been so too often, and the peer just does not answer.
  bool revive(std::uint32_t id, const Settings& settings);
  /// The same for all that have waited for longer than the first wait: they are due.
  void revive_waiting(Instant now, const Settings& settings);
  /// Its datagrams: one, or its fragments.
  const std::vector<Bytes>& request(std::uint32_t id) const { return find(id)->datagrams; }
  /// The same message, cut otherwise.
  void replace_request(std::uint32_t id, std::vector<Bytes> datagrams) { find(id)->datagrams = std::move(datagrams); }
  /// How often it was sent; 0: it is not outstanding.
  std::uint32_t attempts(std::uint32_t id) const { return find(id) ? find(id)->repetitions + 1 : 0; }

  // ---- The peer's requests ----
  /// What we take at once, from now on. We never take less than we said before.
  void set_own(std::uint32_t size) { own_ = std::max(own_, size); }
  std::uint32_t own() const { return own_; }
  enum class Arrival : std::uint8_t {
    fresh,     // not answered yet, and within our window
    repeated,  // one that was answered, again, octet by octet: send response() again
    stray,     // neither
  };
  Arrival classify_request(crypto::Provider& crypto, std::uint32_t id, ByteView datagram) const;
  /// The request was taken, and this is what it was answered with. Answers that the peer cannot ask for any more go:
  /// who keeps to our window has those to all requests before it.
  void answered_request(crypto::Provider& crypto, std::uint32_t id, ByteView datagram, std::vector<Bytes> response);
  bool has_responses() const { return !answered_.empty(); }
  /// Its datagrams.
  const std::vector<Bytes>& response(std::uint32_t id) const { return find_answered(id)->datagrams; }
  void replace_response(std::uint32_t id, std::vector<Bytes> datagrams);
  // Where a request comes in fragments, each is authenticated before it counts as one of these.
  bool is_fresh_request(std::uint32_t id) const {
    return id >= expected_request_ && id - expected_request_ < own_ && !find_answered(id);
  }
  bool is_answered(std::uint32_t id) const { return find_answered(id) != nullptr; }

 private:
  using Digest = std::array<std::uint8_t, 20>;
  static Digest digest(crypto::Provider& crypto, ByteView datagram);

  struct Outstanding {
    std::uint32_t id = 0;
    std::vector<Bytes> datagrams;
    std::uint32_t repetitions = 0;
    Duration wait{};
    Instant sent{}, due{};
    std::uint32_t revivals = 0;
  };
  const Outstanding* find(std::uint32_t id) const;
  Outstanding* find(std::uint32_t id);
  static constexpr std::uint32_t kMostRevivals = 3;

  std::uint32_t peers_ = 1;
  std::uint32_t next_request_ = 0;
  std::vector<Outstanding> outstanding_;  // by id; at most peers_

  struct Answered {
    std::uint32_t id = 0;
    Digest request{};
    std::vector<Bytes> datagrams;
  };
  const Answered* find_answered(std::uint32_t id) const;
  std::uint32_t own_ = 1;
  std::uint32_t expected_request_ = 0;  // the first that was not answered
  std::vector<Answered> answered_;      // in no order; at most own_
};

}  // namespace sallyport::ike::v2
