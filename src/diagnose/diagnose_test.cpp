#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "diagnose/event_text.h"
#include "diagnose/explanation.h"
#include "diagnose/ladder.h"
#include "diagnose/short_proposals.h"

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

event::MessageLogged of_main_mode(std::uint8_t number, std::vector<event::PayloadSummary> payloads) {
  event::MessageLogged logged{.direction = event::Direction::sent, .connection = "office"};
  logged.message.version = 1;
  logged.message.exchange = "Main Mode";
  logged.message.number = number;
  logged.message.encrypted = number > 4;
  logged.message.payloads = std::move(payloads);
  return logged;
}

TEST(Ladder, TellsVendorIdsInOneLine) {
  const std::string text = draw_ladder({of_main_mode(1, {{.name = "V", .detail = "DPD"},
                                                         {.name = "V"},
                                                         {.name = "V"},
                                                         {.name = "V", .detail = "RFC 3947"},
                                                         {.name = "V", .detail = "draft-ietf-ipsec-nat-t-ike-03"},
                                                         {.name = "V", .detail = "draft-ietf-ipsec-nat-t-ike-02"}})},
                                       200);
  EXPECT_THAT(text, HasSubstr("V: I know dead peer detection, NAT traversal; and 2 unknown "
                              "to us"));
}

TEST(Ladder, SaysOnceFromWhereOnAllIsEncrypted) {
  const std::string text = draw_ladder({of_main_mode(4, {}), of_main_mode(5, {}), of_main_mode(6, {})}, 200);
  const auto at = text.find("from here on all is encrypted");
  ASSERT_NE(at, std::string::npos);
  EXPECT_GT(at, text.find("message 4 of 6, in clear"));
  EXPECT_LT(at, text.find("message 5 of 6, encrypted"));
  EXPECT_EQ(text.find("from here on", at + 1), std::string::npos);
}

TEST(Ladder, NamesAnExchangeThatItDoesNotKnowByItsNumberAlone) {
  auto logged = of_main_mode(2, {});
  logged.message.exchange = "Exchange 99";
  EXPECT_THAT(draw_ladder({logged}, 200), HasSubstr("Exchange 99, message 2, in clear"));
}

TEST(ShortProposals, MergeWhatDiffersInSequenceNumbersAlone) {
  const auto words = [](std::vector<policy::Proposal> list) { return policy::to_string(in_short(std::move(list))); };
  const auto esp = [](const char* text) { return proposal(policy::Protocol::esp, text); };
  EXPECT_EQ(words({esp("aes128gcm16-esn"), esp("aes128gcm16-noesn")}), "aes128gcm16");
  EXPECT_EQ(words({esp("aes128gcm16-esn"), esp("aes256gcm16-noesn")}), "aes128gcm16-esn, aes256gcm16-noesn");
  EXPECT_EQ(words({esp("aes128gcm16-esn"), esp("aes256gcm16-esn"), esp("aes128gcm16-noesn")}),
            "aes128gcm16-esn, aes256gcm16-esn, aes128gcm16-noesn");
  EXPECT_EQ(words({}), "");
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

Failure of_main_mode(FailureKind kind, Side side) {
  Failure failure{.kind = kind, .side = side, .connection = "office"};
  failure.opening = event::Opening::main_mode;
  failure.local_id = policy::Identity::fqdn("moon");
  failure.remote_id = policy::Identity::fqdn("sun");
  failure.remote = {policy::IpAddress::v4(192, 0, 2, 2), 500};
  return failure;
}

TEST(Explanation, TellsSilenceBehindMainModesProofFromARefusal) {
  const policy::Connection connection = office();
  Failure failure = of_main_mode(FailureKind::authentication_failed, Side::remote);
  failure.attempts = 3;
  EXPECT_EQ(
      explain(failure, &connection).sentence,
      "192.0.2.2 falls silent at our proof of identity as moon (3 messages were sent): most likely its pre-shared "
      "key for us is another.");
  failure.notify = "PAYLOAD-MALFORMED";
  EXPECT_THAT(explain(failure, &connection).sentence,
              HasSubstr("refused our proof of identity as moon (PAYLOAD-MALFORMED)"));
  failure.notify = "INVALID-ID-INFORMATION";
  EXPECT_EQ(explain(failure, &connection).sentence, "192.0.2.2 knows us by another identity than moon.");
}

TEST(Explanation, NamesTheSecretThatDoesNotFitAndItsLine) {
  const policy::Connection connection = office();
  policy::Pad secrets;
  secrets.add({.name = "ike-sun",
               .owners = {policy::Identity::fqdn("sun")},
               .secret = Secret::copy_of(as_bytes("a secret")),
               .origin = {"office.toml", 20, 10}});
  for (const Side side : {Side::local, Side::remote}) {
    const auto text = explain(of_main_mode(FailureKind::authentication_failed, side), &connection, &secrets).text();
    EXPECT_THAT(text, HasSubstr("(secrets.ike-sun)"));
    EXPECT_THAT(text, HasSubstr("[office.toml:20:10]"));
    EXPECT_THAT(text, Not(HasSubstr("a secret ")));
  }
}

TEST(Explanation, DoesNotSayWhoAPeerIsWhoseMainModeCannotBeRead) {
  const policy::Connection connection = office();
  const Failure failure = of_main_mode(FailureKind::authentication_failed, Side::local);
  EXPECT_THAT(explain(failure, &connection).sentence, Not(HasSubstr("says that it is")));
}

TEST(Explanation, NamesTheKeyThatDecidesHowPhase1Begins) {
  policy::Connection connection = office();
  connection.origins[""] = {"office.toml", 1, 2};
  Failure failure = of_main_mode(FailureKind::exchange_mismatch, Side::local);
  failure.opening = event::Opening::aggressive_mode;
  failure.our_opening = event::Opening::main_mode;
  const std::string text = explain(failure, &connection).text();
  EXPECT_THAT(text, HasSubstr("begins with IKEv1's Aggressive Mode, and IKEv1's Main Mode is configured"));
  EXPECT_THAT(text, HasSubstr("connections.office.aggressive to true"));
  EXPECT_THAT(text, HasSubstr("[office.toml:1:2]"));
  failure.opening = event::Opening::main_mode;
  failure.our_opening = event::Opening::ike_sa_init;
  EXPECT_THAT(explain(failure, &connection).text(), HasSubstr("connections.office.version to 0"));
}

TEST(Explanation, ComparesGroupsForForwardSecrecyInQuickMode) {
  const policy::Connection connection = office();
  Failure failure = of_main_mode(FailureKind::no_proposal_chosen, Side::local);
  failure.child = "lan";
  failure.our_proposals = {proposal(policy::Protocol::esp, "aes128-sha256-modp2048")};
  failure.peer_proposals = {proposal(policy::Protocol::esp, "aes128-sha256-modp3072-esn"),
                            proposal(policy::Protocol::esp, "aes128-sha256-modp3072-noesn")};
  const std::string text = explain(failure, &connection).text();
  EXPECT_THAT(text, HasSubstr("offers aes128-sha256-modp3072, and we accept aes128-sha256-modp2048; nearest, key "
                              "exchange for forward secrecy: we have modp2048, the peer has modp3072."));
}

TEST(Explanation, SaysWhoWantsEspAndAhTogether) {
  const policy::Connection connection = office();
  Failure failure{.kind = FailureKind::no_proposal_chosen, .connection = "office", .child = "lan"};
  failure.our_proposals = {proposal(policy::Protocol::esp, "aes128-sha256")};
  failure.peer_proposals = {proposal(policy::Protocol::ah, "sha256"), proposal(policy::Protocol::esp, "aes128-sha256")};
  failure.peer_bundle = true;
  const Explanation wanted = explain(failure, &connection);
  EXPECT_THAT(wanted.sentence, HasSubstr("offers ESP and AH together, and we are configured for ESP alone"));
  EXPECT_THAT(wanted.advice, HasSubstr("both esp_proposals and ah_proposals in connections.office.children.lan"));
  std::swap(failure.our_bundle, failure.peer_bundle);
  EXPECT_THAT(explain(failure, &connection).sentence, HasSubstr("does not offer ESP and AH together"));
  failure.side = Side::remote;
  failure.peer_proposals.clear();
  EXPECT_THAT(explain(failure, &connection).sentence, HasSubstr("none of our ESP and AH proposals"));
}

TEST(Explanation, KnowsAChildByItsNameWithoutItsConnection) {
  Failure failure = of_main_mode(FailureKind::no_proposal_chosen, Side::remote);
  failure.child = "lan";
  failure.our_mode = policy::Mode::transport;
  failure.our_proposals = {proposal(policy::Protocol::esp, "aes128-sha256")};
  EXPECT_THAT(explain(failure, nullptr).sentence,
              HasSubstr("none of our ESP proposals (aes128-sha256) in transport mode"));
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
  EXPECT_THAT(text, HasSubstr("lan.local_ts and remote_ts overlap"));
}

TEST(Explanation, NamesTheOneSelectorThatDoesNotMeet) {
  const policy::Connection connection = office();
  const auto network = [](std::string_view text) {
    return policy::TrafficSelectors{policy::SelectorTemplate::parse(text)->resolve({})};
  };
  Failure failure{.kind = FailureKind::no_common_selector, .connection = "office", .child = "lan"};
  failure.our_local_ts = failure.peer_local_ts = network("10.1.0.0/16");
  failure.our_remote_ts = network("10.2.0.0/16");
  failure.peer_remote_ts = network("10.9.0.0/16");
  EXPECT_THAT(explain(failure, &connection).advice,
              HasSubstr("lan.remote_ts overlap with 10.9.0.0/16, or change local_ts at the peer"));
  std::swap(failure.our_local_ts, failure.our_remote_ts);
  std::swap(failure.peer_local_ts, failure.peer_remote_ts);
  EXPECT_THAT(explain(failure, &connection).advice,
              HasSubstr("lan.local_ts overlap with 10.9.0.0/16, or change remote_ts at the peer"));
}

TEST(Explanation, NamesAllThatQuickModeRefusesInTheSameWords) {
  const policy::Connection connection = office();
  Failure failure = of_main_mode(FailureKind::no_proposal_chosen, Side::remote);
  failure.child = "lan";
  failure.our_mode = policy::Mode::transport;
  failure.our_proposals = {proposal(policy::Protocol::esp, "aes128-sha256-modp2048"),
                           proposal(policy::Protocol::esp, "aes256-sha256-modp2048")};
  EXPECT_EQ(
      explain(failure, &connection).advice,
      "Compare with what is configured at the peer: its algorithms (here connections.office.children.lan.esp_"
      "proposals), the group for forward secrecy at their end (here modp2048), and tunnel or transport mode (here "
      "connections.office.children.lan.mode = transport).");
  failure.our_proposals = {proposal(policy::Protocol::esp, "aes128-sha256")};
  EXPECT_THAT(explain(failure, &connection).advice, HasSubstr("forward secrecy at their end (here none)"));
}

TEST(Explanation, NamesAllThatMainModeRefusesInTheSameWords) {
  const policy::Connection connection = office();
  Failure failure = of_main_mode(FailureKind::no_proposal_chosen, Side::remote);
  failure.our_proposals = {proposal(policy::Protocol::ike, "aes128-sha256-modp2048")};
  EXPECT_EQ(explain(failure, &connection).advice,
            "Compare with what is configured at the peer: its proposals (here connections.office.proposals), IKEv1's "
            "Main Mode too (here connections.office.aggressive = false), and a connection for our address.");
}

TEST(Explanation, OfAPuzzleSaysHowMuchMoreWorkItWants) {
  const Failure failure{.kind = FailureKind::puzzle_declined, .zero_bits = 22};
  EXPECT_THAT(explain(failure, nullptr).sentence, HasSubstr("a puzzle solved first, with 22 zero bits."));
  EXPECT_THAT(explain(failure, nullptr).advice, HasSubstr("let daemon.puzzle_limit be 22 or more"));
}

TEST(Explanation, OfEveryKindIsASentence) {
  for (int kind = 0; kind <= static_cast<int>(FailureKind::nat_traversal_broken); ++kind) {
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
