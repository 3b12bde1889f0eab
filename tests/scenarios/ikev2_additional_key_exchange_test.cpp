// Additional key exchanges (RFC 9370): by IKE_INTERMEDIATE (RFC 9242) before IKE_AUTH, which proves them, and by
// IKE_FOLLOWUP_KE after CREATE_CHILD_SA. Whole and in fragments, over bad links, with peers and strangers that
// misbehave, and where both ends renew the same SA at once.
#include "diagnose/explanation.h"
#include "sim/damage.h"
#include "tests/scenarios/kem_provider.h"
#include "tests/scenarios/rekeying.h"
#include "tests/scenarios/ventriloquist.h"

namespace sallyport::scenarios {
namespace {

namespace w = wire::ikev2;
using crypto::KeyExchangeMethod;
using policy::Protocol;

const auto intermediate_request = OnPathAttacker::ike(ExchangeType::ike_intermediate, request);
const auto intermediate_response = OnPathAttacker::ike(ExchangeType::ike_intermediate, response);
const auto followup_request = OnPathAttacker::ike(ExchangeType::ike_followup_ke, request);
const auto followup_response = OnPathAttacker::ike(ExchangeType::ike_followup_ke, response);

class AdditionalKeyExchange : public Rekeying {
 protected:
  static constexpr const char* kTwoMore = "aes128gcm16-prfsha256-x25519-ke1_ecp256-ke3_x448";
  static constexpr const char* kChildMore = "aes128gcm16-x25519-ke1_ecp256-ke2_ecp384";

  static void use(policy::Connection& end, std::initializer_list<std::string_view> ike,
                  std::initializer_list<std::string_view> esp = {}) {
    end.proposals = sim::proposals(Protocol::ike, ike);
    if (esp.size() != 0) end.children[0].esp_proposals = sim::proposals(Protocol::esp, esp);
  }
  static Pairing with_two_more() {
    Pairing pairing = office();
    sim::at_both_ends(pairing, [](policy::Connection& end) { use(end, {kTwoMore}, {kChildMore}); });
    return pairing;
  }
  void load_logging(const Pairing& pairing, std::size_t packet = 0) {
    sim::Configuration left = pairing.left_configuration(), right = pairing.right_configuration();
    left.ike.log_keys = true;
    if (packet != 0) left.ike.fragment_size = right.ike.fragment_size = packet;
    alice.load(std::move(left));
    bob.load(std::move(right));
  }
  /// Such small packets that each KE payload needs several.
  void load_in_fragments() {
    Pairing pairing = with_two_more();
    sim::at_both_ends(pairing, [](policy::Connection& end) { end.fragmentation = policy::Fragmentation::yes; });
    load_logging(pairing, 120);
  }
  /// Exchanges that `host` has begun; repetitions do not count.
  static std::size_t asked(const Host& host, std::string_view exchange) {
    return static_cast<std::size_t>(std::ranges::count_if(host.events(), [&](const event::Event& event) {
      const auto* logged = std::get_if<event::MessageLogged>(&event);
      return logged && logged->direction == event::Direction::sent && logged->message.request &&
             logged->message.exchange == exchange;
    }));
  }
  static std::size_t told(const Host& host, std::string_view notify) {
    return static_cast<std::size_t>(std::ranges::count_if(host.events(), [&](const event::Event& event) {
      const auto* logged = std::get_if<event::MessageLogged>(&event);
      return logged && logged->direction == event::Direction::sent && !logged->message.request &&
             std::ranges::any_of(logged->message.payloads, [&](const event::PayloadSummary& payload) {
               return payload.name == "N(" + std::string(notify) + ")";
             });
    }));
  }
  static Ventriloquist::Change adding_a_word() {
    return [](w::PayloadChain& payloads) { payloads.add(w::VendorIdPayload{{1, 2, 3, 4}}); };
  }
  static Ventriloquist::Change to_error(w::NotifyType type) {
    return [=](w::PayloadChain& payloads) { payloads = w::PayloadChain().add(w::NotifyPayload{.type = type}); };
  }
  /// Nothing comes up, and this is why.
  void expect_refusal(FailureKind at_alice) {
    expect_nothing_comes_up();
    EXPECT_EQ(failure_of(alice), at_alice);
  }
  void expect_no_failure() const {
    EXPECT_EQ(alice.count<event::NegotiationFailed>() + bob.count<event::NegotiationFailed>(), 0U);
  }
  static std::string suite_of(const Host& host) { return to_string(host.latest<event::IkeSaEstablished>()->suite); }
  static std::string child_suite_of(const Host& host) {
    return to_string(host.latest<event::ChildSaInstalled>()->suite);
  }

  Ventriloquist voice{mallory, alice, cryptography().provider};
};

// ---- Before IKE_AUTH ----

TEST_F(AdditionalKeyExchange, TakesPlaceBeforeIkeAuthOnceForEachPlace) {
  load(with_two_more());
  ASSERT_TRUE(comes_up());
  EXPECT_EQ(asked(alice, "IKE_INTERMEDIATE"), 2U);
  EXPECT_EQ(suite_of(alice), kTwoMore);
  EXPECT_EQ(suite_of(bob), kTwoMore);
  EXPECT_TRUE(both_reach_each_other());
  EXPECT_EQ(asked(alice, "IKE_AUTH"), 1U);
  expect_no_failure();
}

TEST_F(AdditionalKeyExchange, WorksWithEachGroup) {
  for (const char* more :
       {"ke1_ecp384", "ke7_ecp521", "ke2_modp2048", "ke4_ecp256bp", "ke1_x448-ke2_ecp521-ke3_modp3072"}) {
    SCOPED_TRACE(more);
    const std::string words = std::string("aes256-sha384-x25519-") + more;
    Pairing pairing = office();
    sim::at_both_ends(pairing, [&](policy::Connection& end) { use(end, {words}); });
    load(pairing);
    ASSERT_TRUE(comes_up());
    EXPECT_EQ(suite_of(bob), words);
    alice.terminate("office");
    ASSERT_TRUE(eventually([&] { return is_all_gone(); }, 2min));
  }
}

TEST_F(AdditionalKeyExchange, GoesInFragmentsAsWell) {
  load_in_fragments();
  ASSERT_TRUE(comes_up());
  EXPECT_EQ(suite_of(bob), kTwoMore);
  EXPECT_TRUE(both_reach_each_other());
  EXPECT_GT(packets_of(alice, sim::Sniffed::Kind::ike), 8U);
  expect_no_failure();
}

TEST_F(AdditionalKeyExchange, SurvivesTheLossOfAnyMessage) {
  for (const bool in_fragments : {false, true})
    for (const auto& lost : {intermediate_request, intermediate_response})
      for (const std::size_t count : {1U, 2U, 3U}) {
        SCOPED_TRACE(count);
        in_fragments ? load_in_fragments() : load(with_two_more());
        mallory.take(lost, count);
        ASSERT_TRUE(alice.initiate("office"));
        ASSERT_TRUE(eventually([&] { return is_up(); }, 2min));
        mallory.forget_rules();
        EXPECT_TRUE(both_reach_each_other());
        alice.terminate("office");
        ASSERT_TRUE(eventually([&] { return is_all_gone(); }, 2min));
      }
  expect_no_failure();
}

/// The answer has changed bob's keys: who asks again has not heard of that, in however small pieces.
TEST_F(AdditionalKeyExchange, AnswersAgainWithTheKeysOfThen) {
  Pairing pairing = with_two_more();
  sim::at_both_ends(pairing, [](policy::Connection& end) { end.fragmentation = policy::Fragmentation::yes; });
  load_logging(pairing, 200);
  const auto large = [](Direction, const sim::Sniffed& packet) {
    return packet.kind == sim::Sniffed::Kind::ike && packet.content.size() > 130 &&
           packet.ike.exchange_type == w::number(ExchangeType::ike_intermediate);
  };
  mallory.take(OnPathAttacker::only(inward, large), 6);
  ASSERT_TRUE(alice.initiate("office"));
  ASSERT_TRUE(eventually([&] { return is_up(); }, 3min));
  EXPECT_EQ(suite_of(alice), kTwoMore);
  expect_no_failure();
}

TEST_F(AdditionalKeyExchange, WorksThroughNatAndOverBadLinks) {
  load(with_two_more());
  const sim::LinkQuality bad{.delay = 30ms,
                             .jitter = 80ms,
                             .loss = Chance::percent(20),
                             .duplication = Chance::percent(20),
                             .reordering = Chance::percent(20)};
  alice_link.set_quality(bad);
  for (int round = 0; round < 10; ++round) {
    ASSERT_TRUE(alice.initiate("office"));
    ASSERT_TRUE(eventually([&] { return is_up(); }, 5min)) << round;
    EXPECT_EQ(suite_of(bob), kTwoMore);
    alice.terminate("office");
    ASSERT_TRUE(eventually([&] { return is_all_gone(); }, 5min)) << round;
  }
}

TEST_F(AdditionalKeyExchange, IsLeftOutWhereItIsOptionalAndThePeerHasNone) {
  Pairing pairing = office();
  use(pairing.left, {"aes128gcm16-prfsha256-x25519-ke1_ecp256-ke1_none"});
  use(pairing.right, {"aes128gcm16-prfsha256-x25519"});
  load(pairing);
  ASSERT_TRUE(comes_up());
  EXPECT_EQ(asked(alice, "IKE_INTERMEDIATE"), 0U);
  EXPECT_EQ(suite_of(alice), "aes128gcm16-prfsha256-x25519");
  EXPECT_TRUE(both_reach_each_other());
}

TEST_F(AdditionalKeyExchange, TakesWhatBothHaveOfTheAlternatives) {
  Pairing pairing = office();
  use(pairing.left, {"aes128gcm16-prfsha256-x25519-ke1_ecp384-ke1_ecp256-ke2_ecp256-ke2_ecp384"});
  use(pairing.right, {"aes128gcm16-prfsha256-x25519-ke1_ecp256-ke2_ecp384-ke2_ecp256-ke3_none-ke3_modp2048"});
  load(pairing);
  ASSERT_TRUE(comes_up());
  EXPECT_EQ(suite_of(alice), "aes128gcm16-prfsha256-x25519-ke1_ecp256-ke2_ecp384");
}

TEST_F(AdditionalKeyExchange, IsInsistedOnByEitherEnd) {
  for (const bool alice_insists : {true, false}) {
    Pairing pairing = office();
    use(alice_insists ? pairing.left : pairing.right, {"aes128gcm16-prfsha256-x25519-ke1_ecp256"});
    use(alice_insists ? pairing.right : pairing.left, {"aes128gcm16-prfsha256-x25519"});
    load(pairing);
    expect_refusal(FailureKind::no_proposal_chosen);
    const auto told_by_bob = diagnose::explain(bob.latest<event::NegotiationFailed>()->failure, nullptr).sentence;
    EXPECT_THAT(told_by_bob, testing::HasSubstr("additional key exchange: we have " +
                                                std::string(alice_insists ? "none" : "ke1_ecp256") + ", the peer has " +
                                                (alice_insists ? "ke1_ecp256" : "none")));
  }
}

// ---- What AUTH proves of it ----

TEST_F(AdditionalKeyExchange, IsWithinWhatAuthProves) {
  for (const auto& touched : {intermediate_request, intermediate_response}) {
    load_logging(with_two_more());
    voice.rewrite(touched, adding_a_word(), 1);
    ASSERT_TRUE(alice.initiate("office"));
    pass(5min);
    EXPECT_TRUE(is_all_gone());
    EXPECT_EQ(failure_of(alice), FailureKind::authentication_failed);
    EXPECT_EQ(failure_of(bob), FailureKind::authentication_failed);
    mallory.forget_rules();
  }
}

TEST_F(AdditionalKeyExchange, CannotBeTalkedOutOf) {
  Pairing pairing = office();  // optional, and both would have it
  sim::at_both_ends(pairing,
                    [](policy::Connection& end) { use(end, {"aes128gcm16-prfsha256-x25519-ke1_ecp256-ke1_none"}); });
  load_logging(pairing);
  voice.rewrite(OnPathAttacker::ike(ExchangeType::ike_sa_init, request), [](w::PayloadChain& payloads) {
    w::PayloadChain other;
    for (const w::Payload& payload : payloads) {
      if (const auto* sa = std::get_if<w::SaPayload>(&payload.body)) {
        w::SaPayload without = *sa;
        std::erase_if(without.proposals[0].transforms, [](const w::Transform& transform) {
          return transform.type == w::TransformType::additional_key_exchange_1;
        });
        other.add(std::move(without));
      } else {
        std::visit([&](const auto& body) { other.add(body); }, payload.body);
      }
    }
    payloads = std::move(other);
  });
  expect_nothing_comes_up();
  EXPECT_EQ(failure_of(bob), FailureKind::authentication_failed);
}

TEST_F(AdditionalKeyExchange, NeedsBothEndsToHaveIkeIntermediate) {
  const auto without = [](w::PayloadChain& payloads) {
    w::PayloadChain other;
    for (const w::Payload& payload : payloads) {
      const auto* notify = std::get_if<w::NotifyPayload>(&payload.body);
      if (notify && notify->type == w::NotifyType::intermediate_exchange_supported) continue;
      std::visit([&](const auto& body) { other.add(body); }, payload.body);
    }
    payloads = std::move(other);
  };
  load_logging(with_two_more());
  voice.rewrite(OnPathAttacker::ike(ExchangeType::ike_sa_init, response), without);
  expect_refusal(FailureKind::extension_missing);
  EXPECT_THAT(diagnose::explain(alice.latest<event::NegotiationFailed>()->failure, nullptr).sentence,
              testing::HasSubstr("INTERMEDIATE_EXCHANGE_SUPPORTED"));
  mallory.forget_rules();
  voice.rewrite(OnPathAttacker::ike(ExchangeType::ike_sa_init, request), without);
  expect_refusal(FailureKind::no_proposal_chosen);
}

TEST_F(AdditionalKeyExchange, APeerThatLeavesItOutGetsNowhere) {
  const auto without_ke = [](w::PayloadChain& payloads) { payloads = {}; };
  load_logging(with_two_more());
  voice.rewrite(intermediate_response, without_ke, 1);  // bob has other keys now than alice
  expect_refusal(FailureKind::protocol_violation);
  mallory.forget_rules();
  voice.rewrite(intermediate_request, without_ke);  // answered without a key, too
  expect_refusal(FailureKind::protocol_violation);
}

TEST_F(AdditionalKeyExchange, AKeyThatIsNoneEndsTheAttempt) {
  const auto change = [](KeyExchangeMethod method) {
    return [=](w::PayloadChain& payloads) {
      const std::size_t size = crypto::public_value_size(method);
      const auto id = method == KeyExchangeMethod::ecp256 ? w::KeyExchangeId::ecp256 : w::KeyExchangeId::x25519;
      payloads = w::PayloadChain().add(w::KePayload{id, Bytes(size, 0x55)});
    };
  };
  for (const auto& touched : {intermediate_request, intermediate_response})
    for (const auto method : {KeyExchangeMethod::ecp256, KeyExchangeMethod::x25519}) {  // no point; another method
      load_logging(with_two_more());
      voice.rewrite(touched, change(method), 1);
      ASSERT_TRUE(alice.initiate("office"));
      pass(5min);
      EXPECT_TRUE(is_all_gone());
      EXPECT_TRUE(alice.installed().empty());
      mallory.forget_rules();
    }
}

// ---- After CREATE_CHILD_SA ----

TEST_F(AdditionalKeyExchange, RenewsAChildSa) {
  load(with_two_more());
  ASSERT_TRUE(comes_up());
  EXPECT_EQ(child_suite_of(alice), "aes128gcm16");  // that of IKE_AUTH has the IKE SA's keys alone
  for (Host* host : {&alice, &bob}) {
    ASSERT_TRUE(host->rekey("office", "lan"));
    expect_nothing_lost_for(20s);
    EXPECT_EQ(child_suite_of(alice), kChildMore);
    EXPECT_EQ(child_suite_of(bob), kChildMore);
    EXPECT_EQ(asked(*host, "IKE_FOLLOWUP_KE"), 2U);
    expect_settled();
  }
  expect_no_failure();
}

TEST_F(AdditionalKeyExchange, RenewsTheIkeSa) {
  load(with_two_more());
  ASSERT_TRUE(comes_up());
  for (Host* host : {&bob, &alice}) {
    ASSERT_TRUE(host->rekey("office"));
    expect_nothing_lost_for(20s);
    EXPECT_EQ(asked(*host, "IKE_FOLLOWUP_KE"), 2U);
    EXPECT_EQ(suite_of(alice), kTwoMore);
    expect_settled();
  }
  EXPECT_EQ(alice.count<event::IkeSaRekeyed>(), 2U);
  ASSERT_TRUE(alice.rekey("office", "lan"));  // the keys are the same at both ends
  expect_nothing_lost_for(20s);
  expect_settled();
  expect_no_failure();
}

TEST_F(AdditionalKeyExchange, OfTwoRenewalsOfAChildSaOneGoesOn) {
  load(with_two_more());
  ASSERT_TRUE(comes_up());
  for (int round = 0; round < 12; ++round) {
    ASSERT_TRUE(alice.rekey("office", "lan"));
    ASSERT_TRUE(bob.rekey("office", "lan"));
    expect_nothing_lost_for(30s);
    ASSERT_TRUE(is_up());
    expect_pairs();
  }
  EXPECT_GT(asked(alice, "IKE_FOLLOWUP_KE"), 0U);
  EXPECT_GT(asked(bob, "IKE_FOLLOWUP_KE"), 0U);
  EXPECT_EQ(asked(alice, "IKE_FOLLOWUP_KE") + asked(bob, "IKE_FOLLOWUP_KE"), 2U * 12U);
  EXPECT_EQ(alice.count<event::ChildSaInstalled>(), 1U + 12U);
  expect_no_failure();
}

TEST_F(AdditionalKeyExchange, OfTwoRenewalsOfTheIkeSaOneGoesOn) {
  load(with_two_more());
  ASSERT_TRUE(comes_up());
  for (int round = 0; round < 12; ++round) {
    ASSERT_TRUE(alice.rekey("office"));
    ASSERT_TRUE(bob.rekey("office"));
    expect_nothing_lost_for(30s);
    ASSERT_TRUE(eventually([&] { return is_up(); }, 2min));
    expect_pairs();
  }
  EXPECT_EQ(asked(alice, "IKE_FOLLOWUP_KE") + asked(bob, "IKE_FOLLOWUP_KE"), 2U * 12U);
  expect_no_failure();
}

TEST_F(AdditionalKeyExchange, ARenewalThatMeetsOneInItsMiddleComesLater) {
  load(with_two_more());
  ASSERT_TRUE(comes_up());
  mallory.take(followup_request, 1);  // alice is in the middle of hers for some seconds
  ASSERT_TRUE(alice.rekey("office", "lan"));
  pass(2s);
  ASSERT_TRUE(bob.rekey("office", "lan"));
  expect_nothing_lost_for(1min);
  EXPECT_GE(told(alice, "TEMPORARY_FAILURE"), 1U);
  expect_settled();
  mallory.take(followup_request, 1);
  ASSERT_TRUE(alice.rekey("office"));
  pass(2s);
  ASSERT_TRUE(bob.rekey("office"));
  ASSERT_TRUE(alice.rekey("office", "lan"));
  expect_nothing_lost_for(1min);
  expect_settled();
  expect_no_failure();
}

TEST_F(AdditionalKeyExchange, WhatComesTooLateIsBegunAnew) {
  load(with_two_more());
  ASSERT_TRUE(comes_up());
  for (const char* child : {"lan", ""}) {
    SCOPED_TRACE(child);
    mallory.take(followup_request, 4);  // for longer than bob waits
    ASSERT_TRUE(*child ? alice.rekey("office", child) : alice.rekey("office"));
    expect_nothing_lost_for(3min);
    mallory.forget_rules();
    expect_settled();
  }
  EXPECT_EQ(told(bob, "STATE_NOT_FOUND"), 2U);
  EXPECT_EQ(alice.count<event::ChildSaRekeyed>(), 1U);
  EXPECT_EQ(alice.count<event::IkeSaRekeyed>(), 1U);
  expect_no_failure();
}

TEST_F(AdditionalKeyExchange, WhoIsNeverInTimeGivesUpInTheEnd) {
  load_logging(with_two_more());
  ASSERT_TRUE(comes_up());
  voice.rewrite(followup_response, to_error(w::NotifyType::state_not_found));
  ASSERT_TRUE(alice.rekey("office", "lan"));
  ASSERT_TRUE(eventually([&] { return is_all_gone(); }, 30min));
  EXPECT_EQ(alice.latest<event::NegotiationFailed>()->failure.notify, "STATE_NOT_FOUND");
}

TEST_F(AdditionalKeyExchange, NothingIsLeftOfWhatTheOtherEndGivesUp) {
  load_logging(with_two_more());
  ASSERT_TRUE(comes_up());
  voice.rewrite(followup_response, [](w::PayloadChain& payloads) { payloads = {}; }, 1);
  ASSERT_TRUE(alice.rekey("office", "lan"));
  expect_nothing_lost_for(1min);
  EXPECT_EQ(alice.latest<event::NegotiationFailed>()->failure.kind, FailureKind::protocol_violation);
  EXPECT_TRUE(is_up());  // the old one goes on, and bob has forgotten what was to come; TearDown counts its SPIs
  expect_pairs();
  voice.rewrite(followup_response, [](w::PayloadChain& payloads) { payloads = {}; }, 1);
  ASSERT_TRUE(alice.rekey("office"));
  expect_nothing_lost_for(1min);
  EXPECT_TRUE(is_up());
}

TEST_F(AdditionalKeyExchange, TheLastAnswerIsBrokenAndTheOtherEndIsTold) {
  load_logging(with_two_more());
  ASSERT_TRUE(comes_up());
  const auto last = [seen = std::size_t{0}](w::PayloadChain& payloads) mutable {
    if (++seen == 2) payloads = {};
  };
  voice.rewrite(followup_response, last, 2);
  ASSERT_TRUE(alice.rekey("office", "lan"));
  pass(1min);
  EXPECT_EQ(alice.latest<event::NegotiationFailed>()->failure.kind, FailureKind::protocol_violation);
  EXPECT_TRUE(eventually([&] { return bob.installed().size() == alice.installed().size(); }, 2min));
  expect_pairs();
}

TEST_F(AdditionalKeyExchange, ClosingDoesNotWaitForTheEndOfIt) {
  load(with_two_more());
  ASSERT_TRUE(comes_up());
  mallory.take(followup_request, 1);
  ASSERT_TRUE(alice.rekey("office", "lan"));
  pass(1s);
  bob.terminate("office");
  EXPECT_TRUE(eventually([&] { return is_all_gone(); }, 1min));
}

// ---- KEMs, whose two halves differ, and are long ----

class KeyEncapsulation : public AdditionalKeyExchange {
 protected:
  void load_kem(const char* ike, const char* esp) {
    Pairing pairing = sim::pair_up("office", {carol_address, "10.3.0.0/16", "carol.example"},
                                   {dave_address, "10.4.0.0/16", "dave.example"});
    sim::at_both_ends(pairing, [&](policy::Connection& end) {
      use(end, {ike}, {esp});
      end.fragmentation = policy::Fragmentation::yes;
    });
    carol.load(pairing.left_configuration());
    dave.load(pairing.right_configuration());
  }
  bool both_are_up() { return carol.installed().size() == 1 && dave.installed().size() == 1; }
  void expect_pair() { EXPECT_THAT(sim::check_pairs(std::array<const Host*, 2>{&carol, &dave}), IsEmpty()); }

  const IpAddress carol_address = IpAddress::v4(192, 0, 2, 7), dave_address = IpAddress::v4(198, 51, 100, 8);
  KemProvider kem{cryptography().provider};
  Host& carol = world.add<Host>("carol", std::vector{carol_address}, sim::Cryptography{kem, cryptography().ciphers});
  Host& dave = world.add<Host>("dave", std::vector{dave_address}, sim::Cryptography{kem, cryptography().ciphers});
  Link& carol_link = internet.attach(carol, carol_address);
  Link& dave_link = internet.attach(dave, dave_address);
};

TEST_F(KeyEncapsulation, IsAnAdditionalKeyExchangeOfEachSa) {
  load_kem("aes256gcm16-prfsha384-x25519-ke1_mlkem768", "aes256gcm16-x25519-ke1_mlkem768");
  ASSERT_TRUE(carol.initiate("office"));
  ASSERT_TRUE(eventually([&] { return both_are_up(); }));
  EXPECT_EQ(suite_of(dave), "aes256gcm16-prfsha384-x25519-ke1_mlkem768");
  for (Host* host : {&carol, &dave}) {
    ASSERT_TRUE(host->rekey("office", "lan"));
    pass(30s);
    EXPECT_EQ(child_suite_of(carol), "aes256gcm16-x25519-ke1_mlkem768");
    ASSERT_TRUE(host->rekey("office"));
    pass(30s);
    EXPECT_TRUE(both_are_up());
    expect_pair();
  }
  EXPECT_EQ(carol.count<event::NegotiationFailed>() + dave.count<event::NegotiationFailed>(), 0U);
}

TEST_F(KeyEncapsulation, MayBeTheFirstKeyExchange) {
  load_kem("aes256gcm16-prfsha384-mlkem768", "aes256gcm16-mlkem768-ke1_x25519");
  ASSERT_TRUE(carol.initiate("office"));
  ASSERT_TRUE(eventually([&] { return both_are_up(); }));
  ASSERT_TRUE(dave.rekey("office", "lan"));
  pass(30s);
  EXPECT_EQ(child_suite_of(dave), "aes256gcm16-mlkem768-ke1_x25519");
  ASSERT_TRUE(dave.rekey("office"));
  pass(30s);
  EXPECT_TRUE(both_are_up());
  expect_pair();
}

TEST_F(KeyEncapsulation, GetsThroughWhereTheFragmentsOfItGetLost) {
  load_kem("aes256gcm16-prfsha384-x25519-ke1_mlkem768", "aes256gcm16");
  carol_link.set_quality({.loss = Chance::percent(25), .reordering = Chance::percent(20)});
  ASSERT_TRUE(carol.initiate("office"));
  ASSERT_TRUE(eventually([&] { return both_are_up(); }, 5min));
  expect_pair();
}

}  // namespace
}  // namespace sallyport::scenarios
