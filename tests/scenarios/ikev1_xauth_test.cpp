// XAUTH: a user name and a password behind phase 1, before any Quick Mode.
#include "diagnose/explanation.h"
#include "diagnose/ladder.h"
#include "tests/scenarios/remote_access.h"

namespace sallyport::scenarios {
namespace {

using testing::HasSubstr;
using testing::Not;

class Xauth : public RemoteAccess, public testing::WithParamInterface<bool> {
 protected:
  static Pairing pairing() {
    Pairing pairing = in_ikev1(office(), GetParam());
    ask_for_user(pairing);
    return pairing;
  }
};

TEST_P(Xauth, AUserWithTheRightPasswordComesThrough) {
  load_with(pairing(), {password_of("carol", "sesame")}, {password_of("dave", "else"), password_of("carol", "sesame")});
  ASSERT_TRUE(comes_up());
  EXPECT_TRUE(both_reach_each_other());
  EXPECT_EQ(messages(V1::transaction), 4U);
  EXPECT_EQ(alice.ike_sas().front().local_user, "carol");
  EXPECT_EQ(bob.ike_sas().front().remote_user, "carol");
}

TEST_P(Xauth, TheResponderMayBeTheUser) {
  Pairing turned = in_ikev1(office(), GetParam());
  turned.right.further_local = {xauth_of("carol")};
  turned.left.further_remote = {xauth_of()};
  load_with(turned, {password_of("carol", "sesame")}, {password_of("carol", "sesame")});
  ASSERT_TRUE(comes_up());
  EXPECT_EQ(alice.ike_sas().front().remote_user, "carol");
}

TEST_P(Xauth, AWrongPasswordIsRefusedAndBothSay) {
  load_with(pairing(), {password_of("carol", "sesamE")}, {password_of("carol", "sesame")});
  ASSERT_TRUE(alice.initiate("office"));
  ASSERT_TRUE(gives_up());
  ASSERT_TRUE(failed(alice) && failed(bob));
  EXPECT_EQ(failed(alice)->kind, FailureKind::user_refused);
  EXPECT_EQ(failed(alice)->side, Side::remote);
  EXPECT_EQ(failed(bob)->kind, FailureKind::user_refused);
  EXPECT_EQ(failed(bob)->side, Side::local);
  EXPECT_THAT(diagnose::explain(*failed(alice), nullptr).sentence, HasSubstr("refused the user carol"));
  EXPECT_THAT(diagnose::explain(*failed(bob), nullptr).sentence, HasSubstr("its user is carol"));
}

TEST_P(Xauth, AnUnknownUserLooksLikeAWrongPasswordToThePeer) {
  std::vector<std::vector<std::string>> told;
  for (const char* known : {"carol", "mallet"}) {
    load_with(pairing(), {password_of("carol", "wrong!")}, {password_of(known, "sesame")});
    alice.initiate("office");
    ASSERT_TRUE(gives_up());
    auto& sizes = told.emplace_back();
    for (const event::Event& each : alice.events())
      if (const auto* logged = std::get_if<event::MessageLogged>(&each))
        if (logged->message.exchange == "Transaction" && logged->direction == event::Direction::received)
          sizes.push_back(std::to_string(logged->message.size));
  }
  ASSERT_FALSE(told[0].empty());
  ASSERT_EQ(told[1].size(), 2 * told[0].size());  // both stories
  EXPECT_TRUE(
      std::equal(told[0].begin(), told[0].end(), told[1].begin() + static_cast<std::ptrdiff_t>(told[0].size())));
}

TEST_P(Xauth, WithoutAPasswordNothingIsSentAtAll) {
  load_with(pairing(), {}, {password_of("carol", "sesame")});
  alice.initiate("office");
  pass(1s);
  ASSERT_TRUE(failed(alice));
  EXPECT_EQ(failed(alice)->kind, FailureKind::password_missing);
  EXPECT_THAT(diagnose::explain(*failed(alice), nullptr).text(), HasSubstr("carol"));
  EXPECT_EQ(packets_of(alice, sim::Sniffed::Kind::ike), 0U);
}

TEST_P(Xauth, EachMessageMayBeLost) {
  for (std::size_t number = 1; number <= 4; ++number) {
    load_with(pairing(), {password_of("carol", "sesame")}, {password_of("carol", "sesame")});
    std::size_t seen = 0;
    Bytes lost;
    mallory.take([&, number](Direction, const sim::Sniffed& packet) {
      if (!is_ikev1(packet, V1::transaction)) return false;
      if (++seen != number) return false;
      lost = to_bytes(packet.content);
      return true;
    });
    ASSERT_TRUE(comes_up()) << number;
    EXPECT_TRUE(alice_reaches_bob()) << number;
    alice.terminate("office");
    ASSERT_TRUE(eventually([&] { return is_all_gone(); }, 5min));
    mallory.take([](Direction, const sim::Sniffed&) { return false; });
  }
}

TEST_P(Xauth, APeerThatKnowsNothingOfItIsToldSo) {
  Pairing without = in_ikev1(office(), GetParam());
  without.right.further_remote = {xauth_of()};
  load_with(without, {}, {password_of("carol", "sesame")});
  alice.initiate("office");
  ASSERT_TRUE(gives_up());
  ASSERT_TRUE(failed(alice) && failed(bob));
  EXPECT_EQ(failed(alice)->kind, FailureKind::no_proposal_chosen);
  EXPECT_EQ(failed(bob)->kind, FailureKind::auth_method_mismatch);
}

TEST_P(Xauth, AServerThatDoesNotAskIsNotTrusted) {
  Pairing without = in_ikev1(office(), GetParam());
  without.left.further_local = {xauth_of("carol")};
  load_with(without, {password_of("carol", "sesame")}, {});
  alice.initiate("office");
  ASSERT_TRUE(gives_up());
  EXPECT_EQ(failed(bob)->kind, FailureKind::auth_method_mismatch);
}

/// bob has no XAUTH in his configuration of the children: whoever skips it gets no Child SA.
TEST_P(Xauth, NoQuickModeBeforeTheUserIsKnown) {
  load_with(pairing(), {password_of("carol", "sesame")}, {password_of("carol", "sesame")});
  // Neither question nor verdict arrives, so alice waits, and bob has a Quick Mode to begin that he must not.
  mallory.take(ikev1(V1::transaction));
  alice.initiate("office");
  pass(5s);
  bob.initiate("office");
  pass(5min);
  EXPECT_EQ(messages(V1::quick_mode), 0U);
  EXPECT_TRUE(alice.installed().empty());
  EXPECT_TRUE(bob.installed().empty());
  EXPECT_TRUE(gives_up());
}

TEST_P(Xauth, TheLadderTellsItWithoutThePassword) {
  load_with(pairing(), {password_of("carol", "open sesame")}, {password_of("carol", "open sesame")});
  ASSERT_TRUE(comes_up());
  for (const Host* host : {&alice, &bob}) {
    const std::string ladder = diagnose::draw_ladder({host->events().begin(), host->events().end()}, 100);
    EXPECT_THAT(ladder, HasSubstr("Transaction, message 1, encrypted"));
    EXPECT_THAT(ladder, HasSubstr("carol"));
    EXPECT_THAT(ladder, Not(HasSubstr("sesame")));
  }
}

TEST_P(Xauth, TwoUsersOfOneGroupStayApart) {
  Pairing carols = pairing(), daves = pairing();
  Host& dave = world.add<Host>("dave", std::vector{IpAddress::v4(203, 0, 113, 9)}, cryptography());
  internet.attach(dave, IpAddress::v4(203, 0, 113, 9));
  for (Pairing* each : {&carols, &daves}) give_address(*each);
  daves.left.further_local = {xauth_of("dave")};
  daves.left.local_addrs.clear();
  carols.right.remote_addrs.clear();
  load_with(carols, {password_of("carol", "sesame")}, {password_of("carol", "sesame"), password_of("dave", "simsim")});
  sim::Configuration of_dave = daves.left_configuration();
  of_dave.keys.push_back(password_of("dave", "simsim"));
  dave.load(std::move(of_dave));
  alice.initiate("office");
  dave.initiate("office");
  ASSERT_TRUE(eventually([&] { return bob.installed().size() == 2; }));
  pass(1min);
  ASSERT_EQ(bob.installed().size(), 2U);
  ASSERT_EQ(dave.inner_addresses().size(), 1U);
  EXPECT_NE(alice.inner_addresses(), dave.inner_addresses());
  EXPECT_TRUE(reaches(alice, alice.inner_addresses()[0], bob_inside));
  EXPECT_TRUE(reaches(dave, dave.inner_addresses()[0], bob_inside));
}

INSTANTIATE_TEST_SUITE_P(Modes, Xauth, testing::Bool(),
                         [](const auto& mode) { return mode.param ? "Aggressive" : "Main"; });

}  // namespace
}  // namespace sallyport::scenarios
