#include "control/client_session.h"

#include <gmock/gmock.h>

#include "control/captured.h"
#include "control/server_session.h"

namespace sallyport::control {
namespace {

using captured::hex;
using Kind = Reply::Kind;

const Bytes kEmptyResponse = hex("0000000101");
const Bytes kUnknownCommand = hex("0000000102");
const Bytes kConfirmed = hex("0000000105");
const Bytes kUnknownEvent = hex("0000000106");

/// Sends all that the client has to say at this point.
Bytes sent_by(ClientSession& client) {
  Bytes all;
  while (!client.output().empty()) {
    append(all, client.output());
    client.consume_output(client.output().size());
  }
  return all;
}

TEST(ClientSession, SpeaksAsSwanctlDoes) {
  ClientSession client;
  Message message;
  message.set("child", "lan");
  message.set("ike", "gw");
  message.set("timeout", 5000);
  message.set("loglevel", 2);
  ASSERT_TRUE(client.request("initiate", message));
  EXPECT_EQ(to_hex(sent_by(client)), to_hex(captured::initiate));
}

TEST(ClientSession, AsksOneThingAfterTheOther) {
  ClientSession client;
  ASSERT_TRUE(client.register_event("list-sa"));
  ASSERT_TRUE(client.request("list-sas", {}));
  EXPECT_EQ(to_hex(sent_by(client)), to_hex(captured::register_list_sa));
  client.on_bytes(kConfirmed);
  EXPECT_EQ(to_hex(sent_by(client)), to_hex(captured::list_sas));
  EXPECT_FALSE(client.idle());
  client.on_bytes(kEmptyResponse);
  EXPECT_TRUE(client.idle());

  const auto confirmed = client.poll_reply();
  ASSERT_TRUE(confirmed);
  EXPECT_EQ(confirmed->kind, Kind::confirmed);
  EXPECT_EQ(confirmed->name, "list-sa");
  const auto response = client.poll_reply();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->kind, Kind::response);
  EXPECT_EQ(response->name, "list-sas");
  EXPECT_TRUE(response->message.empty());
  EXPECT_FALSE(client.poll_reply());
}

TEST(ClientSession, ReportsWhatTheServerDoesNotKnow) {
  ClientSession client;
  ASSERT_TRUE(client.request("nonsense", {}));
  ASSERT_TRUE(client.unregister_event("log"));
  sent_by(client);
  client.on_bytes(kUnknownCommand);
  sent_by(client);
  client.on_bytes(kUnknownEvent);
  EXPECT_EQ(client.poll_reply()->kind, Kind::unknown_command);
  const auto event = client.poll_reply();
  EXPECT_EQ(event->kind, Kind::unknown_event);
  EXPECT_EQ(event->name, "log");
}

TEST(ClientSession, PassesEventsOnAtAnyTime) {
  ClientSession client;
  client.on_bytes(
      hex("0000000b07"
          "036c6f67"
          "030161000131"));
  ASSERT_TRUE(client.request("version", {}));
  client.on_bytes(
      hex("0000000507"
          "036c6f67"));
  const auto first = client.poll_reply();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->kind, Kind::event);
  EXPECT_EQ(first->name, "log");
  EXPECT_EQ(first->message.text("a"), "1");
  EXPECT_TRUE(client.poll_reply());
  EXPECT_FALSE(client.closed());
}

TEST(ClientSession, RefusesToAskWhatNoFrameHolds) {
  ClientSession client;
  Message message;
  message.set("k", Bytes(kMaxValue + 1));
  EXPECT_EQ(client.request("load-cert", message).error().code, ErrorCode::out_of_range);
  EXPECT_EQ(client.register_event("\n").error().code, ErrorCode::unsupported);
  EXPECT_TRUE(client.idle());
  EXPECT_TRUE(client.output().empty());
}

TEST(ClientSession, RejectsAnAnswerThatNobodyAskedFor) {
  for (const Bytes& answer : {kEmptyResponse, kUnknownCommand, kConfirmed, kUnknownEvent}) {
    ClientSession client;
    client.on_bytes(answer);
    ASSERT_TRUE(client.closed());
    EXPECT_EQ(client.closed()->code, ErrorCode::mismatch);
  }
}

TEST(ClientSession, RejectsAnAnswerBeforeTheQuestionIsOut) {
  ClientSession client;
  ASSERT_TRUE(client.request("version", {}));
  client.consume_output(client.output().size() - 1);
  client.on_bytes(kEmptyResponse);
  EXPECT_TRUE(client.closed());
}

TEST(ClientSession, RejectsTheAnswerToAnotherKindOfQuestion) {
  ClientSession command;
  ASSERT_TRUE(command.request("version", {}));
  sent_by(command);
  command.on_bytes(kConfirmed);
  EXPECT_EQ(command.closed().value(), (Error{ErrorCode::mismatch, 0}));

  ClientSession registration;
  ASSERT_TRUE(registration.register_event("log"));
  sent_by(registration);
  registration.on_bytes(kEmptyResponse);
  EXPECT_EQ(registration.closed().value(), (Error{ErrorCode::mismatch, 0}));
}

TEST(ClientSession, RejectsWhatOnlyAClientSends) {
  ClientSession client;
  ASSERT_TRUE(client.request("version", {}));
  sent_by(client);
  client.on_bytes(captured::version);
  EXPECT_EQ(client.closed().value(), (Error{ErrorCode::malformed, 0}));
}

TEST(ClientSession, ClosesOnWhatIsMalformed) {
  for (const char* frame : {"ffffffff", "00000000", "0000000109",
                            "00000003"
                            "010161",
                            "000000020500"}) {
    ClientSession client;
    ASSERT_TRUE(client.request("version", {}));
    sent_by(client);
    client.on_bytes(captured::joined({hex(frame), kEmptyResponse}));
    EXPECT_TRUE(client.closed()) << frame;
    EXPECT_FALSE(client.poll_reply()) << frame;
    EXPECT_TRUE(client.output().empty()) << frame;
  }
}

TEST(ClientSession, TalksWithAServerSessionOctetByOctet) {
  constexpr std::array<std::string_view, 1> events{"list-sa"};
  ServerSession server(events);
  ClientSession client;
  ASSERT_TRUE(client.register_event("list-sa"));
  ASSERT_TRUE(client.request("list-sas", {}));
  ASSERT_TRUE(client.unregister_event("list-sa"));
  std::vector<Kind> kinds;
  while (!client.idle() && !server.closed() && !client.closed()) {
    if (!client.output().empty()) {
      const Bytes octet{client.output()[0]};
      client.consume_output(1);
      server.on_bytes(octet);
    }
    if (server.poll_request()) {
      Message sa;
      sa.section("gw").section("child-sas");
      server.stream_event("list-sa", sa);
      server.respond({});
    }
    if (!server.output().empty()) {
      const Bytes octet{server.output()[0]};
      server.consume_output(1);
      client.on_bytes(octet);
    }
    while (const auto reply = client.poll_reply()) kinds.push_back(reply->kind);
  }
  EXPECT_THAT(kinds, testing::ElementsAre(Kind::confirmed, Kind::event, Kind::response, Kind::confirmed));
}

}  // namespace
}  // namespace sallyport::control
