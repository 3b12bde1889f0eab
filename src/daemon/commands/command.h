// Command: what a client of the control protocol may ask of the daemon. Most are answered at once; some go on for a
// while (initiate waits for the peer, a listing for the client to read), and are called again whenever something has
// happened.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <variant>

#include "base/time.h"
#include "control/server_session.h"

namespace sallyport::daemon {

class Daemon;

/// A command under way. Destroyed when it has been answered, or when its client has gone.
class Running {
 public:
  virtual ~Running() = default;
  /// Sends what it has for the client, as long as that has room; the answer, once there is one.
  virtual std::optional<control::Message> go_on(Instant now, control::ServerSession& client) = 0;
  /// When to call it at the latest, if nothing happens before.
  virtual std::optional<Instant> deadline() const { return std::nullopt; }
};

using Answer = std::variant<control::Message, std::unique_ptr<Running>>;

struct Command {
  std::string_view name;
  Answer (*run)(Daemon& daemon, const control::Message& request);
};

/// All that there are.
std::span<const Command> commands();
/// All events that a client can register for.
std::span<const std::string_view> event_names();

// ---- Answers

control::Message success();
/// `reason`: a sentence for people.
control::Message failure(std::string_view reason);

/// Sends an event for each message that `next` makes, until there is none, then the answer. For long lists: each is
/// made only when there is room for it.
Answer stream(std::string_view event, std::function<std::optional<control::Message>()> next,
              control::Message answer = {});

/// A key of the request; empty when it is not there.
std::string_view text_of(const control::Section& section, std::string_view key);

}  // namespace sallyport::daemon
