// The stage on which the stories play: alice and bob, each with a network behind, and the internet between them.
//
//     10.1.0.0/16 ─ alice ─────── internet ─────── bob ─ 10.2.0.0/16
//                192.0.2.1                     198.51.100.2
//
// After each story the invariants of sim/invariants.h are checked; when it failed, its timeline is printed, and with
// SALLYPORT_TRACES=directory its packets go to directory/<story>.pcapng.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/host.h"
#include "sim/invariants.h"
#include "sim/nat_box.h"
#include "sim/off_path_attacker.h"
#include "sim/on_path_attacker.h"
#include "sim/pairing.h"
#include "sim/router.h"
#include "sim/udp_host.h"
#include "sim/world.h"

namespace sallyport::scenarios {

using namespace std::chrono_literals;
using event::FailureKind;
using event::Side;
using policy::IpAddress;
using sim::Chance;
using sim::Direction;
using sim::Host;
using sim::Link;
using sim::OnPathAttacker;
using sim::Pairing;
using testing::IsEmpty;
using wire::ikev2::ExchangeType;

constexpr bool request = false, response = true;
/// Seen from a host: its link's end a is its own.
constexpr Direction outward = Direction::a_to_b, inward = Direction::b_to_a;

const IpAddress alice_address = IpAddress::v4(192, 0, 2, 1);
const IpAddress bob_address = IpAddress::v4(198, 51, 100, 2);
/// Hosts of the networks behind them; the application answers for both.
const IpAddress alice_inside = IpAddress::v4(10, 1, 0, 1);
const IpAddress bob_inside = IpAddress::v4(10, 2, 0, 1);

sim::Cryptography cryptography();

class Stage : public testing::Test {
 protected:
  Stage();
  void TearDown() override;

  /// Between alice's network and bob's, with the name "office" and one child "lan".
  static Pairing office();
  /// Left is alice, right is bob.
  void load(const Pairing& pairing);
  /// Several connections at once.
  void load(std::initializer_list<Pairing> pairings);

  void pass(Duration time) { EXPECT_EQ(world.run_for(time), sim::World::Ended::time_reached); }
  bool eventually(const std::function<bool()>& condition, Duration at_most = 30s);
  /// alice initiates "office", or the connection that is named; both ends have an IKE SA and `children` Child SAs soon.
  bool comes_up(std::string_view connection = "office", std::size_t children = 1);
  /// alice initiates "office", to no avail: nothing comes up, nothing stays.
  void expect_nothing_comes_up();
  bool is_up(std::size_t ike_sas = 1, std::size_t child_sas = 1) const;
  /// Neither end has an IKE SA, half-open and closing ones included.
  bool is_all_gone() const;

  /// A ping that comes back; the first try counts.
  bool reaches(Host& from, const IpAddress& source, const IpAddress& destination, Duration at_most = 2s);
  bool alice_reaches_bob(Duration at_most = 2s) { return reaches(alice, alice_inside, bob_inside, at_most); }
  bool bob_reaches_alice(Duration at_most = 2s) { return reaches(bob, bob_inside, alice_inside, at_most); }
  bool both_reach_each_other() { return alice_reaches_bob() && bob_reaches_alice(); }

  /// Why the host's last failed negotiation failed; without one, why its last IKE SA ended.
  static std::optional<FailureKind> failure_of(const Host& host);
  std::size_t packets_of(Host& host, sim::Sniffed::Kind kind) const;

  sim::World world{1};
  sim::Router& internet = world.add<sim::Router>("internet");
  Host& alice = world.add<Host>("alice", std::vector{alice_address}, cryptography());
  Host& bob = world.add<Host>("bob", std::vector{bob_address}, cryptography());
  Link& alice_link = internet.attach(alice, alice_address);
  Link& bob_link = internet.attach(bob, bob_address);
  OnPathAttacker mallory{alice_link};  // lets everything pass until told otherwise
  std::unique_ptr<sim::SecrecyWatch> secrecy = std::make_unique<sim::SecrecyWatch>(world);
};

}  // namespace sallyport::scenarios
