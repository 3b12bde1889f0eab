// IKEv1 in words, whole: what `up -v` and `trace` draw of its exchanges.
#include "diagnose/ladder.h"
#include "tests/scenarios/ikev1.h"

namespace sallyport::scenarios {
namespace {

using testing::HasSubstr;
using testing::Not;

class Ikev1Ladder : public Stage {
 protected:
  static std::string ladder_of(const Host& host) {
    return "\n" + diagnose::draw_ladder({host.events().begin(), host.events().end()}, 110);
  }
  /// Each of `lines` stands in the ladder, behind the one before it.
  static void expect_in_order(const std::string& ladder, std::initializer_list<std::string_view> lines) {
    std::size_t at = 0;
    for (const std::string_view line : lines) {
      const auto found = ladder.find(line, at);
      ASSERT_NE(found, std::string::npos) << "no \"" << line << "\" behind column " << at << " of" << ladder;
      at = found + line.size();
    }
  }
  static Pairing in_words(bool aggressive) {
    Pairing pairing = in_ikev1(office(), aggressive);
    sim::at_both_ends(pairing, [](policy::Connection& end) {
      end.proposals = sim::proposals(policy::Protocol::ike, {"aes256-sha256-modp2048", "aes128-sha256-modp2048"});
      end.children[0].esp_proposals = sim::proposals(policy::Protocol::esp, {"aes128gcm16-modp2048"});
      if (end.aggressive) end.proposals.pop_back();
    });
    return pairing;
  }
};

TEST_F(Ikev1Ladder, OfMainModeAndQuickMode) {
  load(in_words(false));
  ASSERT_TRUE(comes_up());
  expect_in_order(ladder_of(alice), {"Main Mode, message 1 of 6, in clear: a policy is offered",
                                     "SA: offers aes256-sha256-modp2048, aes128-sha256-modp2048",
                                     "V: I know dead peer detection, NAT traversal",
                                     "Main Mode, message 2 of 6, in clear: one is chosen",
                                     "SA: chose aes256-sha256-modp2048",
                                     "Main Mode, message 3 of 6, in clear: key exchange, the initiator's half",
                                     "KE: my half of the key exchange by modp2048",
                                     "NAT-D: the address I send to, hashed",
                                     "NAT-D: the address I send from, hashed",
                                     "Main Mode, message 4 of 6, in clear: key exchange, the responder's half",
                                     "both sides have the keys now: from here on all is encrypted",
                                     "Main Mode, message 5 of 6, encrypted: the initiator proves who it is",
                                     "IDii: I am alice.example",
                                     "HASH_I: proof of it by pre-shared key",
                                     "Main Mode, message 6 of 6, encrypted: the responder proves who it is",
                                     "IDir: I am bob.example",
                                     "HASH_R: proof of it by pre-shared key",
                                     "ISAKMP SA established with bob.example by aes256-sha256-modp2048",
                                     "Quick Mode, message 1 of 3, encrypted: an SA for traffic is offered",
                                     "SA: offers aes128gcm16-modp2048",
                                     "in tunnel mode",
                                     "KE: my half of a further key exchange by modp2048, for forward secrecy",
                                     "IDci: traffic of the initiator's 10.1.0.0/16",
                                     "IDcr: with the responder's 10.2.0.0/16",
                                     "Quick Mode, message 2 of 3, encrypted: it is accepted",
                                     "Quick Mode, message 3 of 3, encrypted: the initiator has heard it"});
}

TEST_F(Ikev1Ladder, OfAggressiveModeAtTheResponder) {
  load(in_words(true));
  ASSERT_TRUE(comes_up());
  pass(1s);  // the last message is on its way to him
  const std::string ladder = ladder_of(bob);
  expect_in_order(
      ladder,
      {"Aggressive Mode, message 1 of 3, in clear: policy, key exchange and name at once",
       "SA: offers aes256-sha256-modp2048", "KE: my half of the key exchange by modp2048", "IDii: I am alice.example",
       "Aggressive Mode, message 2 of 3, in clear: the answer, with the responder's proof", "IDir: I am bob.example",
       "HASH_R: proof of it by pre-shared key", "both sides have the keys now: from here on all is encrypted",
       "Aggressive Mode, message 3 of 3, encrypted: the initiator proves who it is",
       "ISAKMP SA established with alice.example", "Quick Mode, message 3 of 3, encrypted"});
  EXPECT_THAT(ladder, Not(HasSubstr("Main Mode")));
}

TEST_F(Ikev1Ladder, TellsHowQuietPeersAskWhetherTheOtherLives) {
  Pairing pairing = in_words(false);
  pairing.left.dpd_delay = 20s;
  load(pairing);
  ASSERT_TRUE(comes_up());
  pass(3min);
  EXPECT_THAT(ladder_of(alice), HasSubstr("N(R-U-THERE): are you there?"));
  EXPECT_THAT(ladder_of(alice), HasSubstr("N(R-U-THERE-ACK): I am here"));
  EXPECT_EQ(alice.ike_sas().size(), 1U);
  EXPECT_TRUE(both_reach_each_other());
}

}  // namespace
}  // namespace sallyport::scenarios
