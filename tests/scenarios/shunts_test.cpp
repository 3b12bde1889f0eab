// Policies without SAs: what goes in clear, what goes nowhere, and that neither comes by an SA.
#include "tests/scenarios/stage.h"

namespace sallyport::scenarios {
namespace {

using policy::SpdAction;

const IpAddress bob_printer = IpAddress::v4(10, 2, 0, 9);

policy::Shunt shunt(std::string name, SpdAction action, std::string_view local, std::string_view remote,
                    std::uint32_t priority = 0) {
  return {.connection = "office",
          .name = std::move(name),
          .action = action,
          .local_ts = sim::selectors({local}),
          .remote_ts = sim::selectors({remote}),
          .priority = priority};
}

policy::PolicySettings with(std::vector<policy::Shunt> shunts) {
  return {.shunts = std::move(shunts), .priorities = {}};
}

class WithShunts : public Stage {
 protected:
  void load(const Pairing& pairing, policy::PolicySettings left, policy::PolicySettings right = {}) {
    auto of_alice = pairing.left_configuration(), of_bob = pairing.right_configuration();
    of_alice.policies = std::move(left);
    of_bob.policies = std::move(right);
    alice.load(std::move(of_alice));
    bob.load(std::move(of_bob));
  }
};

class Shunts : public WithShunts {
 protected:
  static std::uint64_t drops_of(const Host& host, datapath::DropReason reason) {
    return host.worker()->counters().drops[reason];
  }
};

/// Here, packets are seen in clear, and that is right.
class Bypassed : public WithShunts {
 protected:
  void TearDown() override { EXPECT_THAT(sim::check_bounds(alice, {}), IsEmpty()); }

  std::optional<bool> arrives_in_clear(std::uint16_t port) {
    const auto number = alice.application().send_udp({alice_address, 1000}, {bob_address, port});
    const auto& arrivals = bob.application().arrivals();
    const auto found = [&] { return std::ranges::find(arrivals, number, &sim::Application::Arrival::number); };
    if (!eventually([&] { return found() != arrivals.end(); }, 2s)) return std::nullopt;
    return found()->in_clear;
  }
};

TEST_F(Shunts, DiscardAHostOfANetworkThatIsProtected) {
  load(office(), with({shunt("printer", SpdAction::discard, "10.1.0.0/16", "10.2.0.9")}));
  ASSERT_TRUE(comes_up());
  EXPECT_TRUE(alice_reaches_bob());
  EXPECT_FALSE(reaches(alice, alice_inside, bob_printer));
  EXPECT_GT(drops_of(alice, datapath::DropReason::policy_discard), 0u);
}

TEST_F(Shunts, TellWhoSendsToADiscardedHostSoWhereThatIsWanted) {
  for (const bool wanted : {false, true}) {
    auto of_alice = office().left_configuration();
    of_alice.policies = with({shunt("printer", SpdAction::discard, "10.1.0.0/16", "10.2.0.9")});
    of_alice.datapath.answer_refused = wanted;
    alice.load(std::move(of_alice));
    alice.restart();
    EXPECT_FALSE(reaches(alice, alice_inside, bob_printer));
    EXPECT_EQ(alice.application().complaints().size(), wanted ? 1u : 0u);
  }
}

TEST_F(Shunts, DiscardWhatThePeerSendsByAnSaThatTakesItIn) {
  load(office(), with({shunt("printer", SpdAction::discard, "10.1.0.0/16", "10.2.0.9")}));
  ASSERT_TRUE(comes_up());
  EXPECT_FALSE(reaches(bob, bob_printer, alice_inside));
  EXPECT_GT(drops_of(alice, datapath::DropReason::policy_discard), 0u);
  EXPECT_TRUE(bob_reaches_alice());
}

TEST_F(Bypassed, PortsOfAHostThatIsProtectedGoInClear) {
  Pairing pairing = office();
  sim::use_transport_mode(pairing);
  load(pairing, with({shunt("names", SpdAction::bypass, "192.0.2.1", "198.51.100.2[udp/53]")}),
       with({shunt("names", SpdAction::bypass, "198.51.100.2[udp/53]", "192.0.2.1")}));
  ASSERT_TRUE(comes_up());
  EXPECT_EQ(arrives_in_clear(53), true);
  EXPECT_EQ(arrives_in_clear(54), false);
}

TEST_F(Bypassed, PortsThatOnlyOneSideBypassesDoNotArrive) {
  Pairing pairing = office();
  sim::use_transport_mode(pairing);
  load(pairing, with({shunt("names", SpdAction::bypass, "192.0.2.1", "198.51.100.2[udp/53]")}));
  ASSERT_TRUE(comes_up());
  EXPECT_EQ(arrives_in_clear(53), std::nullopt);
  EXPECT_GT(bob.counters().blocked_in, 0u);
}

TEST_F(Shunts, WhatPassesInClearIsNotTakenFromAnSa) {
  load(office(), with({shunt("discovery", SpdAction::bypass, "10.1.0.0/16", "10.2.0.9")}));
  ASSERT_TRUE(comes_up());
  EXPECT_FALSE(reaches(bob, bob_printer, alice_inside));
  EXPECT_GT(drops_of(alice, datapath::DropReason::policy_bypass), 0u);
}

TEST_F(Shunts, TheLastResortDropsAllThatNoChildProtects) {
  load(office(), with({shunt("rest", SpdAction::discard, "0.0.0.0/0", "0.0.0.0/0")}));
  EXPECT_FALSE(alice_reaches_bob());  // there is no SA, and nothing asks for one
  ASSERT_TRUE(comes_up());
  EXPECT_TRUE(both_reach_each_other());
  EXPECT_FALSE(reaches(alice, alice_inside, IpAddress::v4(10, 9, 0, 1)));
}

TEST_F(Shunts, APriorityGoesBeforeWhatIsMoreSpecific) {
  policy::PolicySettings policies = with({shunt("nothing", SpdAction::discard, "0.0.0.0/0", "0.0.0.0/0", 2)});
  load(office(), policies);
  ASSERT_TRUE(comes_up());
  EXPECT_FALSE(alice_reaches_bob());
  policies.priorities[{"office", "lan"}] = 1;
  load(office(), policies);
  EXPECT_TRUE(alice_reaches_bob());  // and nothing was closed
}

TEST_F(Shunts, StandInConnectionsThatNobodySpeaksWith) {
  auto alone = shunt("printer", SpdAction::discard, "10.1.0.0/16", "10.2.0.9");
  alone.connection = "policies";
  load(office(), with({alone}));
  EXPECT_FALSE(alice.initiate("policies"));
  ASSERT_TRUE(comes_up());
  EXPECT_TRUE(both_reach_each_other());
  EXPECT_FALSE(reaches(alice, alice_inside, bob_printer));
}

TEST_F(Shunts, StandForTheConnectionsAddressesWhereTheySayDynamic) {
  auto own = shunt("own", SpdAction::discard, "dynamic", "dynamic");
  own.local_addrs = {policy::AddressRange::host(alice_inside)};
  own.remote_addrs = {policy::AddressRange::host(bob_inside)};
  load(office(), with({own}));
  ASSERT_TRUE(comes_up());
  EXPECT_FALSE(alice_reaches_bob());
  EXPECT_TRUE(reaches(alice, IpAddress::v4(10, 1, 0, 2), bob_inside));
}

TEST_F(Shunts, ALaterChildOfAPeerIsProtectedBeforeTheLastResort) {
  Pairing pairing = office();
  // bob does not know in advance who comes: his policy comes with the SA.
  pairing.right.remote_addrs.clear();
  pairing.left.children[0].local_ts = pairing.right.children[0].remote_ts = sim::selectors({"dynamic"});
  load(pairing, {}, with({shunt("rest", SpdAction::discard, "0.0.0.0/0", "0.0.0.0/0")}));
  ASSERT_TRUE(comes_up());
  EXPECT_TRUE(reaches(alice, alice_address, bob_inside));
}

}  // namespace
}  // namespace sallyport::scenarios
