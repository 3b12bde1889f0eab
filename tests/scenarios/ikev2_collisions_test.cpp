// Two exchanges about the same SA meet (RFC 7296 §2.8.1, §2.8.2, §2.25): renewals of the same SA, a renewal and a
// Delete, answers that say not now, or that there is nothing to renew. Both ends agree in the end on what there is.
#include "tests/scenarios/rekeying.h"
#include "tests/scenarios/ventriloquist.h"

namespace sallyport::scenarios {
namespace {

namespace w = wire::ikev2;

/// A story for either order: who does the first thing, and who the other.
enum class First : std::uint8_t {
  alice,
  bob
};

class Collisions : public Rekeying {
 protected:
  void SetUp() override {
    alice_link.set_quality({.delay = 20ms});
    bob_link.set_quality({.delay = 20ms});
  }
  void load_and_come_up(Pairing pairing = office()) {
    sim::Configuration logging = pairing.left_configuration();
    logging.ike.log_keys = true;
    logging.ike.spi_shares = 4;
    alice.load(std::move(logging));
    bob.load(pairing.right_configuration());
    ASSERT_TRUE(comes_up());
  }
  /// Requests of this exchange that `host` has sent; repetitions do not count.
  static std::size_t asked(const Host& host, std::string_view exchange) {
    return static_cast<std::size_t>(std::ranges::count_if(host.events(), [&](const event::Event& event) {
      const auto* logged = std::get_if<event::MessageLogged>(&event);
      return logged && logged->direction == event::Direction::sent && logged->message.request &&
             logged->message.exchange == exchange;
    }));
  }
  /// Answers that `host` has sent with this notify.
  static std::size_t told(const Host& host, std::string_view notify) {
    return static_cast<std::size_t>(std::ranges::count_if(host.events(), [&](const event::Event& event) {
      const auto* logged = std::get_if<event::MessageLogged>(&event);
      return logged && logged->direction == event::Direction::sent && !logged->message.request &&
             std::ranges::any_of(logged->message.payloads, [&](const event::PayloadSummary& payload) {
               return payload.name == "N(" + std::string(notify) + ")";
             });
    }));
  }
  static Ventriloquist::Change to_error(w::NotifyType type, Bytes data = {}) {
    return [=](w::PayloadChain& payloads) {
      payloads = w::PayloadChain().add(w::NotifyPayload{.type = type, .data = data});
    };
  }
  void expect_no_failure() const {
    EXPECT_EQ(alice.count<event::NegotiationFailed>() + bob.count<event::NegotiationFailed>(), 0U);
  }

  /// On the one that there is now.
  OnPathAttacker::Choice on_this_ike_sa(OnPathAttacker::Choice choice) const {
    return [choice = std::move(choice), spi = alice.ike_sas().front().spi_initiator](Direction direction,
                                                                                     const sim::Sniffed& packet) {
      return choice(direction, packet) && packet.ike.initiator_spi == spi;
    };
  }

  Ventriloquist voice{mallory, alice, cryptography().provider};
};

const auto create_request = OnPathAttacker::ike(ExchangeType::create_child_sa, request);
const auto create_response = OnPathAttacker::ike(ExchangeType::create_child_sa, response);
const auto informational_request = OnPathAttacker::ike(ExchangeType::informational, request);

class CollisionsEitherWay : public Collisions, public testing::WithParamInterface<First> {
 protected:
  Host& first() { return GetParam() == First::alice ? alice : bob; }
  Host& second() { return GetParam() == First::alice ? bob : alice; }
  /// What the first one sends, as it passes alice's link.
  OnPathAttacker::Choice of_first(OnPathAttacker::Choice choice) const {
    return OnPathAttacker::only(GetParam() == First::alice ? outward : inward, std::move(choice));
  }
  OnPathAttacker::Choice to_first(OnPathAttacker::Choice choice) const {
    return OnPathAttacker::only(GetParam() == First::alice ? inward : outward, std::move(choice));
  }
};
INSTANTIATE_TEST_SUITE_P(First, CollisionsEitherWay, testing::Values(First::alice, First::bob),
                         [](const auto& who) { return who.param == First::alice ? "Alice" : "Bob"; });

// ---- Both renew the same Child SA ----

TEST_F(Collisions, OfTheTwoSuccessorsEitherMayWin) {
  load_and_come_up();
  std::size_t kept_by_alice = 0;
  for (int round = 0; round < 12; ++round) {
    ASSERT_TRUE(alice.rekey("office", "lan"));
    ASSERT_TRUE(bob.rekey("office", "lan"));
    expect_nothing_lost_for(20s);
    ASSERT_TRUE(is_up());
    kept_by_alice += alice.installed().begin()->second.initiated;
    EXPECT_NE(alice.installed().begin()->second.initiated, bob.installed().begin()->second.initiated);
    expect_pairs();
  }
  EXPECT_GT(kept_by_alice, 0U);
  EXPECT_LT(kept_by_alice, 12U);
  EXPECT_EQ(alice.count<event::ChildSaInstalled>(), 1U + 2U * 12U);
  expect_no_failure();
}

TEST_P(CollisionsEitherWay, ARenewalThatArrivesLateFindsTheOtherDone) {
  load_and_come_up();
  mallory.take(of_first(create_request), 1);
  ASSERT_TRUE(first().rekey("office", "lan"));
  ASSERT_TRUE(second().rekey("office", "lan"));
  expect_nothing_lost_for(20s);
  EXPECT_EQ(told(second(), "TEMPORARY_FAILURE"), 1U);
  EXPECT_EQ(alice.count<event::ChildSaInstalled>(), 2U);
  expect_no_failure();
  expect_settled();
}

TEST_P(CollisionsEitherWay, ARenewalThatArrivesVeryLateFindsNothingToRenew) {
  load_and_come_up();
  mallory.take(of_first(create_request), 3);
  ASSERT_TRUE(first().rekey("office", "lan"));
  ASSERT_TRUE(second().rekey("office", "lan"));
  expect_nothing_lost_for(1min);
  EXPECT_EQ(told(second(), "CHILD_SA_NOT_FOUND"), 1U);
  EXPECT_EQ(alice.count<event::ChildSaInstalled>(), 2U);
  expect_no_failure();
  expect_settled();
}

TEST_P(CollisionsEitherWay, AnAnswerThatArrivesLateIsStillPartOfTheCollision) {
  load_and_come_up();
  mallory.take(to_first(create_response), 2);
  ASSERT_TRUE(first().rekey("office", "lan"));
  ASSERT_TRUE(second().rekey("office", "lan"));
  expect_nothing_lost_for(1min);
  EXPECT_EQ(alice.count<event::ChildSaInstalled>(), 3U);
  expect_no_failure();
  expect_settled();
}

TEST_P(CollisionsEitherWay, WhatWonIsRenewedSoonAndWhatLostStaysLost) {
  load_and_come_up();
  ASSERT_TRUE(first().rekey("office", "lan"));
  ASSERT_TRUE(second().rekey("office", "lan"));
  pass(1s);
  ASSERT_TRUE(first().rekey("office", "lan"));
  expect_nothing_lost_for(1min);
  expect_no_failure();
  expect_settled();
}

TEST_P(CollisionsEitherWay, AnAnswerThatArrivesAfterTheOtherWasRenewedOnceMoreIsStillPartOfTheCollision) {
  load_and_come_up();
  for (int round = 0; round < 4; ++round) {  // so that each end wins at times
    mallory.take(to_first(create_response), 2);
    ASSERT_TRUE(first().rekey("office", "lan"));
    ASSERT_TRUE(second().rekey("office", "lan"));
    pass(2s);
    ASSERT_TRUE(second().rekey("office", "lan"));
    expect_nothing_lost_for(1min);
    ASSERT_TRUE(is_up());
    expect_pairs();
  }
  expect_no_failure();
  expect_settled();
}

// ---- A renewal and a Delete of a Child SA ----

TEST_P(CollisionsEitherWay, AChildSaThatThePeerClosesIsNotRenewed) {
  load_and_come_up();
  ASSERT_TRUE(first().rekey("office", "lan"));
  second().terminate("office", "lan");
  pass(1min);
  EXPECT_TRUE(is_up(1, 0));
  EXPECT_EQ(told(second(), "TEMPORARY_FAILURE"), 1U);
  expect_no_failure();
}

TEST_P(CollisionsEitherWay, AChildSaThatIsClosedWhileItIsRenewedStaysClosed) {
  load_and_come_up();
  ASSERT_TRUE(first().rekey("office", "lan"));
  first().terminate("office", "lan");
  pass(1min);
  EXPECT_TRUE(is_up(1, 0));
}

TEST_P(CollisionsEitherWay, TheDeleteOfTheOldOneMayComeBeforeTheAnswer) {
  load_and_come_up();
  mallory.take(to_first(create_response), 3);
  ASSERT_TRUE(first().rekey("office", "lan"));
  pass(2s);
  second().terminate("office", "lan");  // the old one and its successor
  pass(1min);
  EXPECT_TRUE(is_up(1, 0));
  EXPECT_TRUE(first().initiate("office"));
  EXPECT_TRUE(eventually([&] { return is_up(1, 1); }));
}

// ---- Both renew the IKE SA ----

TEST_F(Collisions, OfTheTwoIkeSasEitherMayWin) {
  load_and_come_up();
  std::size_t kept_by_alice = 0;
  for (int round = 0; round < 12; ++round) {
    ASSERT_TRUE(alice.rekey("office"));
    ASSERT_TRUE(bob.rekey("office"));
    expect_nothing_lost_for(10s);
    ASSERT_TRUE(is_up());
    for (const ike::IkeSaStatus& sa : alice.ike_sas())
      if (sa.state == ike::IkeSaStatus::State::established) kept_by_alice += sa.initiator;
    expect_pairs();
  }
  EXPECT_GT(kept_by_alice, 0U);
  EXPECT_LT(kept_by_alice, 12U);
  EXPECT_EQ(alice.count<event::IkeSaRekeyed>(), 12U);
  EXPECT_EQ(bob.count<event::IkeSaRekeyed>(), 12U);
  EXPECT_EQ(alice.count<event::ChildSaInstalled>(), 1U);
  expect_no_failure();
  pass(2min);
  EXPECT_EQ(alice.ike_sas().size(), 1U);
  EXPECT_EQ(bob.ike_sas().size(), 1U);
}

TEST_P(CollisionsEitherWay, OneIkeSaIsRenewedBeforeItsPeerNotices) {
  load_and_come_up();
  mallory.take(of_first(create_request), 1);
  ASSERT_TRUE(first().rekey("office"));
  ASSERT_TRUE(second().rekey("office"));
  expect_nothing_lost_for(20s);
  EXPECT_EQ(alice.count<event::IkeSaRekeyed>(), 1U);
  EXPECT_EQ(bob.count<event::IkeSaRekeyed>(), 1U);
  expect_no_failure();
  expect_settled();
}

TEST_P(CollisionsEitherWay, ARenewalOfTheOldIkeSaIsPutOffAndForgotten) {
  load_and_come_up();
  mallory.take(of_first(create_request), 1);
  mallory.take(on_this_ike_sa(to_first(informational_request)), 2);  // the Delete comes behind
  ASSERT_TRUE(first().rekey("office"));
  ASSERT_TRUE(second().rekey("office"));
  expect_nothing_lost_for(1min);
  EXPECT_EQ(told(second(), "TEMPORARY_FAILURE"), 1U);
  EXPECT_EQ(alice.count<event::IkeSaRekeyed>(), 1U);
  EXPECT_EQ(bob.count<event::IkeSaRekeyed>(), 1U);
  expect_no_failure();
  expect_settled();
}

TEST_P(CollisionsEitherWay, AnAnswerAboutTheIkeSaThatArrivesLateIsStillPartOfTheCollision) {
  load_and_come_up();
  mallory.take(to_first(create_response), 2);
  ASSERT_TRUE(first().rekey("office"));
  ASSERT_TRUE(second().rekey("office"));
  expect_nothing_lost_for(1min);
  expect_no_failure();
  expect_settled();
}

TEST_P(CollisionsEitherWay, TheAnswerAboutTheIkeSaMayGetLost) {
  load_and_come_up();
  mallory.take(to_first(create_response), 3);
  ASSERT_TRUE(first().rekey("office"));
  expect_nothing_lost_for(2min);
  EXPECT_EQ(alice.count<event::ChildSaInstalled>(), 1U);
  expect_settled();
}

TEST_P(CollisionsEitherWay, TheDeleteOfTheOldIkeSaMayGetLost) {
  load_and_come_up();
  mallory.take(on_this_ike_sa(of_first(informational_request)));
  ASSERT_TRUE(first().rekey("office"));
  expect_nothing_lost_for(4min);
  mallory.forget_rules();
  pass(4min);
  EXPECT_EQ(alice.count<event::ChildSaInstalled>(), 1U);
  EXPECT_EQ(bob.ike_sas().size(), 1U);
  expect_settled();
}

// ---- The IKE SA and its Child SAs ----

TEST_P(CollisionsEitherWay, OneRenewsTheIkeSaAndTheOtherAChildSa) {
  load_and_come_up();
  ASSERT_TRUE(first().rekey("office"));
  ASSERT_TRUE(second().rekey("office", "lan"));
  expect_nothing_lost_for(1min);
  EXPECT_GE(told(alice, "TEMPORARY_FAILURE") + told(bob, "TEMPORARY_FAILURE"), 1U);
  EXPECT_EQ(alice.count<event::IkeSaRekeyed>(), 1U);
  EXPECT_EQ(alice.count<event::ChildSaRekeyed>(), 1U);
  expect_no_failure();
  expect_settled();
}

TEST_P(CollisionsEitherWay, OneRenewsTheIkeSaAndTheOtherClosesAChildSa) {
  load_and_come_up();
  ASSERT_TRUE(first().rekey("office"));
  second().terminate("office", "lan");
  pass(1min);
  EXPECT_TRUE(is_up(1, 0));
  EXPECT_EQ(alice.count<event::IkeSaRekeyed>(), 1U);
  EXPECT_EQ(bob.count<event::IkeSaRekeyed>(), 1U);
}

TEST_P(CollisionsEitherWay, OneRenewsTheIkeSaAndTheOtherMakesAChildSa) {
  Pairing pairing = office();
  sim::at_both_ends(pairing, [&](policy::Connection& end) {
    const bool is_left = &end == &pairing.left;
    end.children.push_back(end.children[0]);
    end.children.back().name = "lab";
    end.children.back().local_ts = sim::selectors({is_left ? "10.11.0.0/16" : "10.12.0.0/16"});
    end.children.back().remote_ts = sim::selectors({is_left ? "10.12.0.0/16" : "10.11.0.0/16"});
  });
  sim::Configuration logging = pairing.left_configuration();
  alice.load(logging);
  bob.load(pairing.right_configuration());
  ASSERT_TRUE(alice.initiate("office", "lan"));
  ASSERT_TRUE(eventually([&] { return is_up(1, 1); }));
  ASSERT_TRUE(first().rekey("office"));
  ASSERT_TRUE(second().initiate("office", "lab"));
  pass(1min);
  EXPECT_TRUE(is_up(1, 2));
  EXPECT_EQ(alice.count<event::IkeSaRekeyed>(), 1U);
  expect_pairs();
}

TEST_P(CollisionsEitherWay, AnIkeSaThatThePeerClosesIsNotRenewed) {
  load_and_come_up();
  ASSERT_TRUE(first().rekey("office"));
  second().terminate("office");
  pass(4min);
  EXPECT_TRUE(is_all_gone());
  EXPECT_TRUE(alice.installed().empty());
  EXPECT_TRUE(bob.installed().empty());
}

TEST_P(CollisionsEitherWay, AnIkeSaThatIsClosedWhileItIsRenewedStaysClosed) {
  load_and_come_up();
  ASSERT_TRUE(first().rekey("office"));
  first().terminate("office");
  pass(4min);
  EXPECT_TRUE(is_all_gone());
  EXPECT_TRUE(bob.installed().empty());
}

TEST_P(CollisionsEitherWay, BothRenewTheIkeSaAndOneClosesIt) {
  load_and_come_up();
  ASSERT_TRUE(alice.rekey("office"));
  ASSERT_TRUE(bob.rekey("office"));
  pass(30ms);
  first().terminate("office");
  pass(4min);
  EXPECT_TRUE(is_all_gone());
  EXPECT_TRUE(alice.installed().empty());
  EXPECT_TRUE(bob.installed().empty());
}

// ---- Answers that put off or refuse ----

TEST_F(Collisions, ATemporaryFailureIsWaitedFor) {
  load_and_come_up();
  voice.rewrite(create_request, to_error(w::NotifyType::temporary_failure), 1);  // nonsense, which bob refuses
  voice.rewrite(create_response, to_error(w::NotifyType::temporary_failure), 1);
  ASSERT_TRUE(alice.rekey("office", "lan"));
  pass(900ms);
  EXPECT_EQ(asked(alice, "CREATE_CHILD_SA"), 1U);  // not at once
  expect_nothing_lost_for(20s);
  EXPECT_EQ(alice.count<event::ChildSaRekeyed>(), 1U);
  expect_no_failure();
  expect_settled();
}

TEST_F(Collisions, WhoPutsOffForMinutesIsOutOfStep) {
  load_and_come_up();
  voice.rewrite(create_request, to_error(w::NotifyType::temporary_failure));
  voice.rewrite(create_response, to_error(w::NotifyType::temporary_failure));
  ASSERT_TRUE(alice.rekey("office"));
  pass(2min);
  EXPECT_TRUE(is_up());
  EXPECT_GE(asked(alice, "CREATE_CHILD_SA"), 5U);
  EXPECT_LE(asked(alice, "CREATE_CHILD_SA"), 12U);
  pass(5min);
  EXPECT_TRUE(is_all_gone());
}

TEST_F(Collisions, AChildSaThatThePeerHasLostIsMadeAnew) {
  load_and_come_up();
  const auto first = alice.installed().begin()->first;
  voice.rewrite(
      create_request,
      [](w::PayloadChain& payloads) {
        w::PayloadChain other;
        for (w::Payload payload : payloads) {
          if (auto* notify = std::get_if<w::NotifyPayload>(&payload.body); notify && !notify->spi.empty())
            notify->spi[0] ^= 0xff;
          other.add(std::move(payload));
        }
        payloads = std::move(other);
      },
      1);
  ASSERT_TRUE(alice.rekey("office", "lan"));
  pass(5s);
  EXPECT_EQ(told(bob, "CHILD_SA_NOT_FOUND"), 1U);
  EXPECT_EQ(alice.installed().size(), 1U);
  EXPECT_FALSE(alice.installed().contains(first));
  EXPECT_TRUE(both_reach_each_other());
  // What she dropped without a word, bob has still to find out about: here by closing what there is.
  bob.terminate("office");
  pass(3min);
  EXPECT_TRUE(is_all_gone());
}

TEST_F(Collisions, AGroupThatWasNeverOfferedIsNotTried) {
  Pairing pairing = office();
  sim::at_both_ends(pairing, [](policy::Connection& end) {
    end.children[0].esp_proposals = sim::proposals(policy::Protocol::esp, {"aes128gcm16-x25519"});
  });
  load_and_come_up(pairing);
  voice.rewrite(create_response, to_error(w::NotifyType::invalid_ke_payload, {0, 1}));
  ASSERT_TRUE(alice.rekey("office", "lan"));
  pass(3s);
  EXPECT_EQ(failure_of(alice), FailureKind::key_exchange_mismatch);
  EXPECT_EQ(asked(alice, "CREATE_CHILD_SA"), 1U);
  EXPECT_EQ(alice.installed().size(), 1U);
  ASSERT_TRUE(alice.rekey("office"));  // nor for the IKE SA
  pass(3s);
  EXPECT_EQ(asked(alice, "CREATE_CHILD_SA"), 2U);
  EXPECT_EQ(alice.established_ike_sas(), 1U);
  bob.terminate("office");
  pass(3min);
}

TEST_F(Collisions, AnIkeSaOnWhichNoMoreChildSasAreMadeEndsWithItsChild) {
  Pairing pairing = office();
  renew(pairing.left, Seconds(60), Seconds(0));
  load_and_come_up(pairing);
  voice.rewrite(create_request, to_error(w::NotifyType::no_additional_sas));
  voice.rewrite(create_response, to_error(w::NotifyType::no_additional_sas));
  pass(70s);
  EXPECT_TRUE(is_up());
  EXPECT_GE(asked(alice, "CREATE_CHILD_SA"), 2U);
  pass(3min);
  EXPECT_TRUE(is_all_gone());
  EXPECT_LE(asked(alice, "CREATE_CHILD_SA"), 8U);
}

TEST_F(Collisions, SelectorsThatARenewalWouldWidenStayAsTheyAre) {
  Pairing pairing = office();
  pairing.left.children[0].remote_ts = sim::selectors({"10.2.0.0/24"});
  load_and_come_up(pairing);
  voice.rewrite(create_request, [](w::PayloadChain& payloads) {
    w::PayloadChain other;
    for (w::Payload payload : payloads) {
      if (auto* ts = std::get_if<w::TsrPayload>(&payload.body))
        for (w::TrafficSelector& range : ts->selectors.ranges) range.end[2] = 0xff;
      other.add(std::move(payload));
    }
    payloads = std::move(other);
  });
  ASSERT_TRUE(alice.rekey("office", "lan"));
  pass(15s);
  EXPECT_EQ(alice.count<event::ChildSaRekeyed>(), 1U);
  ASSERT_TRUE(is_up());
  EXPECT_EQ(policy::to_string(bob.installed().begin()->second.local_ts), "10.2.0.0/24");
  expect_pairs();
}

}  // namespace
}  // namespace sallyport::scenarios
