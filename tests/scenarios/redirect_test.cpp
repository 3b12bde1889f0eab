// Gateways that send their clients to others (RFC 5685): at once, after the client has proved who it is, or while it is
// up. alice is the client; bob sends her to carol, who has the same name and key.
#include "ike/v2/redirect.h"

#include "tests/scenarios/stage.h"
#include "tests/scenarios/ventriloquist.h"

namespace sallyport::scenarios {
namespace {

namespace w = wire::ikev2;
using Rejected = event::MessageRejected::Reason;

const IpAddress carol_address = IpAddress::v4(203, 0, 113, 3);
const IpAddress dave_address = IpAddress::v4(203, 0, 113, 4);

class Redirect : public Stage {
 protected:
  static Pairing willing() {
    Pairing pairing = office();
    pairing.left.follow_redirects = true;
    return pairing;
  }
  static Pairing redirecting(policy::RedirectAt when, std::string to = "203.0.113.3") {
    Pairing pairing = willing();
    pairing.right.redirect_to = std::move(to);
    pairing.right.redirect_at = when;
    return pairing;
  }
  /// A gateway like bob, somewhere else; it may send on in its turn.
  Host& add_gateway(const std::string& name, const IpAddress& address, const std::string& to = {}) {
    auto& host = world.add<Host>(name, std::vector{address}, cryptography());
    internet.attach(host, address);
    Pairing pairing = office();
    pairing.right.local_addrs = {policy::AddressRange::host(address)};
    pairing.right.redirect_to = to;
    host.load(pairing.right_configuration());
    return host;
  }
  bool alice_is_up_with(const IpAddress& gateway) {
    return eventually([&] {
      return alice.ike_sas().size() == 1 && alice.ike_sas().front().remote.address == gateway &&
             alice.installed().size() == 1;
    });
  }
  static std::size_t count_rejected(const Host& host, Rejected reason) {
    return static_cast<std::size_t>(std::ranges::count_if(host.events(), [&](const event::Event& event) {
      const auto* rejected = std::get_if<event::MessageRejected>(&event);
      return rejected && rejected->reason == reason;
    }));
  }
  std::size_t messages_to(const IpAddress& address, ExchangeType exchange) const {
    return static_cast<std::size_t>(std::ranges::count_if(world.trace().packets(), [&](const auto& packet) {
      const auto sniffed = sim::sniff(packet.bytes);
      return world.trace().links()[packet.link.value].a == "alice" && sniffed.is_ike(exchange, request) &&
             sniffed.destination.address == address;
    }));
  }
  void load_logging(const Pairing& pairing) {
    sim::Configuration logging = pairing.right_configuration();
    logging.ike.log_keys = true;
    bob.load(std::move(logging));
    alice.load(pairing.left_configuration());
  }

  Ventriloquist bobs_voice{mallory, bob, cryptography().provider};
};

TEST_F(Redirect, AtOnceCostsTheGatewayNothing) {
  Host& carol = add_gateway("carol", carol_address);
  load(redirecting(policy::RedirectAt::init));
  alice.initiate("office");
  EXPECT_TRUE(alice_is_up_with(carol_address));
  EXPECT_TRUE(reaches(alice, alice_inside, bob_inside));
  EXPECT_TRUE(bob.ike_sas().empty());
  EXPECT_EQ(messages_to(bob_address, ExchangeType::ike_auth), 0U);
  EXPECT_EQ(alice.count<event::NegotiationFailed>(), 0U);
  EXPECT_EQ(alice.count<event::Redirected>(), 1U);
  EXPECT_EQ(bob.count<event::Redirected>(), 1U);
  EXPECT_THAT(sim::check_pairs(std::array<const Host*, 3>{&alice, &bob, &carol}), IsEmpty());
}

TEST_F(Redirect, AfterTheProofLeavesNothingWithTheGateway) {
  Host& carol = add_gateway("carol", carol_address);
  load(redirecting(policy::RedirectAt::auth));
  alice.initiate("office");
  EXPECT_TRUE(alice_is_up_with(carol_address));
  EXPECT_TRUE(eventually([&] { return bob.ike_sas().empty(); }, 1min));
  EXPECT_EQ(bob.count<event::ChildSaInstalled>(), 0U);
  EXPECT_EQ(alice.count<event::NegotiationFailed>(), 0U);
  EXPECT_TRUE(reaches(alice, alice_inside, bob_inside));
  EXPECT_THAT(sim::check_pairs(std::array<const Host*, 3>{&alice, &bob, &carol}), IsEmpty());
}

TEST_F(Redirect, WhileItIsUpMovesAllChildren) {
  Host& carol = add_gateway("carol", carol_address);
  load(willing());
  ASSERT_TRUE(comes_up());
  ASSERT_TRUE(bob.redirect("office", "203.0.113.3"));
  EXPECT_TRUE(alice_is_up_with(carol_address));
  EXPECT_TRUE(reaches(alice, alice_inside, bob_inside));
  EXPECT_TRUE(eventually([&] { return bob.ike_sas().empty() && bob.installed().empty(); }, 1min));
  EXPECT_EQ(alice.count<event::NegotiationFailed>(), 0U);
  EXPECT_THAT(sim::check_pairs(std::array<const Host*, 3>{&alice, &bob, &carol}), IsEmpty());
}

TEST_F(Redirect, OnAnIkeSaThatWasRekeyedMovesIt) {
  add_gateway("carol", carol_address);
  load(willing());
  ASSERT_TRUE(comes_up());
  for (Host* each : {&alice, &bob}) {
    ASSERT_TRUE(each->rekey("office"));
    ASSERT_TRUE(eventually([&] { return is_up(); }, 2min));
  }
  ASSERT_TRUE(bob.redirect("office", "203.0.113.3"));
  EXPECT_TRUE(alice_is_up_with(carol_address));
}

TEST_F(Redirect, AClientThatWouldNotGoIsServed) {
  add_gateway("carol", carol_address);
  for (const auto when : {policy::RedirectAt::init, policy::RedirectAt::auth}) {
    Pairing pairing = redirecting(when);
    pairing.left.follow_redirects = false;
    load(pairing);
    ASSERT_TRUE(comes_up());
    EXPECT_FALSE(bob.redirect("office", "203.0.113.3"));
    alice.terminate("office");
    ASSERT_TRUE(eventually([&] { return is_all_gone(); }, 2min));
  }
}

TEST_F(Redirect, AGatewayIsNotSentAnywhereByItsClient) {
  load(willing());
  ASSERT_TRUE(comes_up());
  EXPECT_FALSE(alice.redirect("office", "203.0.113.3"));
}

TEST_F(Redirect, AnOrderThatDoesNotKnowTheNonceIsNotObeyed) {
  add_gateway("carol", carol_address);
  const policy::GatewayId carol = *policy::GatewayId::parse("203.0.113.3");
  for (const std::size_t size : {std::size_t{0}, std::size_t{32}}) {
    bobs_voice.rewrite(
        OnPathAttacker::ike(ExchangeType::ike_sa_init, response),
        [&](w::PayloadChain& payloads) {
          payloads = w::PayloadChain().add(ike::v2::make_redirect(carol, Bytes(size, 7)));
        },
        1);
    load_logging(willing());
    ASSERT_TRUE(comes_up());
    EXPECT_EQ(alice.ike_sas().front().remote.address, bob_address);
    EXPECT_EQ(alice.count<event::Redirected>(), 0U);
    alice.terminate("office");
    ASSERT_TRUE(eventually([&] { return is_all_gone(); }, 2min));
  }
  EXPECT_EQ(count_rejected(alice, Rejected::malformed), 2U);
}

TEST_F(Redirect, AnOrderThatNobodyAskedForIsNotObeyed) {
  Pairing pairing = office();
  bobs_voice.rewrite(OnPathAttacker::ike(ExchangeType::ike_auth, response), [&](w::PayloadChain& payloads) {
    payloads.add(ike::v2::make_redirect(*policy::GatewayId::parse("203.0.113.3")));
  });
  load_logging(pairing);
  ASSERT_TRUE(comes_up());
  EXPECT_EQ(alice.ike_sas().front().remote.address, bob_address);
}

TEST_F(Redirect, AnOrderThatCannotBeReadIsNone) {
  Bytes short_address = {1, 3, 203, 0, 113}, wrong_size = {1, 5, 203, 0, 113, 3, 9},
        unknown_kind = {9, 4, 203, 0, 113, 3}, nowhere = {1, 4, 0, 0, 0, 0}, cut = {2, 16, 1, 2},
        no_name = {3, 3, 'a', ' ', 'b'}, nothing = {};
  load_logging(willing());
  for (const Bytes& data : {short_address, wrong_size, unknown_kind, nowhere, cut, no_name, nothing}) {
    bobs_voice.rewrite(
        OnPathAttacker::ike(ExchangeType::ike_auth, response),
        [data](w::PayloadChain& payloads) {
          payloads.add(w::NotifyPayload{.type = w::NotifyType::redirect, .data = data});
        },
        1);
    ASSERT_TRUE(comes_up());
    EXPECT_EQ(alice.ike_sas().front().remote.address, bob_address);
    alice.terminate("office");
    ASSERT_TRUE(eventually([&] { return is_all_gone(); }, 2min));
    mallory.forget_rules();
  }
  EXPECT_EQ(alice.count<event::Redirected>(), 0U);
}

TEST_F(Redirect, TwoGatewaysThatSendToEachOtherServe) {
  add_gateway("carol", carol_address, "198.51.100.2");
  load(redirecting(policy::RedirectAt::init));
  alice.initiate("office");
  EXPECT_TRUE(alice_is_up_with(carol_address));
}

TEST_F(Redirect, WhoIsThereAlreadyIsServed) {
  for (const auto when : {policy::RedirectAt::init, policy::RedirectAt::auth}) {
    load(redirecting(when, "198.51.100.2"));
    ASSERT_TRUE(comes_up());
    alice.terminate("office");
    ASSERT_TRUE(eventually([&] { return is_all_gone(); }, 2min));
  }
}

TEST_F(Redirect, ThreeInACircleAreGivenUp) {
  add_gateway("carol", carol_address, "203.0.113.4");
  add_gateway("dave", dave_address, "198.51.100.2");
  load(redirecting(policy::RedirectAt::init));
  alice.initiate("office");
  pass(5s);
  EXPECT_TRUE(alice.ike_sas().empty());
  EXPECT_EQ(failure_of(alice), FailureKind::redirected_too_often);
  EXPECT_EQ(alice.count<event::Redirected>(), 6U);
}

TEST_F(Redirect, ByNameGoesWhereTheNameIs) {
  add_gateway("carol", carol_address);
  alice.set_name("carol.example.net", {carol_address});
  load(redirecting(policy::RedirectAt::init, "carol.example.net"));
  alice.initiate("office");
  EXPECT_TRUE(alice_is_up_with(carol_address));
}

TEST_F(Redirect, ToANameThatStandsForNothingIsTheReason) {
  load(redirecting(policy::RedirectAt::init, "carol.example.net"));
  alice.initiate("office");
  pass(5s);
  EXPECT_EQ(failure_of(alice), FailureKind::name_unresolved);
  EXPECT_TRUE(is_all_gone());
}

TEST_F(Redirect, ToAGatewayThatIsNotThereComesBackLater) {
  Pairing pairing = redirecting(policy::RedirectAt::init);
  pairing.left.children[0].keep = policy::Keep::up;
  pairing.left.children[0].start_action = policy::StartAction::start;
  pairing.left.children[0].dpd_action = policy::DpdAction::restart;
  load(pairing);
  pass(10s);
  bob.load(willing().right_configuration());
  EXPECT_TRUE(eventually([&] { return is_up(); }, 10min));
  EXPECT_EQ(alice.ike_sas().front().remote.address, bob_address);
}

TEST_F(Redirect, AClientThatDoesNotLeaveIsClosed) {
  load(willing());
  ASSERT_TRUE(comes_up());
  mallory.take(OnPathAttacker::only(outward, OnPathAttacker::ike(ExchangeType::informational, request)));  // its Delete
  ASSERT_TRUE(bob.redirect("office", "203.0.113.3"));
  pass(20s);
  EXPECT_FALSE(bob.installed().empty());
  EXPECT_TRUE(eventually([&] { return bob.installed().empty(); }, 30s));
}

TEST_F(Redirect, AnotherIdentityBehindTheNewGatewayIsNotTaken) {
  Host& carol = world.add<Host>("carol", std::vector{carol_address}, cryptography());
  internet.attach(carol, carol_address);
  const Pairing others = sim::pair_up("office", {alice_address, "10.1.0.0/16", "alice.example"},
                                      {carol_address, "10.2.0.0/16", "carol.example"});
  carol.load(others.right_configuration());
  load(redirecting(policy::RedirectAt::init));
  alice.initiate("office");
  pass(1min);
  EXPECT_TRUE(alice.installed().empty());
  EXPECT_TRUE(carol.installed().empty());
}

}  // namespace
}  // namespace sallyport::scenarios
