// One client's connection, as the server sees it: bytes in, requests out; answers and events in, bytes out. It does no
// I/O and runs no commands; whoever owns the socket and whoever runs the commands stand on either side of it.
//
// Order. Requests are handed out one at a time, and the next only after the answer to the last: the protocol has no
// transaction numbers. Registrations for events are answered here, in their place among the requests. The confirmation
// of one overtakes events that wait to be sent, so that it is the next packet that the client sees.
//
// A slow reader costs bounded memory and holds nobody else up. While kMaxWaiting of the output waits, no further
// request is handed out, and live events are lost and counted. A client that sends ahead meanwhile is no longer read
// from, when the owner heeds wants_input(). Only an owner that ignores it, or has_room(), brings the session to an end.
// So does whatever is malformed: an answer to it would be taken for the answer to something else.
#pragma once

#include <deque>
#include <map>

#include "control/frame.h"
#include "control/output_queue.h"
#include "control/packet.h"

namespace sallyport::control {

struct Request {
  std::string command;
  Message message;
};

class ServerSession {
 public:
  /// Octets of waiting output from which live events are lost and requests held back.
  static constexpr std::size_t kMaxWaiting = 1024 * 1024;
  /// Octets of waiting output at which the session ends: its owner streams an answer without asking has_room().
  static constexpr std::size_t kMaxOutput = 16 * kMaxWaiting;
  /// Octets of whole frames that the client has sent ahead, at which the session ends.
  static constexpr std::size_t kMaxAhead = 2 * kMaxFrame;

  /// `events`: the names that can be registered for. Both the view and the names outlive the session.
  explicit ServerSession(std::span<const std::string_view> events) : events_(events) {}

  // From the client. poll_request() and closed() may have changed after each of these.
  void on_bytes(ByteView bytes);
  /// False while the client should not be read from.
  bool wants_input() const { return !closed_ && ahead_cost_ < kMaxAhead / 2; }
  /// The next command to run, which is then in flight until respond() or respond_unknown(). None without has_room().
  std::optional<Request> poll_request();
  bool command_in_flight() const { return in_flight_; }

  // Answers to the command in flight. Without effect on a session that has closed.
  /// What does not fit into a frame is answered as `success = no`.
  void respond(const Message& message);
  /// There is no such command.
  void respond_unknown();

  enum class Delivery : std::uint8_t {
    queued,
    not_registered,
    lost
  };
  /// Something has happened. Lost while the client is behind (kMaxWaiting), or when it does not fit into a frame.
  Delivery send_event(std::string_view event, const Message& message);
  /// A part of the answer to the command in flight, such as one `list-sa` of `list-sas`. Not lost, so the command asks
  /// has_room() before each and otherwise goes on when output has been consumed; kMaxOutput ends who does not.
  Delivery stream_event(std::string_view event, const Message& message);
  bool has_room() const { return output_.cost() < kMaxWaiting; }
  bool registered(std::string_view event) const { return registrations_.contains(event); }
  /// Events that the client should have had, so far.
  std::uint64_t lost_events() const { return lost_events_; }

  // To the client.
  /// What to send next; empty when nothing waits. Lives until any call that is not const.
  ByteView output() const { return output_.next(); }
  /// `size` octets of output() are sent. poll_request() may have something thereafter.
  void consume_output(std::size_t size);

  /// Why the connection is to be closed, if so: what is in output() may be sent before, and nothing else will happen.
  ///   those of parse_packet()      malformed: also a packet that only a server sends
  ///   out_of_range: a frame above kMaxFrame      exhausted: kMaxAhead or kMaxOutput
  const std::optional<Error>& closed() const { return closed_; }

 private:
  void advance();
  void process(const Packet& packet);
  void take_request(const Packet& packet);
  void register_event(std::string_view event);
  void unregister_event(std::string_view event);
  Delivery queue_event(std::string_view event, const Message& message);
  void answer(Secret frame);
  void close(Error error);

  std::span<const std::string_view> events_;
  FrameReader reader_;
  std::deque<Secret> ahead_;  // frames whose turn has not come
  std::size_t ahead_cost_ = 0;
  std::optional<Error> end_of_frames_;  // what was wrong behind the last of them
  std::optional<Request> ready_;
  bool in_flight_ = false;
  // How often each is registered: an unregistration takes one away. The event is sent once all the same.
  std::map<std::string, std::uint64_t, std::less<>> registrations_;
  std::uint64_t lost_events_ = 0;
  OutputQueue output_;
  std::optional<Error> closed_;
};

}  // namespace sallyport::control
