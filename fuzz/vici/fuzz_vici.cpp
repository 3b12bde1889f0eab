// Any bytes as what a client sends over its VICI connection, and as what a server sends back.
//
// Properties: a message that can be read is written again octet by octet; a session takes the stream the same way
// however it is chopped up; it answers each request and registration once, in order, whatever else it has to say; what
// a session writes can be read by the other end; memory stays bounded.
#include "base/check.h"
#include "base/random.h"
#include "control/client_session.h"
#include "control/server_session.h"

using namespace sallyport;
using namespace sallyport::control;

namespace {

constexpr std::array<std::string_view, 3> kEvents{"log", "list-sa", "control-log"};

void message_survives(ByteView input) {
  const auto message = parse_message(input);
  if (!message) return;
  Bytes written;
  ASSERT(serialize_message(*message, written));
  ASSERT(equal(written, input));
  ASSERT(serialized_size(*message) == input.size());
}

/// What one client saw of the server, and how it ended.
struct Course {
  std::vector<std::string> commands;
  Bytes output;
  bool closed = false;

  friend bool operator==(const Course&, const Course&) = default;
};

void read_all(ServerSession& session, Course& course) {
  while (!session.output().empty()) {
    append(course.output, session.output());
    session.consume_output(session.output().size());
  }
}

/// A server that answers at once, to a client that sends in pieces of `piece()` octets and reads everything.
Course run(ByteView stream, auto piece) {
  ServerSession session(kEvents);
  Course course;
  while (!stream.empty()) {
    const std::size_t size = std::min<std::size_t>(stream.size(), piece());
    session.on_bytes(stream.first(size));
    stream = stream.subspan(size);
    while (const auto request = session.poll_request()) {
      course.commands.push_back(request->command);
      session.stream_event("list-sa", request->message);
      session.send_event("log", request->message);
      if (request->command.empty())
        session.respond_unknown();
      else
        session.respond(request->message);
    }
    read_all(session, course);
  }
  course.closed = session.closed().has_value();
  return course;
}

/// The packets of a server's output, all of which must be whole and readable.
std::vector<PacketType> packets_of(ByteView output) {
  FrameReader reader;
  std::vector<PacketType> types;
  while (!output.empty()) {
    const auto frame = reader.take(output);
    ASSERT(frame && *frame);
    const auto packet = parse_packet((*frame)->view());
    ASSERT(packet && parse_message(packet->message));
    types.push_back(packet->type);
  }
  return types;
}

/// The answers to be expected, in order: what kind of frame each is.
enum class Answer : std::uint8_t {
  to_command,
  to_registration
};

std::vector<Answer> answers_due(ByteView stream) {
  FrameReader reader;
  std::vector<Answer> due;
  while (!stream.empty()) {
    const auto frame = reader.take(stream);
    if (!frame || !*frame) break;
    const auto packet = parse_packet((*frame)->view());
    if (!packet) break;
    if (packet->type == PacketType::cmd_request)
      due.push_back(Answer::to_command);
    else if (packet->type == PacketType::event_register || packet->type == PacketType::event_unregister)
      due.push_back(Answer::to_registration);
    else
      break;
  }
  return due;
}

void answers_in_order(ByteView stream, ByteView output) {
  std::vector<Answer> given;
  for (const PacketType type : packets_of(output)) {
    if (type == PacketType::event) continue;
    const bool to_command = type == PacketType::cmd_response || type == PacketType::cmd_unknown;
    given.push_back(to_command ? Answer::to_command : Answer::to_registration);
  }
  ASSERT(given == answers_due(stream));
}

/// A server with a will of its own: slow to answer, talkative, and a client that reads a little now and then.
void erratic(ByteView stream, SeededRandom& random) {
  ServerSession session(kEvents);
  Course course;
  Message event;
  event.set("msg", "something has happened");
  while (!stream.empty() || session.command_in_flight() || !session.output().empty()) {
    const std::size_t size = std::min<std::size_t>(stream.size(), random.below(40));
    session.on_bytes(stream.first(size));
    stream = stream.subspan(size);
    if (random.below(2) == 0) session.send_event("log", event);
    if (random.below(2) == 0) session.poll_request();
    if (session.command_in_flight() && random.below(2) == 0) session.stream_event("list-sa", event);
    if (session.command_in_flight() && random.below(2) == 0) session.respond(event);
    if (session.closed() && session.output().empty()) break;
    const std::size_t taken = std::min<std::size_t>(session.output().size(), random.below(80));
    append(course.output, session.output().first(taken));
    session.consume_output(taken);
  }
  packets_of(course.output);
}

void client_survives(ByteView stream, SeededRandom& random) {
  ClientSession session;
  ASSERT(session.register_event("log"));
  ASSERT(session.request("stats", {}));
  while (!stream.empty()) {
    session.consume_output(session.output().size());
    const std::size_t size = std::min<std::size_t>(stream.size(), 1 + random.below(40));
    session.on_bytes(stream.first(size));
    stream = stream.subspan(size);
    while (session.poll_reply()) {
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  message_survives(input);

  SeededRandom random(size + (size > 4 ? load_be32(data + size - 4) : 0));
  const Course whole = run(input, [&] { return size; });
  const Course chopped = run(input, [&] { return 1 + random.below(20); });
  ASSERT(whole == chopped);
  if (!whole.closed) answers_in_order(input, whole.output);

  erratic(input, random);
  client_survives(input, random);
  if (!whole.output.empty()) client_survives(whole.output, random);
  return 0;
}
