// capture: what enters and leaves IPsec, as blocks of a pcapng file in events, until one of the bounds is reached, or
// the client goes. With `keys`, also lines for Wireshark's tables, as far as they are about what is captured.
#include <chrono>
#include <deque>
#include <limits>
#include <type_traits>
#include <utility>

#include "control/value.h"
#include "daemon/commands/capture_session.h"
#include "daemon/commands/command_list.h"
#include "daemon/commands/live_events.h"
#include "daemon/daemon.h"
#include "daemon/key_ring.h"

namespace sallyport::daemon {
namespace {

using control::Message;

/// How long captured packets may wait for others to be sent together.
constexpr Duration kGathering = std::chrono::milliseconds(20);
/// Octets of blocks that one event holds, but for the last block.
constexpr std::size_t kEventOctets = 128 * 1024;

std::uint64_t nanoseconds_since_1970() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
}

class Capture final : public Running {
 public:
  Capture(Daemon& daemon, CaptureWish wish, bool keys)
      : daemon_(daemon),
        session_(std::move(wish), daemon.now(), nanoseconds_since_1970(), [&daemon] { daemon.wake(); }) {
    daemon.set_tap(&session_);
    if (!keys) return;
    for (const policy::ChildSaId id : daemon.keys().children()) new_keys_.push_back(id);
    daemon.keys().set_listener({.on_child = [this](policy::ChildSaId id) { new_keys_.push_back(id); },
                                .on_ike =
                                    [this](const ike::LogKeys& made) {
                                      if (!session_.has_seen_ike_sa(made.spi_initiator)) return;
                                      if (auto lines = KeyRing::lines(made)) lines_.push_back(std::move(*lines));
                                    }});
  }
  ~Capture() override {
    daemon_.keys().set_listener({});
    daemon_.set_tap(nullptr);
  }
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;

  std::optional<Message> go_on(Instant now, control::ServerSession& client) override {
    if (session_.is_over(now) && !std::exchange(finished_, true)) session_.finish(now);
    while (client.has_room() && send_keys(client)) {
    }
    while (client.has_room() && session_.has_waiting()) client.stream_event("capture", blocks());
    has_room_ = client.has_room();
    gathered_.reset();
    if (!finished_ || !has_room_) return std::nullopt;
    Message answer = success();
    answer.set("packets", session_.packets());
    answer.set("octets", session_.octets());
    answer.set("missing", session_.missing());
    return answer;
  }

  /// A client that is behind is served when it has read.
  std::optional<Instant> deadline() const override {
    if (!has_room_) return std::nullopt;
    if (finished_ || session_.is_over(daemon_.now()) || session_.waiting_octets() >= kEventOctets)
      return Instant::min();
    const auto end = session_.end();
    if (!session_.has_waiting() && new_keys_.empty() && lines_.empty()) return end;
    const Instant soon = daemon_.now() + kGathering;
    if (!gathered_) gathered_ = soon;
    return std::min(*gathered_, end.value_or(*gathered_));
  }

 private:
  /// False: there are none.
  bool send_keys(control::ServerSession& client) {
    if (!new_keys_.empty()) {
      const policy::ChildSaId id = new_keys_.front();
      new_keys_.pop_front();
      if (session_.wants(daemon_.workers().name(id)))
        if (auto lines = daemon_.keys().lines(id)) lines_.push_back(std::move(*lines));
    }
    if (lines_.empty()) return !new_keys_.empty();
    Message message;
    auto& keys = message.section("keys");
    keys.set("table", lines_.front().table);
    keys.set("lines", lines_.front().lines.view());
    client.stream_event("capture", message);
    lines_.pop_front();
    return true;
  }

  Message blocks() {
    Message message;
    auto& list = message.list("blocks");
    std::size_t octets = 0;
    while (session_.has_waiting() && octets < kEventOctets) {
      const Bytes block = session_.take();
      octets += block.size();
      for (ByteView rest = block; !rest.empty();) {
        const ByteView part = rest.first(std::min(rest.size(), control::kMaxValue));
        list.add(part);
        rest = rest.subspan(part.size());
      }
    }
    return message;
  }

  Daemon& daemon_;
  CaptureSession session_;
  std::deque<policy::ChildSaId> new_keys_;
  std::deque<KeyLines> lines_;
  bool finished_ = false;
  bool has_room_ = true;
  mutable std::optional<Instant> gathered_;  // when what waits now is sent
};

/// What of the request cannot be taken, as a sentence; empty: all can.
std::string read_wish(Daemon& daemon, const Message& request, CaptureWish& wish) {
  wish.connection = text_of(request, "connection");
  wish.child = text_of(request, "child");
  if (!wish.connection.empty() && find_connection(daemon, wish.connection) == nullptr)
    return "there is no connection called " + wish.connection;
  if (const auto peer = text_of(request, "peer"); !peer.empty()) {
    wish.peer = policy::IpAddress::parse(peer);
    if (!wish.peer) return std::string(peer) + " is no IP address";
  }
  if (const auto* only = request.find_list("only"); only != nullptr && !only->empty()) {
    wish.inner = wish.outer = wish.ike = false;
    for (const auto& kind : *only) {
      if (kind.text() != "inner" && kind.text() != "outer" && kind.text() != "ike")
        return std::string(kind.text()) + " is none of inner, outer and ike";
      (kind.text() == "inner" ? wish.inner : kind.text() == "outer" ? wish.outer : wish.ike) = true;
    }
  }
  const auto read = [&](std::string_view key, auto& into) {
    const auto text = text_of(request, key);
    if (text.empty()) return true;
    const auto number = control::parse_u64(text);
    if (!number || *number > std::numeric_limits<std::remove_reference_t<decltype(into)>>::max()) return false;
    into = static_cast<std::remove_reference_t<decltype(into)>>(*number);
    return true;
  };
  std::uint32_t seconds = 60;
  for (const auto& [key, good] :
       {std::pair("packets", read("packets", wish.packets)), std::pair("octets", read("octets", wish.octets)),
        std::pair("rate", read("rate", wish.packets_per_second)),
        std::pair("packet_octets", read("packet_octets", wish.packet_octets)),
        std::pair("seconds", read("seconds", seconds))})
    if (!good) return std::string(key) + " is no number, or too large";
  if (wish.packets_per_second == 0) return "at a rate of 0 nothing would be captured";
  if (seconds != 0) wish.duration = std::chrono::seconds(seconds);
  return {};
}

}  // namespace

Answer capture(Daemon& daemon, const Message& request) {
  CaptureWish wish;
  if (const std::string refused = read_wish(daemon, request, wish); !refused.empty()) return failure(refused);
  if (daemon.has_tap()) return failure("another capture is under way; there can be one at a time");
  const bool keys = control::parse_boolean(text_of(request, "keys")).value_or(false);
  return std::make_unique<Capture>(daemon, std::move(wish), keys);
}

}  // namespace sallyport::daemon
