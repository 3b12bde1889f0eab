// Nothing protects IKEv1's vendor ids and NAT-D payloads: whoever is on the path can change them. An ISAKMP SA that
// knows nothing of its NAT must not come of it.
#include "diagnose/explanation.h"
#include "tests/scenarios/ikev1.h"
#include "wire/ikev1/vendor_id.h"

namespace sallyport::scenarios {
namespace {

namespace w = wire::ikev1;

/// Where the payloads of a message in clear have their type: in the header, and in the payload before.
std::vector<std::pair<std::size_t, std::uint8_t>> type_places(ByteView message) {
  std::vector<std::pair<std::size_t, std::uint8_t>> places;
  std::size_t place = wire::next_payload_offset, at = wire::ike_header_size;
  while (message[place] != 0 && at + 4 <= message.size()) {
    places.push_back({place, message[place]});
    place = at;
    at += load_be16(&message[at + 2]);
  }
  return places;
}

class Ikev1NatPromise : public Stage, public testing::WithParamInterface<bool> {
 protected:
  static constexpr std::uint8_t kNatD = 20, kVendorId = 13;

  void load_roadwarrior() {
    Pairing pairing =
        in_ikev1(sim::pair_up("home", {home_address, "", "alice.example"}, {bob_address, "10.2.0.0/16", "bob.example"}),
                 GetParam());
    pairing.right.remote_addrs.clear();
    pairing.right.remote.id = policy::Identity::fqdn("alice.example");
    pairing.right.children[0].remote_ts = sim::selectors({"192.168.1.0/24"});
    pairing.left.keyingtries = 0;
    pairing.left.children[0].start_action = policy::StartAction::start;
    home.load(pairing.left_configuration());
    bob.load(pairing.right_configuration());
  }
  static V1 mode() { return GetParam() ? V1::aggressive_mode : V1::main_mode; }
  /// Of the responder's answer that says it.
  void damage_vendor_ids(std::size_t count) {
    const ByteView id = w::vendor_id_octets(w::VendorId::nat_t_rfc3947);
    const auto holds = [id](Direction direction, const sim::Sniffed& packet) {
      return direction == inward && is_ikev1(packet, mode()) && !std::ranges::search(packet.content, id).empty();
    };
    path.alter(holds, [id](Bytes& packet) { *std::ranges::search(packet, id).begin() ^= 0x40; }, count);
  }
  /// On the way nobody hears of them.
  void hide_vendor_ids(std::vector<w::VendorId> ids) {
    const auto holds = [ids](Direction, const sim::Sniffed& packet) {
      return is_ikev1(packet, mode()) && std::ranges::any_of(ids, [&](w::VendorId id) {
               return !std::ranges::search(packet.content, w::vendor_id_octets(id)).empty();
             });
    };
    const auto damage = [ids](Bytes& packet) {
      for (const w::VendorId id : ids)
        if (const auto found = std::ranges::search(packet, w::vendor_id_octets(id)); !found.empty())
          *found.begin() ^= 0x40;
    };
    path.alter(holds, damage, 100);
  }
  /// NAT-D as the drafts number it.
  bool has_spoken_a_draft() const {
    constexpr std::uint8_t nat_d_of_drafts = 130;
    return std::ranges::any_of(world.trace().packets(), [](const auto& packet) {
      const auto sniffed = sim::sniff(packet.bytes);
      if (!is_ikev1(sniffed, mode()) || (sniffed.ike.flags & 1) != 0) return false;
      return std::ranges::any_of(type_places(sniffed.content),
                                 [](const auto& each) { return each.second == nat_d_of_drafts; });
    });
  }
  /// NAT-D payloads become vendor ids of nobody.
  void hide_nat_detection(Direction direction, std::size_t count) {
    const auto in_clear = [direction](Direction way, const sim::Sniffed& packet) {
      if (way != direction || !is_ikev1(packet, mode()) || (packet.ike.flags & 1) != 0) return false;
      return std::ranges::any_of(type_places(packet.content), [](const auto& each) { return each.second == kNatD; });
    };
    path.alter(
        in_clear,
        [](Bytes& packet) {
          const std::size_t start = packet.size() - sim::sniff(packet).content.size();
          for (const auto& [place, type] : type_places(ByteView(packet).subspan(start)))
            if (type == kNatD) packet[start + place] = kVendorId;
        },
        count);
  }
  bool comes_up_encapsulated() {
    home.initiate("home");
    const bool up = eventually([&] { return home.installed().size() == 1 && bob.installed().size() == 1; }, 5min);
    return up && home.installed().begin()->second.udp_encap && bob.installed().begin()->second.udp_encap &&
           reaches(home, home_address, bob_inside);
  }
  static std::vector<FailureKind> failures_of(const Host& host) {
    std::vector<FailureKind> kinds;
    for (const event::Event& each : host.events())
      if (const auto* failed = std::get_if<event::NegotiationFailed>(&each)) kinds.push_back(failed->failure.kind);
    return kinds;
  }
  static bool failed_for(const Host& host, FailureKind kind) {
    const auto kinds = failures_of(host);
    return std::ranges::find(kinds, kind) != kinds.end();
  }

  const IpAddress home_address = IpAddress::v4(192, 168, 1, 2);
  const IpAddress nat_address = IpAddress::v4(203, 0, 113, 7);
  Host& home = world.add<Host>("home", std::vector{home_address}, cryptography());
  sim::NatBox& nat = world.add<sim::NatBox>("nat", sim::NatSettings{.outside = nat_address, .timeout = 60s});
  Link& home_link = world.connect(home, nat);
  Link& nat_link = internet.attach(nat, nat_address);
  OnPathAttacker path{home_link};
};

TEST_P(Ikev1NatPromise, Draft03IsSpokenWhereNobodyHearsOfTheRfc) {
  hide_vendor_ids({w::VendorId::nat_t_rfc3947});
  load_roadwarrior();
  EXPECT_TRUE(comes_up_encapsulated());
  EXPECT_TRUE(has_spoken_a_draft());
}

TEST_P(Ikev1NatPromise, Draft02IsSpokenWhereNobodyHearsOfAnythingNewer) {
  hide_vendor_ids({w::VendorId::nat_t_rfc3947, w::VendorId::nat_t_draft_03});
  load_roadwarrior();
  EXPECT_TRUE(comes_up_encapsulated());
  EXPECT_TRUE(has_spoken_a_draft());
}

TEST_P(Ikev1NatPromise, NoDraftIsSpokenElse) {
  load_roadwarrior();
  EXPECT_TRUE(comes_up_encapsulated());
  EXPECT_FALSE(has_spoken_a_draft());
}

TEST_P(Ikev1NatPromise, ADamagedVendorIdIsFoundOutAndTheNextAttemptSucceeds) {
  load_roadwarrior();
  damage_vendor_ids(1);
  EXPECT_TRUE(comes_up_encapsulated());
  // In Aggressive Mode it is the initiator that sees hashes which nobody has promised; it asks again.
  EXPECT_EQ(failed_for(bob, FailureKind::nat_traversal_broken), !GetParam());
}

TEST_P(Ikev1NatPromise, WhereItAlwaysIsNothingComesUpAndBothSayWhy) {
  load_roadwarrior();
  damage_vendor_ids(OnPathAttacker::all);
  home.initiate("home");
  pass(5min);
  EXPECT_TRUE(home.installed().empty());
  EXPECT_TRUE(bob.installed().empty());
  EXPECT_TRUE(failed_for(GetParam() ? home : bob, FailureKind::nat_traversal_broken));
  EXPECT_FALSE(failures_of(home).empty());
}

TEST_P(Ikev1NatPromise, HashesThatTheResponderHidesAreMissed) {
  load_roadwarrior();
  hide_nat_detection(inward, 1);
  EXPECT_TRUE(comes_up_encapsulated());
}

TEST_P(Ikev1NatPromise, HashesThatNeverComeAreMissed) {
  load_roadwarrior();
  hide_nat_detection(inward, OnPathAttacker::all);
  home.initiate("home");
  pass(5min);
  EXPECT_TRUE(home.installed().empty());
  EXPECT_TRUE(bob.installed().empty());
  EXPECT_TRUE(failed_for(home, FailureKind::nat_traversal_broken));
}

/// Nothing to hide in Aggressive Mode, where they are encrypted.
TEST_P(Ikev1NatPromise, HashesThatTheInitiatorHidesAreMissed) {
  load_roadwarrior();
  hide_nat_detection(outward, 1);
  EXPECT_TRUE(comes_up_encapsulated());
  EXPECT_EQ(failed_for(bob, FailureKind::nat_traversal_broken), !GetParam());
}

INSTANTIATE_TEST_SUITE_P(Modes, Ikev1NatPromise, testing::Bool(),
                         [](const auto& aggressive) { return aggressive.param ? "Aggressive" : "Main"; });

}  // namespace
}  // namespace sallyport::scenarios
