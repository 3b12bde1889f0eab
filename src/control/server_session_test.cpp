#include "control/server_session.h"

#include <gmock/gmock.h>

#include "control/captured.h"

namespace sallyport::control {
namespace {

using captured::hex;
using captured::joined;
using testing::ElementsAre;
using testing::IsEmpty;
using Delivery = ServerSession::Delivery;

constexpr std::array<std::string_view, 3> kEvents{"log", "list-sa", "control-log"};

const Bytes kRegisterLog = captured::register_log;
const Bytes kUnregisterLog = hex("0000000504036c6f67");
const Bytes kRegisterUnknown =
    hex("00000005"
        "03036e6577");
const Bytes kConfirmed = hex("05");
const Bytes kUnknownEvent = hex("06");

Bytes request(std::string_view command) {
  return to_bytes(serialize_frame(PacketType::cmd_request, command, {})->view());
}

Message text(std::string_view value) {
  Message message;
  message.set("msg", value);
  return message;
}

/// A packet in a word: "log:hello", "response:text", "confirm".
std::string in_words(ByteView payload) {
  const auto packet = parse_packet(payload);
  if (!packet) return "malformed";
  const auto message = parse_message(packet->message);
  if (!message) return "malformed";
  const std::string content(message->text("msg").value_or(message->text("errmsg").value_or("")));
  switch (packet->type) {
    case PacketType::cmd_response: return "response:" + content;
    case PacketType::cmd_unknown: return "unknown";
    case PacketType::event_confirm: return "confirm";
    case PacketType::event_unknown: return "unknown-event";
    case PacketType::event: return std::string(packet->name) + ":" + content.substr(0, 20);
    default: return "for a server";
  }
}

/// Reads all that the session has to say, at most `step` octets at a time.
std::vector<std::string> drain(ServerSession& session, std::size_t step = 4096) {
  FrameReader reader;
  std::vector<std::string> packets;
  while (!session.output().empty()) {
    const Bytes piece = to_bytes(session.output().first(std::min(step, session.output().size())));
    session.consume_output(piece.size());
    ByteView rest = piece;
    while (!rest.empty()) {
      const auto frame = reader.take(rest);
      if (frame && *frame) packets.push_back(in_words((*frame)->view()));
    }
  }
  return packets;
}

/// Fills the session with log events until one is lost; how many were not.
int fill(ServerSession& session) {
  const Message big = text(std::string(10'000, 'x'));
  int queued = 0;
  while (session.send_event("log", big) == Delivery::queued) ++queued;
  return queued;
}

TEST(ServerSession, HandsOutTheRequestOfSwanctl) {
  ServerSession session(kEvents);
  session.on_bytes(captured::initiate);
  const auto request = session.poll_request();
  ASSERT_TRUE(request);
  EXPECT_EQ(request->command, "initiate");
  EXPECT_EQ(request->message.text("child"), "lan");
  EXPECT_TRUE(session.command_in_flight());
  EXPECT_FALSE(session.poll_request());
}

TEST(ServerSession, StreamsAListingToSwanctl) {
  ServerSession session(kEvents);
  session.on_bytes(captured::register_list_sa);
  EXPECT_THAT(drain(session), ElementsAre("confirm"));
  session.on_bytes(captured::list_sas);
  ASSERT_EQ(session.poll_request()->command, "list-sas");
  EXPECT_EQ(session.stream_event("list-sa", text("gw")), Delivery::queued);
  EXPECT_EQ(session.stream_event("list-sa", text("office")), Delivery::queued);
  session.respond({});
  EXPECT_THAT(drain(session), ElementsAre("list-sa:gw", "list-sa:office", "response:"));
  EXPECT_FALSE(session.closed());
}

TEST(ServerSession, UnderstandsTheSameHoweverTheStreamIsChopped) {
  const Bytes stream =
      joined({kRegisterLog, captured::load_conn, kRegisterUnknown, captured::initiate, kUnregisterLog});
  for (std::size_t step = 1; step <= stream.size(); ++step) {
    ServerSession session(kEvents);
    std::vector<std::string> commands;
    std::vector<std::string> said;
    for (ByteView rest = stream; !rest.empty(); rest = rest.subspan(std::min(step, rest.size()))) {
      session.on_bytes(rest.first(std::min(step, rest.size())));
      while (const auto request = session.poll_request()) {
        commands.push_back(request->command);
        session.send_event("log", text(request->command));
        session.respond(text("done"));
      }
      std::ranges::move(drain(session, step), std::back_inserter(said));
    }
    EXPECT_THAT(commands, ElementsAre("load-conn", "initiate")) << step;
    EXPECT_THAT(said, ElementsAre("confirm", "log:load-conn", "response:done", "unknown-event", "log:initiate",
                                  "response:done", "confirm"))
        << step;
    EXPECT_FALSE(session.closed());
  }
}

TEST(ServerSession, HandsOutOneRequestAtATime) {
  ServerSession session(kEvents);
  session.on_bytes(joined({request("one"), request("two"), kRegisterLog}));
  EXPECT_EQ(session.poll_request()->command, "one");
  EXPECT_FALSE(session.poll_request());
  EXPECT_THAT(drain(session), IsEmpty());
  session.respond(text("1"));
  EXPECT_EQ(session.poll_request()->command, "two");
  session.respond(text("2"));
  EXPECT_THAT(drain(session), ElementsAre("response:1", "response:2", "confirm"));
}

TEST(ServerSession, AnswersUnknownCommandsInTheirPlace) {
  ServerSession session(kEvents);
  session.on_bytes(joined({request("nonsense"), request("stats")}));
  ASSERT_TRUE(session.poll_request());
  session.respond_unknown();
  ASSERT_TRUE(session.poll_request());
  session.respond(text("ok"));
  EXPECT_THAT(drain(session), ElementsAre("unknown", "response:ok"));
}

TEST(ServerSession, SendsEventsOnlyWhileRegistered) {
  ServerSession session(kEvents);
  EXPECT_EQ(session.send_event("log", text("a")), Delivery::not_registered);
  session.on_bytes(kRegisterLog);
  EXPECT_TRUE(session.registered("log"));
  EXPECT_FALSE(session.registered("list-sa"));
  EXPECT_EQ(session.send_event("log", text("b")), Delivery::queued);
  EXPECT_THAT(drain(session), ElementsAre("confirm", "log:b"));
  session.on_bytes(kUnregisterLog);
  EXPECT_EQ(session.send_event("log", text("c")), Delivery::not_registered);
  EXPECT_THAT(drain(session), ElementsAre("confirm"));
}

TEST(ServerSession, RefusesUnknownEvents) {
  ServerSession session(kEvents);
  session.on_bytes(kRegisterUnknown);
  EXPECT_FALSE(session.registered("new"));
  EXPECT_THAT(drain(session), ElementsAre("unknown-event"));
}

TEST(ServerSession, RefusesToUnregisterWhatIsNotRegistered) {
  ServerSession session(kEvents);
  session.on_bytes(joined({kUnregisterLog, kRegisterLog, kUnregisterLog, kUnregisterLog}));
  EXPECT_THAT(drain(session), ElementsAre("unknown-event", "confirm", "confirm", "unknown-event"));
}

TEST(ServerSession, CountsRegistrationsButSendsAnEventOnce) {
  ServerSession session(kEvents);
  session.on_bytes(joined({kRegisterLog, kRegisterLog, kUnregisterLog}));
  EXPECT_TRUE(session.registered("log"));
  session.send_event("log", text("once"));
  session.on_bytes(kUnregisterLog);
  EXPECT_FALSE(session.registered("log"));
  session.on_bytes(joined({kRegisterLog, kRegisterLog}));
  session.send_event("log", text("again"));
  EXPECT_THAT(drain(session),
              ElementsAre("confirm", "confirm", "confirm", "confirm", "confirm", "confirm", "log:again"));
}

TEST(ServerSession, ConfirmsBeforeTheEventsThatWait) {
  ServerSession session(kEvents);
  session.on_bytes(kRegisterLog);
  drain(session);
  session.send_event("log", text("early"));
  session.send_event("log", text("also early"));
  session.on_bytes(captured::register_list_sa);
  session.send_event("log", text("late"));
  EXPECT_THAT(drain(session), ElementsAre("confirm", "log:early", "log:also early", "log:late"));
}

TEST(ServerSession, DoesNotConfirmIntoAnEventThatHasGoneInPart) {
  ServerSession session(kEvents);
  session.on_bytes(kRegisterLog);
  drain(session);
  session.send_event("log", text("half"));
  session.send_event("log", text("whole"));
  const Bytes begun = to_bytes(session.output().first(3));
  session.consume_output(3);
  const Bytes rest = to_bytes(session.output());
  session.on_bytes(captured::register_list_sa);
  EXPECT_EQ(to_bytes(session.output()), rest);
  EXPECT_EQ(in_words(ByteView(joined({begun, rest})).subspan(4)), "log:half");
  session.consume_output(rest.size());
  EXPECT_THAT(drain(session), ElementsAre("confirm", "log:whole"));
}

TEST(ServerSession, DoesNotConfirmBeforeAnEarlierAnswer) {
  ServerSession session(kEvents);
  session.on_bytes(joined({kRegisterLog, request("one"), captured::register_list_sa}));
  ASSERT_TRUE(session.poll_request());
  session.send_event("log", text("before the answer"));
  session.respond(text("answer"));
  session.send_event("log", text("behind"));
  EXPECT_THAT(drain(session),
              ElementsAre("confirm", "log:before the answer", "response:answer", "confirm", "log:behind"));
}

TEST(ServerSession, ForgetsWaitingEventsWhenTheyAreUnregistered) {
  ServerSession session(kEvents);
  session.on_bytes(joined({kRegisterLog, captured::register_list_sa}));
  drain(session);
  session.send_event("log", text("nobody wants it"));
  session.send_event("list-sa", text("kept"));
  session.on_bytes(kUnregisterLog);
  EXPECT_THAT(drain(session), ElementsAre("confirm", "list-sa:kept"));
}

TEST(ServerSession, AnswersARequestWhoseMessageIsNoneAndGoesOn) {
  const Bytes name_with_umlaut =
      hex("0000000b"
          "00036361740101fc02"
          "0000");
  const Bytes twice_the_same =
      hex("00000011"
          "0003636174"
          "030161000131"
          "030161000132");
  const Bytes open_section =
      hex("00000008"
          "0003636174"
          "010161");
  ServerSession session(kEvents);
  session.on_bytes(joined({name_with_umlaut, twice_the_same, open_section, request("next")}));
  EXPECT_EQ(session.poll_request()->command, "next");
  session.respond(text("fine"));
  EXPECT_THAT(drain(session),
              ElementsAre("response:a name has characters other than printable ASCII (octet 7 of the packet)",
                          "response:a section has two elements of the same kind and name (octet 13 of the packet)",
                          "response:the request is not a VICI message (octet 8 of the packet)", "response:fine"));
}

TEST(ServerSession, ClosesOnWhatIsNoPacket) {
  for (const char* frame : {"00000000", "0000000108", "0000000103",
                            "00000003"
                            "0305aa",
                            "0000000603036c6f6700"}) {
    ServerSession session(kEvents);
    session.on_bytes(joined({hex(frame), captured::version}));
    EXPECT_TRUE(session.closed()) << frame;
    EXPECT_FALSE(session.poll_request()) << frame;
    EXPECT_FALSE(session.wants_input());
    EXPECT_TRUE(session.output().empty()) << frame;
  }
}

TEST(ServerSession, ClosesOnWhatOnlyAServerSends) {
  for (const char* frame : {"0000000101", "0000000102", "0000000105", "0000000106", "0000000507036c6f67"}) {
    ServerSession session(kEvents);
    session.on_bytes(hex(frame));
    ASSERT_TRUE(session.closed()) << frame;
    EXPECT_EQ(session.closed()->code, ErrorCode::malformed);
  }
}

TEST(ServerSession, ClosesOnAFrameThatIsTooLong) {
  ServerSession session(kEvents);
  session.on_bytes(hex("00080001"));
  ASSERT_TRUE(session.closed());
  EXPECT_EQ(session.closed()->code, ErrorCode::out_of_range);
}

TEST(ServerSession, AnswersWhatCameBeforeTheErrorFirst) {
  ServerSession session(kEvents);
  session.on_bytes(joined({request("one"), request("two"), hex("ffffffff")}));
  ASSERT_TRUE(session.poll_request());
  session.respond(text("1"));
  EXPECT_FALSE(session.closed());
  ASSERT_TRUE(session.poll_request());
  session.respond(text("2"));
  EXPECT_TRUE(session.closed());
  EXPECT_THAT(drain(session), ElementsAre("response:1", "response:2"));
}

TEST(ServerSession, IgnoresTheAnswerToAClosedConnection) {
  ServerSession session(kEvents);
  session.on_bytes(captured::version);
  ASSERT_TRUE(session.poll_request());
  while (!session.closed()) session.on_bytes(Bytes(4096, 0));  // frames without end, and without waiting for the answer
  session.respond(text("too late"));
  session.send_event("log", text("too late"));
  EXPECT_TRUE(session.output().empty());
}

TEST(ServerSession, SaysSoWhenAnAnswerDoesNotFit) {
  ServerSession session(kEvents);
  session.on_bytes(captured::version);
  ASSERT_TRUE(session.poll_request());
  session.respond(text(std::string(kMaxValue + 1, 'x')));
  EXPECT_THAT(drain(session), ElementsAre("response:the answer does not fit into a VICI message"));
}

TEST(ServerSession, CountsAnEventThatDoesNotFitAsLost) {
  ServerSession session(kEvents);
  session.on_bytes(kRegisterLog);
  EXPECT_EQ(session.send_event("log", text(std::string(kMaxValue + 1, 'x'))), Delivery::lost);
  EXPECT_EQ(session.lost_events(), 1u);
}

TEST(ServerSession, LosesLiveEventsOfASlowReaderAndCountsThem) {
  ServerSession session(kEvents);
  session.on_bytes(kRegisterLog);
  const int queued = fill(session);
  EXPECT_NEAR(queued * 10'000., ServerSession::kMaxWaiting, 0.02 * ServerSession::kMaxWaiting);
  EXPECT_FALSE(session.has_room());
  EXPECT_EQ(session.send_event("log", text("lost")), Delivery::lost);
  EXPECT_EQ(session.lost_events(), 2u);
  EXPECT_FALSE(session.closed());
  EXPECT_EQ(drain(session).size(), queued + 1u);
  EXPECT_EQ(session.send_event("log", text("again")), Delivery::queued);
  EXPECT_THAT(drain(session), ElementsAre("log:again"));
}

TEST(ServerSession, HoldsRequestsBackFromASlowReader) {
  ServerSession session(kEvents);
  session.on_bytes(kRegisterLog);
  fill(session);
  session.on_bytes(captured::version);
  EXPECT_FALSE(session.poll_request());
  drain(session);
  EXPECT_TRUE(session.poll_request());
}

TEST(ServerSession, ConfirmsBeforeTheEventsOfASlowReaderToo) {
  ServerSession session(kEvents);
  session.on_bytes(kRegisterLog);
  drain(session);
  fill(session);
  session.on_bytes(kUnregisterLog);
  EXPECT_TRUE(session.has_room());
  EXPECT_THAT(drain(session), ElementsAre("confirm"));
}

TEST(ServerSession, DoesNotLoseWhatBelongsToAnAnswer) {
  ServerSession session(kEvents);
  session.on_bytes(joined({kRegisterLog, captured::register_list_sa, captured::list_sas}));
  drain(session);
  ASSERT_TRUE(session.poll_request());
  fill(session);
  EXPECT_EQ(session.stream_event("list-sa", text("gw")), Delivery::queued);
  session.respond({});
  const auto said = drain(session);
  ASSERT_GT(said.size(), 2u);
  EXPECT_EQ(said[said.size() - 2], "list-sa:gw");
  EXPECT_EQ(said.back(), "response:");
}

TEST(ServerSession, ClosesWhenAnAnswerIsStreamedWithoutMinding) {
  ServerSession session(kEvents);
  session.on_bytes(joined({captured::register_list_sa, captured::list_sas}));
  ASSERT_TRUE(session.poll_request());
  const Message big = text(std::string(60'000, 'x'));
  std::size_t streamed = 0;
  while (session.stream_event("list-sa", big) == Delivery::queued) streamed += 60'000;
  ASSERT_TRUE(session.closed());
  EXPECT_EQ(session.closed()->code, ErrorCode::exhausted);
  EXPECT_NEAR(static_cast<double>(streamed), ServerSession::kMaxOutput, 0.02 * ServerSession::kMaxOutput);
}

TEST(ServerSession, AsksForNoMoreInputWhileMuchIsAhead) {
  ServerSession session(kEvents);
  session.on_bytes(captured::version);
  ASSERT_TRUE(session.poll_request());
  std::size_t ahead = 0;
  while (session.wants_input()) {
    session.on_bytes(captured::version);
    ahead += captured::version.size();
    ASSERT_LT(ahead, ServerSession::kMaxAhead);
  }
  EXPECT_FALSE(session.closed());
  std::size_t answered = 0;
  do {
    session.respond({});
    drain(session);
    ++answered;
  } while (session.poll_request());
  EXPECT_EQ(answered, 1 + ahead / captured::version.size());
  EXPECT_TRUE(session.wants_input());
}

TEST(ServerSession, ClosesOnAFloodAheadOfTheAnswer) {
  ServerSession session(kEvents);
  session.on_bytes(captured::version);
  ASSERT_TRUE(session.poll_request());
  for (std::size_t sent = 0; sent < 2 * ServerSession::kMaxAhead && !session.closed(); sent += kRegisterLog.size())
    session.on_bytes(kRegisterLog);
  ASSERT_TRUE(session.closed());
  EXPECT_EQ(session.closed()->code, ErrorCode::exhausted);
}

TEST(ServerSession, DropsARequestNotYetHandedOutWhenItCloses) {
  ServerSession session(kEvents);
  session.on_bytes(captured::version);
  session.on_bytes(Bytes(ServerSession::kMaxAhead, 0));
  ASSERT_TRUE(session.closed());
  EXPECT_FALSE(session.poll_request());
}

TEST(ServerSession, BoundsTheConfirmationsThatNobodyReads) {
  ServerSession session(kEvents);
  for (int i = 0; i < 1'000'000 && session.wants_input(); ++i) session.on_bytes(kRegisterLog);
  EXPECT_FALSE(session.wants_input());
  EXPECT_FALSE(session.closed());
  drain(session);
  EXPECT_TRUE(session.wants_input());
}

}  // namespace
}  // namespace sallyport::control
