// Packets that are compressed inside of ESP (RFC 3173), where both ends want it (RFC 7296 §2.22).
#include "tests/scenarios/rekeying.h"
#include "tests/scenarios/ventriloquist.h"

namespace sallyport::scenarios {
namespace {

namespace w = wire::ikev2;

class Compression : public Rekeying {
 protected:
  static Pairing compressing(bool at_alice = true, bool at_bob = true) {
    Pairing pairing = office();
    pairing.left.children[0].ipcomp = at_alice;
    pairing.right.children[0].ipcomp = at_bob;
    return pairing;
  }
  void load_logging(const Pairing& pairing) {
    sim::Configuration logging = pairing.left_configuration();
    logging.ike.log_keys = true;
    alice.load(std::move(logging));
    bob.load(pairing.right_configuration());
  }
  /// A large message of alice's arrives; how many octets of ESP it took.
  std::size_t cost_of_a_large_message() {
    const std::size_t before = world.trace().packets().size();
    const auto number = alice.application().send_udp({alice_inside, 1000}, {bob_inside, 2000}, 1200);
    EXPECT_TRUE(eventually([&] { return bob.application().arrived(number) == 1; }, 2s));
    for (std::size_t i = before; i < world.trace().packets().size(); ++i) {
      const auto sniffed = sim::sniff(world.trace().packets()[i].bytes);
      if (sniffed.kind == sim::Sniffed::Kind::esp) return sniffed.content.size();
    }
    return 0;
  }
  static const std::optional<policy::Ipcomp>& ipcomp_of(const Host& host) {
    return host.installed().rbegin()->second.ipcomp;
  }
  /// What a notify IPCOMP_SUPPORTED says is replaced by this; empty: it is added.
  static Ventriloquist::Change saying(Bytes data, bool added = false) {
    return [data, added](w::PayloadChain& payloads) {
      w::PayloadChain other;
      for (w::Payload payload : payloads) {
        if (auto* notify = std::get_if<w::NotifyPayload>(&payload.body);
            notify != nullptr && notify->type == w::NotifyType::ipcomp_supported)
          notify->data = data;
        other.add(std::move(payload));
      }
      if (added) other.add(w::NotifyPayload{.type = w::NotifyType::ipcomp_supported, .data = data});
      payloads = std::move(other);
    };
  }

  Ventriloquist voice{mallory, alice, cryptography().provider};
  const OnPathAttacker::Choice auth_request = OnPathAttacker::ike(ExchangeType::ike_auth, request);
  const OnPathAttacker::Choice auth_response = OnPathAttacker::ike(ExchangeType::ike_auth, response);
};

TEST_F(Compression, IsInUseWhereBothEndsWantIt) {
  load(compressing());
  ASSERT_TRUE(comes_up());
  ASSERT_TRUE(ipcomp_of(alice) && ipcomp_of(bob));
  EXPECT_EQ(ipcomp_of(alice)->cpi_in, ipcomp_of(bob)->cpi_out);
  EXPECT_EQ(ipcomp_of(alice)->cpi_out, ipcomp_of(bob)->cpi_in);
  EXPECT_LT(cost_of_a_large_message(), 600u);
  EXPECT_TRUE(both_reach_each_other());
  EXPECT_GT(alice.worker()->counters().compressed_out, 0u);
}

TEST_F(Compression, IsNotInUseWhereOneEndAloneWantsIt) {
  for (const bool at_alice : {true, false}) {
    load(compressing(at_alice, !at_alice));
    ASSERT_TRUE(comes_up());
    EXPECT_FALSE(ipcomp_of(alice) || ipcomp_of(bob));
    EXPECT_GT(cost_of_a_large_message(), 1200u);
    alice.terminate("office");
    ASSERT_TRUE(eventually([&] { return is_all_gone(); }, 2min));
  }
}

TEST_F(Compression, WorksBetweenTwoHosts) {
  Pairing pairing = compressing();
  sim::at_both_ends(pairing, [](policy::Connection& end) {
    end.children[0].mode = policy::Mode::transport;
    end.children[0].local_ts = end.children[0].remote_ts = {policy::SelectorTemplate{.dynamic = true}};
  });
  load(pairing);
  ASSERT_TRUE(comes_up());
  EXPECT_TRUE(ipcomp_of(alice) && ipcomp_of(bob));
  const auto number = alice.application().send_udp({alice_address, 1000}, {bob_address, 2000}, 1200);
  EXPECT_TRUE(eventually([&] { return bob.application().arrived(number) == 1; }, 2s));
  EXPECT_GT(bob.worker()->counters().compressed_in, 0u);
}

TEST_F(Compression, StaysWithFreshKeysAndGetsFreshNumbers) {
  load(compressing());
  ASSERT_TRUE(comes_up());
  for (Host* host : {&alice, &bob}) {
    const auto before = ipcomp_of(alice);
    ASSERT_TRUE(host->rekey("office", "lan"));
    pass(20s);
    ASSERT_TRUE(ipcomp_of(alice) && ipcomp_of(bob));
    EXPECT_NE(ipcomp_of(alice)->cpi_in, before->cpi_in);
    EXPECT_EQ(ipcomp_of(alice)->cpi_out, ipcomp_of(bob)->cpi_in);
    EXPECT_LT(cost_of_a_large_message(), 600u);
  }
}

TEST_F(Compression, IsRefusedWhereTheAnswerIsNotOfWhatWasOffered) {
  load_logging(compressing());
  // LZS; a number that may not be agreed on; too short.
  for (const Bytes& answer : {Bytes{0x12, 0x34, 3}, Bytes{0, 7, 2}, Bytes{0x12}}) {
    voice.rewrite(auth_response, saying(answer), 1);
    alice.initiate("office");
    pass(5s);
    EXPECT_TRUE(alice.installed().empty());
    alice.terminate("office");
    ASSERT_TRUE(eventually([&] { return is_all_gone(); }, 5min));
  }
}

TEST_F(Compression, IsNotAgreedOnWhereTheOfferIsNoneThatWeKnow) {
  load_logging(compressing());
  for (const Bytes& offer : {Bytes{0x12, 0x34, 3}, Bytes{0xff, 7, 2}, Bytes{}}) {
    voice.rewrite(auth_request, saying(offer), 1);
    ASSERT_TRUE(comes_up());
    EXPECT_FALSE(ipcomp_of(bob));
    alice.terminate("office");
    ASSERT_TRUE(eventually([&] { return is_all_gone(); }, 2min));
  }
}

TEST_F(Compression, OfSeveralOffersTheOneIsTakenThatWeKnow) {
  load_logging(compressing());
  voice.rewrite(auth_request, saying({0x12, 0x34, 2}, true), 1);
  ASSERT_TRUE(comes_up());
  EXPECT_EQ(ipcomp_of(bob)->cpi_out, 0x1234) << "all say so";
}

TEST_F(Compression, IsNotBegunByAnAnswerThatNobodyAskedFor) {
  load_logging(compressing(false, false));
  voice.rewrite(auth_response, saying({0x12, 0x34, 2}, true), 1);
  ASSERT_TRUE(comes_up());
  EXPECT_FALSE(ipcomp_of(alice));
  EXPECT_TRUE(both_reach_each_other());
}

}  // namespace
}  // namespace sallyport::scenarios
