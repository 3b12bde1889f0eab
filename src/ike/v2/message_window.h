// MessageWindow: message ids, retransmission and the cached response (RFC 7296 §2.1 to §2.3), with a window of one in
// each direction. It holds datagrams and counts; who sends them is the session's business.
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
  bool request_outstanding() const { return outstanding_.has_value(); }
  /// The id that the next request of ours carries.
  std::uint32_t next_request_id() const { return next_request_; }
  /// Notes a request that is being sent, and says when it is due again.
  Instant sent_request(Instant now, std::vector<Bytes> datagrams, const Settings& settings, RandomSource& random);
  /// Does a response with this id answer the outstanding request?
  bool answers_outstanding(std::uint32_t id) const { return outstanding_ && id == next_request_ - 1; }
  /// The answer was authentic and acceptable.
  void request_answered() { outstanding_.reset(); }
  /// Ids used up so far, in the direction that has used more.
  std::uint32_t used() const { return std::max(next_request_, expected_request_); }
  /// An IKE_SA_INIT that the responder wants again, changed: the id stays 0 (RFC 7296 §2.2).
  void restart() { *this = {}; }

  struct Repetition {
    std::uint32_t id;
    std::uint32_t attempt;  // 1 for the first repetition
    Instant due;            // the next one
  };
  /// The way to the peer has changed: as if it had just been sent for the first time.
  void begin_anew(const Settings& settings) {
    if (outstanding_) outstanding_->repetitions = 0, outstanding_->wait = settings.retransmit_timeout;
  }
  /// When the outstanding request was sent last, be it for the first time.
  Instant last_sent() const { return outstanding_->sent; }
  /// The peer has been heard since then: it lives, and it is the request or its answer that was lost. The tries begin
  /// anew. False: that has been so too often, and the peer just does not answer.
  bool revive(const Settings& settings);
  /// nullopt when all tries are used up: the peer is unreachable.
  std::optional<Repetition> repeat_request(Instant now, const Settings& settings, RandomSource& random);
  /// The outstanding request's datagrams: one, or its fragments.
  const std::vector<Bytes>& request() const { return outstanding_->datagrams; }
  /// The same message, cut otherwise.
  void replace_request(std::vector<Bytes> datagrams) { outstanding_->datagrams = std::move(datagrams); }
  /// How often the outstanding request was sent.
  std::uint32_t attempts() const { return outstanding_ ? outstanding_->repetitions + 1 : 0; }

  // ---- The peer's requests ----
  enum class Arrival : std::uint8_t {
    fresh,     // the next in line
    repeated,  // the last one again, octet by octet: send response() again
    stray,     // neither
  };
  Arrival classify_request(crypto::Provider& crypto, std::uint32_t id, ByteView datagram) const;
  /// The request was taken, and this is what it was answered with.
  void answered_request(crypto::Provider& crypto, std::uint32_t id, ByteView datagram, std::vector<Bytes> response);
  /// Its datagrams; none: nothing has been answered yet.
  const std::vector<Bytes>& response() const { return response_; }
  void replace_response(std::vector<Bytes> datagrams) { response_ = std::move(datagrams); }
  // Where a request comes in fragments, each is authenticated before it counts as one of these.
  bool is_next_request(std::uint32_t id) const { return id == expected_request_; }
  bool is_answered(std::uint32_t id) const { return id + 1 == expected_request_ && !response_.empty(); }

 private:
  using Digest = std::array<std::uint8_t, 20>;
  static Digest digest(crypto::Provider& crypto, ByteView datagram);

  struct Outstanding {
    std::vector<Bytes> datagrams;
    std::uint32_t repetitions = 0;
    Duration wait{};
    Instant sent{};
    std::uint32_t revivals = 0;
  };
  static constexpr std::uint32_t kMostRevivals = 3;
  std::uint32_t next_request_ = 0;
  std::optional<Outstanding> outstanding_;

  std::uint32_t expected_request_ = 0;
  Digest last_request_{};
  std::vector<Bytes> response_;
};

}  // namespace sallyport::ike::v2
