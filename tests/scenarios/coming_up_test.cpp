// How sessions come up: by command, on demand, at start, from both ends at once, again and again.
#include "tests/scenarios/stage.h"

namespace sallyport::scenarios {
namespace {

class ComingUp : public Stage {};

TEST_F(ComingUp, BringsPacketsThroughInBothDirections) {
  load(office());
  ASSERT_TRUE(comes_up());
  EXPECT_TRUE(both_reach_each_other());
  EXPECT_GT(packets_of(alice, sim::Sniffed::Kind::esp), 0U);
}

TEST_F(ComingUp, TakesFourMessages) {
  load(office());
  ASSERT_TRUE(comes_up());
  EXPECT_EQ(packets_of(alice, sim::Sniffed::Kind::ike), 2U);
  EXPECT_EQ(packets_of(bob, sim::Sniffed::Kind::ike), 2U);
}

TEST_F(ComingUp, WorksOverIpv6WithIpv6Inside) {
  const IpAddress alice6 = *IpAddress::parse("2001:db8:a::1"), bob6 = *IpAddress::parse("2001:db8:b::1");
  auto& carol = world.add<Host>("carol", std::vector{alice6}, cryptography());
  auto& dave = world.add<Host>("dave", std::vector{bob6}, cryptography());
  internet.attach(carol, alice6);
  internet.attach(dave, bob6);
  const Pairing pairing =
      sim::pair_up("six", {alice6, "fd00:a::/64", "carol.example"}, {bob6, "fd00:b::/64", "dave.example"});
  carol.load(pairing.left_configuration());
  dave.load(pairing.right_configuration());
  ASSERT_TRUE(carol.initiate("six"));
  ASSERT_TRUE(eventually([&] { return carol.installed().size() == 1 && dave.installed().size() == 1; }));
  EXPECT_TRUE(reaches(carol, *IpAddress::parse("fd00:a::1"), *IpAddress::parse("fd00:b::1")));
  EXPECT_TRUE(reaches(dave, *IpAddress::parse("fd00:b::1"), *IpAddress::parse("fd00:a::1")));
}

TEST_F(ComingUp, CarriesIpv6InsideIpv4) {
  load(sim::pair_up("office", {alice_address, "fd00:a::/64", "alice.example"},
                    {bob_address, "fd00:b::/64", "bob.example"}));
  ASSERT_TRUE(comes_up());
  EXPECT_TRUE(reaches(alice, *IpAddress::parse("fd00:a::1"), *IpAddress::parse("fd00:b::1")));
}

TEST_F(ComingUp, UsesTransportModeBetweenTheHostsThemselves) {
  Pairing pairing = office();
  sim::use_transport_mode(pairing);
  load(pairing);
  ASSERT_TRUE(comes_up());
  EXPECT_EQ(alice.installed().begin()->second.mode, policy::Mode::transport);
  EXPECT_TRUE(reaches(alice, alice_address, bob_address));
  EXPECT_TRUE(reaches(bob, bob_address, alice_address));
}

TEST_F(ComingUp, StartsByItselfWhenToldTo) {
  Pairing pairing = office();
  pairing.left.children[0].start_action = policy::StartAction::start;
  load(pairing);
  EXPECT_TRUE(eventually([&] { return is_up(); }));
}

TEST_F(ComingUp, StaysDownWhenNobodyStartsIt) {
  load(office());
  pass(10min);
  EXPECT_TRUE(is_all_gone());
  EXPECT_EQ(world.trace().packets_seen(), 0U);
}

TEST_F(ComingUp, OnDemandLosesNotEvenTheFirstPacket) {
  Pairing pairing = office();
  pairing.left.children[0].start_action = policy::StartAction::trap;
  load(pairing);
  pass(1min);
  EXPECT_TRUE(is_all_gone());
  EXPECT_TRUE(alice_reaches_bob(5s));
  EXPECT_EQ(alice.count<event::Acquired>(), 1U);
}

TEST_F(ComingUp, OnDemandKeepsABurstInOrder) {
  Pairing pairing = office();
  pairing.left.children[0].start_action = policy::StartAction::trap;
  load(pairing);
  std::vector<sim::MessageNumber> sent;
  for (int i = 0; i < 20; ++i) sent.push_back(alice.application().send_udp({alice_inside, 1000}, {bob_inside, 2000}));
  pass(5s);
  std::vector<sim::MessageNumber> arrived;
  for (const auto& arrival : bob.application().arrivals()) arrived.push_back(arrival.number);
  EXPECT_EQ(arrived, sent);
  EXPECT_TRUE(is_up());
}

TEST_F(ComingUp, OnDemandOffersThePacketItself) {
  Pairing pairing = office();
  pairing.left.children[0].start_action = policy::StartAction::trap;
  load(pairing);
  alice.application().send_udp({alice_inside, 1000}, {bob_inside, 2000});
  pass(5s);
  const auto* acquired = alice.latest<event::Acquired>();
  ASSERT_NE(acquired, nullptr);
  EXPECT_TRUE(acquired->source.addresses.contains(alice_inside));
  EXPECT_TRUE(acquired->source.ports.contains(1000));
  EXPECT_TRUE(acquired->destination.ports.contains(2000));
}

TEST_F(ComingUp, BothEndsAtOnceEndWithMatchingSas) {
  load(office());
  alice.initiate("office");
  bob.initiate("office");
  pass(5min);
  EXPECT_TRUE(is_up());
  EXPECT_THAT(sim::check_pairs(std::array<const Host*, 2>{&alice, &bob}), IsEmpty());
  EXPECT_TRUE(both_reach_each_other());
}

TEST_F(ComingUp, BothEndsOnDemandAtOnceLoseNeitherFirstPacket) {
  Pairing pairing = office();
  sim::at_both_ends(pairing, [](policy::Connection& end) { end.children[0].start_action = policy::StartAction::trap; });
  load(pairing);
  const auto there = alice.application().ping(alice_inside, bob_inside);
  const auto back = bob.application().ping(bob_inside, alice_inside);
  pass(10s);
  EXPECT_EQ(bob.application().arrived(there), 1U);
  EXPECT_EQ(alice.application().arrived(back), 1U);
  pass(5min);
  EXPECT_TRUE(is_up());
  EXPECT_TRUE(both_reach_each_other());
}

TEST_F(ComingUp, SecondChildSharesTheIkeSa) {
  Pairing pairing = office();
  sim::at_both_ends(pairing, [](policy::Connection& end) { end.children.push_back(end.children[0]); });
  pairing.left.children[1].name = pairing.right.children[1].name = "lab";
  pairing.left.children[1].local_ts = pairing.right.children[1].remote_ts = sim::selectors({"10.11.0.0/16"});
  pairing.left.children[1].remote_ts = pairing.right.children[1].local_ts = sim::selectors({"10.12.0.0/16"});
  load(pairing);
  ASSERT_TRUE(alice.initiate("office", "lan"));
  ASSERT_TRUE(eventually([&] { return is_up(1, 1); }));
  ASSERT_TRUE(alice.initiate("office", "lab"));
  ASSERT_TRUE(eventually([&] { return is_up(1, 2); }));
  EXPECT_TRUE(both_reach_each_other());
  EXPECT_TRUE(reaches(alice, IpAddress::v4(10, 11, 0, 1), IpAddress::v4(10, 12, 0, 1)));
  EXPECT_TRUE(reaches(bob, IpAddress::v4(10, 12, 0, 1), IpAddress::v4(10, 11, 0, 1)));
}

TEST_F(ComingUp, ResponderMayAddAChildOfItsOwn) {
  Pairing pairing = office();
  sim::at_both_ends(pairing, [](policy::Connection& end) { end.children.push_back(end.children[0]); });
  pairing.left.children[1].name = pairing.right.children[1].name = "lab";
  pairing.left.children[1].local_ts = pairing.right.children[1].remote_ts = sim::selectors({"10.11.0.0/16"});
  load(pairing);
  ASSERT_TRUE(alice.initiate("office", "lan"));
  ASSERT_TRUE(eventually([&] { return is_up(1, 1); }));
  ASSERT_TRUE(bob.initiate("office", "lab"));
  ASSERT_TRUE(eventually([&] { return is_up(1, 2); }));
  EXPECT_TRUE(reaches(bob, bob_inside, IpAddress::v4(10, 11, 0, 1)));
}

TEST_F(ComingUp, SecondConnectionBetweenTheSameHostsIsItsOwn) {
  const Pairing lab = sim::pair_up("lab", {alice_address, "10.11.0.0/16", "alice-lab.example"},
                                   {bob_address, "10.12.0.0/16", "bob-lab.example"});
  load({office(), lab});
  ASSERT_TRUE(comes_up("office"));
  ASSERT_TRUE(alice.initiate("lab"));
  ASSERT_TRUE(eventually([&] { return is_up(2, 2); }));
  EXPECT_TRUE(both_reach_each_other());
  EXPECT_TRUE(reaches(alice, IpAddress::v4(10, 11, 0, 1), IpAddress::v4(10, 12, 0, 1)));
  alice.terminate("office");
  EXPECT_TRUE(eventually([&] { return is_up(1, 1); }));
  EXPECT_TRUE(reaches(alice, IpAddress::v4(10, 11, 0, 1), IpAddress::v4(10, 12, 0, 1)));
  EXPECT_FALSE(alice_reaches_bob());
}

TEST_F(ComingUp, InitiatingWhatIsUpMakesNoSecondIkeSa) {
  load(office());
  ASSERT_TRUE(comes_up());
  alice.initiate("office");
  pass(1min);
  EXPECT_EQ(alice.established_ike_sas(), 1U);
  EXPECT_EQ(bob.established_ike_sas(), 1U);
}

TEST_F(ComingUp, TerminatedFromEitherEndItCanComeUpAgain) {
  load(office());
  for (Host* who : {&alice, &bob, &alice}) {
    ASSERT_TRUE(comes_up());
    EXPECT_TRUE(both_reach_each_other());
    EXPECT_EQ(who->terminate("office"), 1U);
    EXPECT_TRUE(eventually([&] { return is_all_gone(); }, 2min));
  }
}

TEST_F(ComingUp, TerminatingOneChildLeavesTheIkeSa) {
  load(office());
  ASSERT_TRUE(comes_up());
  EXPECT_EQ(bob.terminate("office", "lan"), 1U);
  EXPECT_TRUE(eventually([&] { return is_up(1, 0); }));
  EXPECT_FALSE(alice_reaches_bob());
  ASSERT_TRUE(comes_up());
  EXPECT_TRUE(alice_reaches_bob());
}

TEST_F(ComingUp, ShutDownTellsThePeer) {
  load(office());
  ASSERT_TRUE(comes_up());
  alice.shut_down();
  EXPECT_TRUE(eventually([&] { return bob.installed().empty() && alice.installed().empty(); }, 5s));
}

TEST_F(ComingUp, UnknownNamesAreRefused) {
  load(office());
  EXPECT_FALSE(alice.initiate("offcie"));
  EXPECT_FALSE(alice.initiate("office", "wlan"));
  EXPECT_EQ(alice.terminate("offcie"), 0U);
}

struct Algorithms {
  const char *ike, *esp;
};
class ComingUpWith : public Stage, public testing::WithParamInterface<Algorithms> {};

TEST_P(ComingUpWith, TheseAlgorithms) {
  Pairing pairing = office();
  sim::at_both_ends(pairing, [](policy::Connection& end) {
    end.proposals = sim::proposals(policy::Protocol::ike, {GetParam().ike});
    end.children[0].esp_proposals = sim::proposals(policy::Protocol::esp, {GetParam().esp});
  });
  load(pairing);
  ASSERT_TRUE(comes_up());
  EXPECT_TRUE(both_reach_each_other());
}

INSTANTIATE_TEST_SUITE_P(Suites, ComingUpWith,
                         testing::Values(Algorithms{"aes256gcm16-prfsha384-ecp384", "aes256gcm16-esn"},
                                         Algorithms{"aes128gcm8-prfsha256-x25519", "aes128gcm8-noesn"},
                                         Algorithms{"aes192gcm12-prfsha512-modp2048", "aes192gcm12"},
                                         Algorithms{"chacha20poly1305-prfsha256-x25519", "chacha20poly1305-esn"},
                                         Algorithms{"aes128-sha256-modp2048", "aes128-sha256-noesn"},
                                         Algorithms{"aes256-sha512-ecp521", "aes256-sha512-esn"},
                                         Algorithms{"aes192-sha384-ecp256", "aes192-sha384"},
                                         Algorithms{"aes128ctr-sha256-x25519", "aes128ctr-sha256"},
                                         Algorithms{"aes128-sha1-prfsha1-modp1024", "aes128-sha1"},
                                         Algorithms{"aes128ccm8-prfaesxcbc-x25519", "aes128ccm8-esn"},
                                         Algorithms{"aes192ccm12-prfaescmac-x25519", "aes192ccm12-noesn"},
                                         Algorithms{"aes256ccm16-prfsha256-x25519", "aes256ccm16"},
                                         Algorithms{"aes128-aesxcbc-x25519", "aes128-aesxcbc-esn"},
                                         Algorithms{"aes256ctr-aescmac-x25519", "aes256ctr-aescmac-noesn"},
                                         Algorithms{"aes128ccm16-prfsha256-x25519", "aes128gcm16iiv-esn"},
                                         Algorithms{"aes128ccm16-prfsha256-x25519", "aes256ccm8iiv-noesn"},
                                         Algorithms{"aes128ccm16-prfsha256-x25519", "chacha20poly1305iiv"}));

// What encrypts nothing: whoever listens may read, but not write.
class ComingUpInClear : public ComingUpWith {
 protected:
  ComingUpInClear() { secrecy.reset(); }
  void TearDown() override {
    secrecy = std::make_unique<sim::SecrecyWatch>(world);
    Stage::TearDown();
  }
};

TEST_P(ComingUpInClear, NobodyAltersAPacket) {
  Pairing pairing = office();
  sim::at_both_ends(pairing, [](policy::Connection& end) {
    end.proposals = sim::proposals(policy::Protocol::ike, {GetParam().ike});
    end.children[0].esp_proposals = sim::proposals(policy::Protocol::esp, {GetParam().esp});
  });
  load(pairing);
  ASSERT_TRUE(comes_up());
  EXPECT_TRUE(both_reach_each_other());
  const auto esp = [](Direction, const sim::Sniffed& packet) { return packet.kind == sim::Sniffed::Kind::esp; };
  mallory.alter(OnPathAttacker::only(outward, esp), [](Bytes& packet) { packet[packet.size() - 40] ^= 1; }, 1);
  EXPECT_FALSE(alice_reaches_bob());
  EXPECT_EQ(bob.worker()->counters().drops[datapath::DropReason::integrity], 1U);
  EXPECT_TRUE(both_reach_each_other());
}

INSTANTIATE_TEST_SUITE_P(Suites, ComingUpInClear,
                         testing::Values(Algorithms{"aes128ccm16-prfsha256-x25519", "null-sha256-esn"},
                                         Algorithms{"aes128ccm16-prfsha256-x25519", "null-aesxcbc-noesn"},
                                         Algorithms{"aes128ccm16-prfsha256-x25519", "null-md5"},
                                         Algorithms{"aes128ccm16-prfsha256-x25519", "aes128gmac-esn"},
                                         Algorithms{"aes128ccm16-prfsha256-x25519", "aes256gmac-noesn"}));

}  // namespace
}  // namespace sallyport::scenarios
