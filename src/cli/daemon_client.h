// DaemonClient: the command line's connection to the daemon. Asks one thing after the other, and waits.
#pragma once

#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "control/client_session.h"
#include "linux/unix_socket.h"

namespace sallyport::cli {

/// Why there is no answer.
struct NoAnswer {
  bool unreachable = false;  // no daemon answers; else it answered something that is of no use
  std::string text;          // a sentence without a full stop
};

/// For commands that the daemon answers at once: how long it may be busy with something else.
inline constexpr Duration kPatience = std::chrono::seconds(30);

class DaemonClient {
 public:
  static std::expected<DaemonClient, NoAnswer> connect(const std::string& socket);

  using OnEvent = std::function<void(control::Message event)>;
  using IsEnough = std::function<bool()>;
  /// The answer to a command. Events of the names `events` that come meanwhile go to `on_event`. `patience`: how long
  /// the daemon may say nothing at all; nullopt: for ever. `is_enough`, asked after each event, ends the waiting: there
  /// is no answer then, and no further call.
  std::expected<control::Message, NoAnswer> call(std::string_view command, const control::Message& request,
                                                 std::optional<Duration> patience,
                                                 std::initializer_list<std::string_view> events = {},
                                                 const OnEvent& on_event = {}, const IsEnough& is_enough = {});

 private:
  explicit DaemonClient(linux::UnixStream stream) : stream_(std::move(stream)) {}
  std::expected<control::Message, NoAnswer> wait(std::optional<Duration> patience, const OnEvent& on_event,
                                                 const IsEnough& is_enough);
  std::expected<void, NoAnswer> send();
  std::expected<void, NoAnswer> receive(std::optional<Duration> patience);

  linux::UnixStream stream_;
  control::ClientSession session_;
};

/// "yes" to what was asked.
bool succeeded(const control::Message& answer);

}  // namespace sallyport::cli
