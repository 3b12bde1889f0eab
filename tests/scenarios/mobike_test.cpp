// MOBIKE: alice is on the move, bob too at times, and their SAs stay what they are.
#include "tests/scenarios/rekeying.h"
#include "tests/scenarios/ventriloquist.h"

namespace sallyport::scenarios {
namespace {

namespace w = wire::ikev2;
using sim::NatBox;
using sim::NatSettings;

const IpAddress elsewhere = IpAddress::v4(203, 0, 113, 77);
const IpAddress bob_second = IpAddress::v4(198, 51, 100, 99);
const IpAddress alice_six = *IpAddress::parse("2001:db8:a::1");
const IpAddress bob_six = *IpAddress::parse("2001:db8:b::2");
const IpAddress victim = IpAddress::v4(203, 0, 113, 66);

/// Has a host behind it that is now directly in the internet, now behind a NAT.
class Fork final : public sim::Device {
 public:
  static constexpr sim::PortNumber host = 0, open = 1, natted = 2;
  using Device::Device;
  void on_packet(sim::PortNumber port, Bytes packet) override {
    if (port == host)
      (void)send(outward, std::move(packet));
    else
      (void)send(host, std::move(packet));
  }
  sim::PortNumber outward = open;
};

class Mobike : public Stage {
 protected:
  void TearDown() override {
    if (!secrecy) secrecy = std::make_unique<sim::SecrecyWatch>(world);
    Stage::TearDown();
  }
  /// alice's addresses are whatever she has, and bob does not mind.
  static Pairing mobile(Pairing pairing = office()) {
    pairing.left.local_addrs.clear();
    pairing.right.local_addrs.clear();
    pairing.right.remote_addrs.clear();
    pairing.left.dpd_delay = Seconds(10);
    pairing.left.mobike = pairing.right.mobike = true;
    return pairing;
  }
  void load_logging(const Pairing& pairing) {
    sim::Configuration logging = pairing.left_configuration();
    logging.ike.log_keys = true;
    alice.load(std::move(logging));
    bob.load(pairing.right_configuration());
  }
  void give(Host& host, Link& link, std::vector<IpAddress> addresses) {
    for (const IpAddress& address : addresses) internet.add_route({address, address.bits()}, link);
    host.change_addresses(std::move(addresses));
  }
  void alice_moves(std::vector<IpAddress> addresses) { give(alice, alice_link, std::move(addresses)); }
  void bob_moves(std::vector<IpAddress> addresses) { give(bob, bob_link, std::move(addresses)); }
  /// Both ends' IKE and Child SAs are between these two.
  bool are_between(const IpAddress& alices, const IpAddress& bobs) const {
    const auto fits = [](const Host& host, const IpAddress& local, const IpAddress& remote) {
      return std::ranges::all_of(host.ike_sas(),
                                 [&](const ike::IkeSaStatus& sa) {
                                   return sa.local.address == local && sa.remote.address == remote;
                                 }) &&
             std::ranges::all_of(host.installed(), [&](const auto& child) {
               return child.second.local.address == local && child.second.remote.address == remote;
             });
    };
    return is_up() && fits(alice, alices, bobs) && fits(bob, bobs, alices);
  }
  /// They are, soon; traffic passes, and the IKE SA is the one that it was.
  void expect_moved(const IpAddress& alices, const IpAddress& bobs, Duration at_most = 5s) {
    EXPECT_TRUE(eventually([&] { return are_between(alices, bobs); }, at_most));
    EXPECT_TRUE(both_reach_each_other());
    EXPECT_EQ(alice.count<event::IkeSaClosed>(), alice.count<event::IkeSaRekeyed>());
  }
  /// alice moves while `rekeying` waits for an answer that gets lost.
  void expect_moved_while(Host& rekeying) {
    load(mobile());
    ASSERT_TRUE(comes_up());
    mallory.take(OnPathAttacker::ike(ExchangeType::create_child_sa, response), 2);
    rekeying.rekey("office");
    pass(100ms);
    alice_moves({elsewhere});
    expect_moved(elsewhere, bob_address, 3min);
    pass(3min);
    EXPECT_TRUE(is_up());
    alice_moves({alice_address});
    expect_moved(alice_address, bob_address);
  }
  void use_ah(Pairing& pairing) {
    secrecy.reset();  // AH hides nothing
    sim::at_both_ends(pairing, [](policy::Connection& end) {
      end.children[0].esp_proposals.clear();
      end.children[0].ah_proposals = sim::proposals(policy::Protocol::ah, {"sha256"});
    });
  }
  std::size_t packets_to(const IpAddress& address, sim::Sniffed::Kind kind) const {
    return static_cast<std::size_t>(std::ranges::count_if(world.trace().packets(), [&](const auto& packet) {
      const auto ip = sim::parse_ip(packet.bytes);
      return ip && ip->fields.destination == address && sim::sniff(packet.bytes).kind == kind;
    }));
  }
  /// The source address of the next `count` packets of alice that are chosen is the victim's on its way.
  void forge_source(OnPathAttacker::Choice choice, std::size_t count = 1) {
    mallory.alter(
        OnPathAttacker::only(outward, std::move(choice)),
        [](Bytes& packet) { std::ranges::copy(victim.bytes(), packet.begin() + 12); }, count);
  }
};

const auto informational_request = OnPathAttacker::ike(ExchangeType::informational, request);
const auto informational_response = OnPathAttacker::ike(ExchangeType::informational, response);

TEST_F(Mobike, PortsAreReadyForANatFromTheBeginning) {
  load(mobile());
  ASSERT_TRUE(comes_up());
  EXPECT_EQ(alice.ike_sas()[0].local.port, 4500);
  EXPECT_EQ(bob.ike_sas()[0].remote.port, 4500);
  EXPECT_FALSE(alice.installed().begin()->second.udp_encap);
  EXPECT_TRUE(both_reach_each_other());
}

TEST_F(Mobike, AnAddressChangesUnderTraffic) {
  load(mobile());
  ASSERT_TRUE(comes_up());
  Traffic traffic(world, alice, bob);
  pass(1s);
  alice_moves({elsewhere});
  pass(5s);
  traffic.stop();
  pass(1s);
  EXPECT_GT(traffic.sent(), 200U);
  EXPECT_LE(traffic.lost(), 8U);  // what was under way, and bob's until he knew
  expect_moved(elsewhere, bob_address);
  EXPECT_EQ(alice.count<event::OwnAddressChanged>(), 1U);
  EXPECT_EQ(bob.count<event::PeerAddressChanged>(), 1U);
}

TEST_F(Mobike, AndBackAgain) {
  load(mobile());
  ASSERT_TRUE(comes_up());
  alice_moves({elsewhere});
  expect_moved(elsewhere, bob_address);
  alice_moves({alice_address});
  expect_moved(alice_address, bob_address);
}

TEST_F(Mobike, AnotherRouteIsEnough) {
  load(mobile());
  ASSERT_TRUE(comes_up());
  alice_moves({elsewhere, alice_address});  // the old address is still there
  expect_moved(elsewhere, bob_address);
}

TEST_F(Mobike, AConfiguredAddressIsKeptAsLongAsItIsThere) {
  Pairing pairing = mobile();
  pairing.left.local_addrs = {policy::AddressRange::host(alice_address), policy::AddressRange::host(elsewhere)};
  load(pairing);
  ASSERT_TRUE(comes_up());
  alice_moves({elsewhere, alice_address});
  pass(5s);
  expect_moved(alice_address, bob_address);
  alice_moves({elsewhere});
  expect_moved(elsewhere, bob_address);
}

TEST_F(Mobike, AnAddressThatIsNotConfiguredIsNotUsed) {
  Pairing pairing = mobile();
  pairing.left.local_addrs = {policy::AddressRange::host(alice_address)};
  load(pairing);
  ASSERT_TRUE(comes_up());
  alice_moves({elsewhere});
  pass(5s);
  EXPECT_TRUE(are_between(alice_address, bob_address));
  alice_moves({alice_address});  // and when it is back, nothing has happened
  pass(30s);
  expect_moved(alice_address, bob_address);
}

TEST_F(Mobike, WithoutAnyAddressItWaitsForOne) {
  load(mobile());
  ASSERT_TRUE(comes_up());
  alice_moves({alice_six});  // nothing leads to bob from there
  pass(20s);
  alice_moves({elsewhere});
  expect_moved(elsewhere, bob_address);
}

TEST_F(Mobike, LostUpdatesComeAgain) {
  load(mobile());
  ASSERT_TRUE(comes_up());
  mallory.take(informational_request, 3);
  alice_moves({elsewhere});
  expect_moved(elsewhere, bob_address, 2min);
}

TEST_F(Mobike, LostAnswersComeAgain) {
  load(mobile());
  ASSERT_TRUE(comes_up());
  mallory.take(informational_response, 4);
  alice_moves({elsewhere});
  expect_moved(elsewhere, bob_address, 2min);
}

TEST_F(Mobike, ManyMovesEndWhereTheLastOneWentTo) {
  load(mobile());
  ASSERT_TRUE(comes_up());
  for (std::uint8_t i = 1; i < 40; ++i) {
    alice_moves({IpAddress::v4(203, 0, 113, i)});
    pass(i % 3 == 0 ? Duration(90ms) : Duration(7ms));
  }
  expect_moved(IpAddress::v4(203, 0, 113, 39), bob_address, 1min);
}

TEST_F(Mobike, TheInnerAddressStays) {
  Pairing pairing = mobile();
  pairing.left.vips = {IpAddress::unspecified(policy::Family::ipv4)};
  pairing.left.children[0].local_ts = pairing.right.children[0].remote_ts = sim::selectors({"dynamic"});
  pairing.right.pools = {"clients"};
  sim::Configuration right = pairing.right_configuration();
  right.pools = {{.name = "clients", .addresses = *policy::AddressRange::parse("10.3.0.1-10.3.0.9"), .config = {}}};
  alice.load(pairing.left_configuration());
  bob.load(std::move(right));
  ASSERT_TRUE(comes_up());
  alice_moves({elsewhere});
  EXPECT_TRUE(eventually([&] { return are_between(elsewhere, bob_address); }));
  EXPECT_TRUE(reaches(alice, IpAddress::v4(10, 3, 0, 1), bob_inside));
}

TEST_F(Mobike, OutOfANatAndIntoIt) {
  Fork& fork = world.add<Fork>("fork");
  Host& carol = world.add<Host>("carol", std::vector{elsewhere}, cryptography());
  NatBox& nat = world.add<NatBox>("nat", NatSettings{.outside = IpAddress::v4(203, 0, 113, 7), .timeout = 60s});
  world.connect(carol, fork);
  internet.attach(fork, elsewhere);
  world.connect(fork, nat);
  internet.attach(nat, IpAddress::v4(203, 0, 113, 7));
  Pairing pairing = mobile();
  alice.load({});
  carol.load(pairing.left_configuration());
  bob.load(pairing.right_configuration());
  carol.initiate("office");
  ASSERT_TRUE(eventually([&] { return carol.installed().size() == 1 && bob.installed().size() == 1; }));
  for (const bool natted : {true, false, true}) {
    fork.outward = natted ? Fork::natted : Fork::open;
    carol.change_addresses({natted ? IpAddress::v4(192, 168, 1, 2) : elsewhere});
    EXPECT_TRUE(eventually(
        [&] {
          return carol.installed().begin()->second.udp_encap == natted &&
                 bob.installed().begin()->second.udp_encap == natted;
        },
        10s));
    EXPECT_TRUE(reaches(carol, alice_inside, bob_inside));
    EXPECT_TRUE(reaches(bob, bob_inside, alice_inside));
    EXPECT_EQ(carol.ike_sas()[0].nat_local, natted);
    EXPECT_EQ(bob.ike_sas()[0].nat_remote, natted);
    pass(2min);  // the mapping is kept alive
    EXPECT_TRUE(reaches(bob, bob_inside, alice_inside));
  }
  EXPECT_EQ(carol.count<event::IkeSaEstablished>(), 1U);
}

TEST_F(Mobike, ANatThatForgetsIsFoundOut) {
  const IpAddress home = IpAddress::v4(192, 168, 1, 2);
  Host& carol = world.add<Host>("carol", std::vector{home}, cryptography());
  NatBox& nat = world.add<NatBox>("nat", NatSettings{.outside = elsewhere, .timeout = 60s});
  world.connect(carol, nat);
  internet.attach(nat, elsewhere);
  Pairing pairing = mobile();
  carol.load(pairing.left_configuration());
  bob.load(pairing.right_configuration());
  carol.initiate("office");
  ASSERT_TRUE(eventually([&] { return carol.installed().size() == 1 && bob.installed().size() == 1; }));
  pass(30s);
  for (int i = 0; i < 3; ++i) {
    nat.rebind();
    pass(25s);  // nobody says anything, but for the question whether bob lives
    EXPECT_TRUE(reaches(bob, bob_inside, alice_inside)) << i;
  }
  EXPECT_EQ(carol.count<event::IkeSaEstablished>(), 1U);
}

// ---- The other end moves

TEST_F(Mobike, TheGatewayMoves) {
  load(mobile());
  ASSERT_TRUE(comes_up());
  bob_moves({bob_second});
  expect_moved(alice_address, bob_second);
}

TEST_F(Mobike, AFurtherAddressOfTheGatewayIsTakenWhenTheFirstFallsSilent) {
  bob_moves({bob_address, bob_second});
  load(mobile());
  ASSERT_TRUE(comes_up());
  mallory.take([](Direction, const sim::Sniffed& packet) {
    return packet.source.address == bob_address || packet.destination.address == bob_address;
  });
  expect_moved(alice_address, bob_second, 2min);
}

TEST_F(Mobike, BothMoveAtOnce) {
  bob_moves({bob_address, bob_second});
  load(mobile());
  ASSERT_TRUE(comes_up());
  bob_moves({bob_second});
  alice_moves({elsewhere});
  expect_moved(elsewhere, bob_second, 2min);
}

TEST_F(Mobike, AnotherFamily) {
  bob_moves({bob_address, bob_six});
  load(mobile());
  ASSERT_TRUE(comes_up());
  alice_moves({alice_six});
  expect_moved(alice_six, bob_six);
  alice_moves({alice_address});
  expect_moved(alice_address, bob_address);
}

TEST_F(Mobike, ANewFurtherAddressIsTold) {
  load(mobile());
  ASSERT_TRUE(comes_up());
  bob_moves({bob_address, bob_six});
  pass(5s);
  alice_moves({alice_six});
  expect_moved(alice_six, bob_six);
}

// ---- While keys change

TEST_F(Mobike, AnAddressChangesWhileItsOwnEndRekeysTheIkeSa) { expect_moved_while(alice); }
TEST_F(Mobike, AnAddressChangesWhileTheOtherEndRekeysTheIkeSa) { expect_moved_while(bob); }

TEST_F(Mobike, ASuccessorMovesAsWell) {
  load(mobile());
  ASSERT_TRUE(comes_up());
  ASSERT_TRUE(bob.rekey("office"));  // bob is its initiator, and alice leads all the same
  pass(2min);
  alice_moves({elsewhere});
  expect_moved(elsewhere, bob_address);
  bob_moves({bob_second});
  expect_moved(elsewhere, bob_second);
}

TEST_F(Mobike, ChildrenAreRenewedOnTheWay) {
  load(both_renew(mobile(), Seconds(40), Seconds(100), Seconds(5)));
  ASSERT_TRUE(comes_up());
  for (std::uint8_t i = 1; i < 60; ++i) {
    alice_moves({IpAddress::v4(203, 0, 113, i)});
    pass(11s);
  }
  pass(2min);
  EXPECT_TRUE(is_up());
  EXPECT_TRUE(both_reach_each_other());
  EXPECT_EQ(alice.count<event::IkeSaClosed>(), alice.count<event::IkeSaRekeyed>());
}

// ---- What does not move

TEST_F(Mobike, NobodyMovesWhoDoesNotWantTo) {
  for (const bool alices : {true, false}) {
    Pairing pairing = mobile();
    (alices ? pairing.left : pairing.right).mobike = false;
    load(pairing);
    ASSERT_TRUE(comes_up());
    alice_moves({elsewhere});
    pass(2s);
    EXPECT_FALSE(alice_reaches_bob());
    EXPECT_TRUE(are_between(alice_address, bob_address));
    alice_moves({alice_address});
    alice.terminate("office");
    ASSERT_TRUE(eventually([&] { return is_all_gone(); }, 5min));
  }
}

TEST_F(Mobike, TransportModeStaysWhereItIs) {
  Pairing pairing = mobile();
  sim::use_transport_mode(pairing);
  load(pairing);
  ASSERT_TRUE(comes_up());
  EXPECT_EQ(alice.ike_sas()[0].local.port, 500);
  alice_moves({elsewhere});
  pass(2s);
  EXPECT_TRUE(are_between(alice_address, bob_address));
}

TEST_F(Mobike, AGatewayMayRefuseAnAddress) {
  Pairing pairing = mobile();
  pairing.right.remote_addrs = {policy::AddressRange::host(alice_address)};
  load(pairing);
  ASSERT_TRUE(comes_up());
  alice_moves({elsewhere});
  ASSERT_TRUE(eventually([&] { return is_all_gone(); }, 5min));
  EXPECT_EQ(alice.latest<event::IkeSaClosed>()->why.notify, "UNACCEPTABLE_ADDRESSES");
}

TEST_F(Mobike, AgainWithAhWhichKnowsNoNat) {
  Pairing pairing = mobile();
  use_ah(pairing);
  load(pairing);
  ASSERT_TRUE(comes_up());
  alice_moves({elsewhere});
  expect_moved(elsewhere, bob_address);
}

TEST_F(Mobike, WhereNoNatMayBeAChangedAddressIsRefusedAndTriedAgain) {
  Pairing pairing = mobile();
  use_ah(pairing);
  load(pairing);
  ASSERT_TRUE(comes_up());
  forge_source(informational_request);
  alice_moves({elsewhere});
  expect_moved(elsewhere, bob_address, 1min);
  EXPECT_EQ(packets_to(victim, sim::Sniffed::Kind::ah), 0U);
}

// ---- Attackers

TEST_F(Mobike, AForgedSourceOfAnUpdateDrawsNoTrafficThere) {
  load(mobile());
  ASSERT_TRUE(comes_up());
  Traffic traffic(world, alice, bob);
  forge_source(informational_request);
  alice_moves({elsewhere});
  pass(2min);
  traffic.stop();
  EXPECT_EQ(packets_to(victim, sim::Sniffed::Kind::esp), 0U);
  EXPECT_LE(packets_to(victim, sim::Sniffed::Kind::ike), 12U);
  expect_moved(elsewhere, bob_address);
}

TEST_F(Mobike, AForgedSourceIsFoundOutInSilenceToo) {
  load(mobile());
  ASSERT_TRUE(comes_up());
  forge_source(informational_request);
  alice_moves({elsewhere});
  pass(3min);
  expect_moved(elsewhere, bob_address);
}

TEST_F(Mobike, AForgedSourceOfEspDrawsNoTrafficThere) {
  load(mobile());
  ASSERT_TRUE(comes_up());
  forge_source(OnPathAttacker::esp());
  alice_reaches_bob(10s);  // or not
  pass(2min);
  EXPECT_EQ(packets_to(victim, sim::Sniffed::Kind::esp), 0U);
  expect_moved(alice_address, bob_address);
}

TEST_F(Mobike, AnythingElseThanAnUpdateMovesNothing) {
  load(mobile());
  ASSERT_TRUE(comes_up());
  forge_source(OnPathAttacker::ike(), 4);  // of alice's liveness checks
  pass(20s);
  EXPECT_TRUE(are_between(alice_address, bob_address));
  pass(1min);
  expect_moved(alice_address, bob_address);
}

TEST_F(Mobike, AWrongCookieClosesTheIkeSa) {
  load_logging(mobile());
  ASSERT_TRUE(comes_up());
  Ventriloquist voice(mallory, alice, cryptography().provider);
  voice.rewrite(OnPathAttacker::only(outward, informational_response), [](w::PayloadChain& payloads) {
    w::PayloadChain other;
    for (w::Payload payload : payloads) {
      if (auto* notify = std::get_if<w::NotifyPayload>(&payload.body); notify && notify->type == w::NotifyType::cookie2)
        notify->data.back() ^= 1;
      other.add(std::move(payload));
    }
    payloads = std::move(other);
  });
  alice_moves({elsewhere});
  ASSERT_TRUE(eventually([&] { return bob.ike_sas().empty(); }, 1min));
  EXPECT_EQ(bob.latest<event::IkeSaClosed>()->why.kind, FailureKind::protocol_violation);
}

TEST_F(Mobike, OnlyWhoLeadsSaysWhereItIs) {
  Pairing pairing = mobile();
  pairing.right.dpd_delay = Seconds(10);
  load_logging(pairing);
  ASSERT_TRUE(comes_up());
  Ventriloquist voice(mallory, alice, cryptography().provider);
  voice.rewrite(OnPathAttacker::only(inward, informational_request), [](w::PayloadChain& payloads) {
    payloads.add(w::NotifyPayload{.type = w::NotifyType::update_sa_addresses});
  });
  mallory.alter(OnPathAttacker::only(inward, informational_request),
                [](Bytes& packet) { std::ranges::copy(victim.bytes(), packet.begin() + 12); });
  pass(1min);
  EXPECT_EQ(alice.count<event::PeerAddressChanged>(), 0U);
}

}  // namespace
}  // namespace sallyport::scenarios
