#include "cli/daemon_client.h"

#include <array>
#include <utility>

#include "control/value.h"

namespace sallyport::cli {
namespace {

using control::Message;
using control::Reply;

std::unexpected<NoAnswer> lost(std::string text) { return std::unexpected(NoAnswer{true, std::move(text)}); }

}  // namespace

std::expected<DaemonClient, NoAnswer> DaemonClient::connect(const std::string& socket) {
  auto stream = linux::UnixStream::connect(socket);
  if (!stream) return lost(stream.error().text);
  return DaemonClient(std::move(*stream));
}

std::expected<Message, NoAnswer> DaemonClient::call(std::string_view command, const Message& request,
                                                    std::optional<Duration> patience,
                                                    std::initializer_list<std::string_view> events,
                                                    const OnEvent& on_event, const IsEnough& is_enough) {
  bool fits = true;
  for (const auto name : events) fits = fits && session_.register_event(name);
  if (!fits || !session_.request(command, request))
    return std::unexpected(NoAnswer{false, "the request does not fit into the control protocol"});
  return wait(patience, on_event, is_enough);
}

/// Until the command is answered; registrations are confirmed on the way.
std::expected<Message, NoAnswer> DaemonClient::wait(std::optional<Duration> patience, const OnEvent& on_event,
                                                    const IsEnough& is_enough) {
  for (;;) {
    if (auto sent = send(); !sent) return std::unexpected(std::move(sent.error()));
    while (auto reply = session_.poll_reply()) {
      switch (reply->kind) {
        case Reply::Kind::event:
          if (on_event) on_event(std::move(reply->message));
          if (is_enough && is_enough()) return std::unexpected(NoAnswer{false, "it was not waited for"});
          break;
        case Reply::Kind::confirmed: break;
        case Reply::Kind::response: return std::move(reply->message);
        case Reply::Kind::unknown_command:
        case Reply::Kind::unknown_event:
          return std::unexpected(NoAnswer{
              false, "the daemon does not know \"" + reply->name + "\": it is of another version, or not sallyportd"});
      }
    }
    if (session_.closed()) return std::unexpected(NoAnswer{false, "the daemon answered what is not VICI"});
    // What was confirmed may have let the next question go.
    if (!session_.output().empty()) continue;
    if (auto received = receive(patience); !received) return std::unexpected(std::move(received.error()));
  }
}

std::expected<void, NoAnswer> DaemonClient::send() {
  while (!session_.output().empty()) {
    const auto taken = stream_.write(session_.output());
    if (!taken) return lost("the daemon has gone");
    session_.consume_output(taken->value_or(0));
  }
  return {};
}

std::expected<void, NoAnswer> DaemonClient::receive(std::optional<Duration> patience) {
  if (patience) {
    const auto ready = stream_.wait_readable(*patience);
    if (!ready || !*ready) return lost("the daemon does not answer");
  }
  std::array<std::uint8_t, 16384> bytes;
  const auto got = stream_.read(bytes);
  if (!got || (*got && **got == 0)) return lost("the daemon has closed the connection");
  if (*got) session_.on_bytes(ByteView(bytes).first(**got));
  return {};
}

bool succeeded(const Message& answer) {
  return control::parse_boolean(answer.text("success").value_or("no")).value_or(false);
}

}  // namespace sallyport::cli
