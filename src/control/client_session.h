// The client's end of a connection, for our own command line: requests in, bytes out; bytes in, replies and events out.
// It does no I/O. Requests and registrations can be handed in at once; they go to the server one after the other, each
// when the last is answered.
#pragma once

#include <deque>

#include "control/frame.h"
#include "control/packet.h"

namespace sallyport::control {

/// What a server has said.
struct Reply {
  enum class Kind : std::uint8_t {
    response,
    unknown_command,
    confirmed,
    unknown_event,
    event
  };
  Kind kind{};
  std::string name;  // of the event; or of the command or event that was asked for
  Message message;   // of a response or an event
};

class ClientSession {
 public:
  // To ask for. out_of_range or malformed, and nothing is asked, for what does not fit into a frame.
  Result<void> request(std::string_view command, const Message& message);
  Result<void> register_event(std::string_view event);
  Result<void> unregister_event(std::string_view event);
  /// Nothing that was asked for is without its answer.
  bool idle() const { return questions_.empty(); }

  void on_bytes(ByteView bytes);
  /// Drain after each on_bytes(); events come between the answers, in the order of the server.
  std::optional<Reply> poll_reply();

  /// What to send next; empty when nothing waits. Lives until any call that is not const.
  ByteView output() const;
  /// `size` octets of output() are sent.
  void consume_output(std::size_t size);

  /// Why the connection is of no use any more: a frame that is too long or malformed, an answer to what was not asked.
  const std::optional<Error>& closed() const { return closed_; }

 private:
  struct Question {
    PacketType type{};
    std::string name;
    Secret frame;
  };
  Result<void> ask(PacketType type, std::string_view name, const Message& message);
  Result<Reply> understand(const Packet& packet);

  std::deque<Question> questions_;  // the first is being sent, or awaits its answer
  std::size_t sent_ = 0;            // octets of the first one's frame
  FrameReader reader_;
  std::deque<Reply> replies_;
  std::optional<Error> closed_;
};

}  // namespace sallyport::control
