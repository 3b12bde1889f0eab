#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "diagnose/event_text.h"
#include "diagnose/explanation.h"
#include "diagnose/ladder.h"

namespace sallyport::diagnose {
namespace {

using event::Failure;
using event::FailureKind;
using event::Side;
using testing::HasSubstr;
using testing::Not;

std::size_t columns(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; }));
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

policy::Proposal proposal(policy::Protocol protocol, const char* words) {
  return *policy::parse_proposal(protocol, words);
}

event::MessageLogged init_request() {
  event::MessageLogged logged{.direction = event::Direction::sent, .connection = "office"};
  logged.message.exchange = "IKE_SA_INIT";
  logged.message.local = {policy::IpAddress::v4(192, 0, 2, 1), 500};
  logged.message.remote = {policy::IpAddress::v4(192, 0, 2, 2), 500};
  logged.message.payloads = {{.name = "SA", .proposals = policy::default_proposals(policy::Protocol::ike)},
                             {.name = "KE", .group = crypto::KeyExchangeMethod::x25519},
                             {.name = "N(COOKIE)"}};
  return logged;
}

policy::Connection office() {
  policy::Connection connection;
  connection.name = "office";
  connection.origins["proposals"] = {"office.toml", 4, 3};
  policy::Child child;
  child.name = "lan";
  child.origins["local_ts"] = {"office.toml", 14, 1};
  connection.children = {child};
  return connection;
}

TEST(Ladder, KeepsEveryLineWithinItsWidthHoweverLongAWordIs) {
  for (const std::size_t width : {60u, 72u, 96u, 200u})
    for (const std::string& line : lines_of(draw_ladder({init_request()}, width)))
      EXPECT_LE(columns(line), width) << line;
}

TEST(Ladder, SaysWhatWasOfferedInWords) {
  const std::string text = draw_ladder({init_request()}, 200);
  EXPECT_THAT(text, HasSubstr("IKE_SA_INIT request 0, in clear"));
  EXPECT_THAT(text, HasSubstr("SA: offers "));
  EXPECT_THAT(text, HasSubstr("KE: my half of a key exchange by x25519"));
  EXPECT_THAT(text, HasSubstr("N(COOKIE): return this cookie first"));
  EXPECT_THAT(text, HasSubstr("▶│"));
}

TEST(Ladder, OfNothingIsEmpty) { EXPECT_EQ(draw_ladder({}), ""); }

TEST(Explanation, NamesTheNearestProposalAndTheLineToChange) {
  const policy::Connection connection = office();
  Failure failure{.kind = FailureKind::no_proposal_chosen, .connection = "office"};
  failure.our_proposals = {proposal(policy::Protocol::ike, "aes256-sha256-modp2048")};
  failure.peer_proposals = {proposal(policy::Protocol::ike, "aes128-sha256-modp2048")};
  const Explanation explanation = explain(failure, &connection);
  EXPECT_THAT(explanation.sentence, HasSubstr("encryption: we have aes256, the peer has aes128"));
  EXPECT_THAT(explanation.advice, HasSubstr("connections.office.proposals"));
  EXPECT_THAT(explanation.text(), HasSubstr("office.toml:4:3"));
}

TEST(Explanation, SaysThatAPeerHidesItsProposals) {
  const policy::Connection connection = office();
  Failure failure{.kind = FailureKind::no_proposal_chosen, .side = Side::remote, .connection = "office"};
  failure.our_proposals = {proposal(policy::Protocol::ike, "aes256-sha256-modp2048")};
  EXPECT_THAT(explain(failure, &connection).sentence, HasSubstr("does not say which it would accept"));
}

TEST(Explanation, TellsAWrongSecretHereFromARefusalThere) {
  const policy::Connection connection = office();
  Failure failure{.kind = FailureKind::authentication_failed, .connection = "office"};
  failure.local_id = policy::Identity::fqdn("moon");
  failure.remote_id = policy::Identity::fqdn("sun");
  EXPECT_THAT(explain(failure, &connection).sentence, HasSubstr("its proof does not fit our pre-shared key"));
  failure.side = Side::remote;
  EXPECT_THAT(explain(failure, &connection).sentence, HasSubstr("refused our proof of identity as moon"));
}

TEST(Explanation, ShowsBothSidesOfSelectorsThatDoNotMeet) {
  const policy::Connection connection = office();
  Failure failure{.kind = FailureKind::no_common_selector, .connection = "office", .child = "lan"};
  failure.our_local_ts = {policy::SelectorTemplate::parse("10.1.0.0/16")->resolve({})};
  failure.our_remote_ts = failure.our_local_ts;
  failure.peer_local_ts = {policy::SelectorTemplate::parse("10.9.0.0/16")->resolve({})};
  failure.peer_remote_ts = failure.peer_local_ts;
  const std::string text = explain(failure, &connection).text();
  EXPECT_THAT(text, HasSubstr("10.1.0.0/16"));
  EXPECT_THAT(text, HasSubstr("10.9.0.0/16"));
  EXPECT_THAT(text, HasSubstr("office.toml:14:1"));
}

TEST(Explanation, OfEveryKindIsASentence) {
  for (int kind = 0; kind <= static_cast<int>(FailureKind::system_refused); ++kind) {
    const Failure failure{.kind = static_cast<FailureKind>(kind), .connection = "office"};
    const Explanation explanation = explain(failure, nullptr);
    EXPECT_FALSE(explanation.sentence.empty()) << kind;
    EXPECT_EQ(explanation.sentence.back(), '.') << explanation.sentence;
    EXPECT_NE(to_string(failure.kind), "unknown");
  }
}

TEST(EventText, NeverShowsWhatAnIdentityHidesInControlCharacters) {
  event::IkeSaEstablished up;
  up.remote_id = policy::Identity::fqdn("evil\x1b[2Jname\n");
  EXPECT_THAT(to_line(up), Not(HasSubstr("\x1b")));
  EXPECT_THAT(to_line(up), Not(HasSubstr("\n")));
}

}  // namespace
}  // namespace sallyport::diagnose
