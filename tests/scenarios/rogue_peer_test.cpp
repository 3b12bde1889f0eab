// A peer that has proved who it is, and then breaks the rules; or that never meant to keep them.
#include "tests/scenarios/stage.h"
#include "tests/scenarios/ventriloquist.h"

namespace sallyport::scenarios {
namespace {

namespace w = wire::ikev2;
using Rejected = event::MessageRejected::Reason;

class RoguePeer : public Stage {
 protected:
  void load_logging(Pairing pairing = office()) {
    sim::Configuration logging = pairing.left_configuration();
    logging.ike.log_keys = true;
    alice.load(std::move(logging));
    bob.load(pairing.right_configuration());
  }
  /// Both ends would pad ESP to a thousand octets.
  void load_padding() {
    Pairing pairing = office();
    sim::at_both_ends(pairing, [](policy::Connection& end) { end.children[0].tfc_padding = {.least_size = 1000}; });
    load_logging(std::move(pairing));
  }
  /// Octets of the smallest ESP packet that the host has sent by its Child SA.
  std::size_t smallest_esp_of(const Host& host) const {
    std::size_t smallest = SIZE_MAX;
    for (const auto& packet : world.trace().packets()) {
      const auto sniffed = sim::sniff(packet.bytes);
      if (sniffed.kind == sim::Sniffed::Kind::esp && sniffed.spi == host.installed().begin()->second.outbound.spi)
        smallest = std::min(smallest, sniffed.content.size());
    }
    return smallest;
  }
  static std::size_t count_rejected(const Host& host, Rejected reason) {
    return static_cast<std::size_t>(std::ranges::count_if(host.events(), [&](const event::Event& event) {
      const auto* rejected = std::get_if<event::MessageRejected>(&event);
      return rejected && rejected->reason == reason;
    }));
  }
  /// Of the messages that `host` took, was one an error of this name?
  static bool was_told(const Host& host, std::string_view notify) {
    return std::ranges::any_of(host.events(), [&](const event::Event& event) {
      const auto* failed = std::get_if<event::NegotiationFailed>(&event);
      const auto* closed = std::get_if<event::IkeSaClosed>(&event);
      return (failed && failed->failure.notify == notify) || (closed && closed->why.notify == notify);
    });
  }
  static Ventriloquist::Change add_unknown(bool critical) {
    return [critical](w::PayloadChain& payloads) {
      payloads.add(w::Payload{w::UnknownPayload{static_cast<w::PayloadType>(200), Bytes(5, 7)}, critical});
    };
  }
  static Ventriloquist::Change add_notify(w::NotifyType type) {
    return [type](w::PayloadChain& payloads) { payloads.add(w::NotifyPayload{.type = type}); };
  }
  template <class Body>
  static Ventriloquist::Change without() {
    return [](w::PayloadChain& payloads) {
      w::PayloadChain rest;
      for (const w::Payload& payload : payloads)
        if (!std::holds_alternative<Body>(payload.body)) rest.add(payload);
      payloads = std::move(rest);
    };
  }
  template <class Body>
  static Ventriloquist::Change changing(std::function<void(Body&)> change) {
    return [change](w::PayloadChain& payloads) {
      w::PayloadChain other;
      for (w::Payload payload : payloads) {
        if (Body* body = std::get_if<Body>(&payload.body)) change(*body);
        other.add(std::move(payload));
      }
      payloads = std::move(other);
    };
  }
  void expect_no_session() {
    alice.initiate("office");
    pass(5min);
    EXPECT_TRUE(alice.installed().empty());
    EXPECT_TRUE(bob.installed().empty());
    EXPECT_TRUE(is_all_gone());
  }

  Ventriloquist voice{mallory, alice, cryptography().provider};
};

const auto auth_request = OnPathAttacker::ike(ExchangeType::ike_auth, request);
const auto auth_response = OnPathAttacker::ike(ExchangeType::ike_auth, response);
const auto init_request = OnPathAttacker::ike(ExchangeType::ike_sa_init, request);
const auto init_response = OnPathAttacker::ike(ExchangeType::ike_sa_init, response);

TEST_F(RoguePeer, RewritingNothingChangesNothing) {
  load_logging();
  voice.rewrite(OnPathAttacker::ike(), [](w::PayloadChain&) {});
  EXPECT_TRUE(comes_up());
  EXPECT_TRUE(both_reach_each_other());
}

// ---- Payloads and notifies that nobody knows (RFC 7296 §2.5, §3.10.1) ----

TEST_F(RoguePeer, UnknownPayloadThatIsNotCriticalIsPassedOver) {
  load_logging();
  for (const auto& message : {auth_request, auth_response}) voice.rewrite(message, add_unknown(false));
  EXPECT_TRUE(comes_up());
}

TEST_F(RoguePeer, UnknownCriticalPayloadInARequestIsRefusedByName) {
  load_logging();
  voice.rewrite(auth_request, add_unknown(true));
  expect_no_session();
  EXPECT_GE(count_rejected(bob, Rejected::unsupported_critical_payload), 1u);
  EXPECT_TRUE(was_told(alice, "UNSUPPORTED_CRITICAL_PAYLOAD"));
}

TEST_F(RoguePeer, UnknownCriticalPayloadOnAnEstablishedSaCostsThatExchangeAlone) {
  load_logging();
  ASSERT_TRUE(comes_up());
  voice.rewrite(OnPathAttacker::ike(ExchangeType::informational, request), add_unknown(true), 1);
  bob.terminate("office", "lan");
  pass(5s);
  EXPECT_EQ(alice.established_ike_sas(), 1u);
  EXPECT_EQ(count_rejected(alice, Rejected::unsupported_critical_payload), 1u);
}

TEST_F(RoguePeer, UnknownStatusNotifiesAreIgnored) {
  load_logging();
  for (const auto& message : {auth_request, auth_response})
    voice.rewrite(message, add_notify(static_cast<w::NotifyType>(40'000)));
  EXPECT_TRUE(comes_up());
}

TEST_F(RoguePeer, UnknownErrorInAnAnswerEndsWhatWasAsked) {
  load_logging();
  voice.rewrite(auth_response, [](w::PayloadChain& payloads) {
    payloads = w::PayloadChain().add(w::NotifyPayload{.type = static_cast<w::NotifyType>(8'191)});
  });
  alice.initiate("office");
  pass(1s);
  EXPECT_TRUE(alice.installed().empty());
  EXPECT_EQ(alice.established_ike_sas(), 0u);
  EXPECT_EQ(failure_of(alice), FailureKind::peer_error);
}

// ---- Messages that lack what they need ----

TEST_F(RoguePeer, ProofIsNotForgone) {
  load_logging();
  voice.rewrite(auth_request, without<w::AuthPayload>());
  expect_no_session();
}

TEST_F(RoguePeer, ProofOfTheResponderIsNotForgone) {
  load_logging();
  voice.rewrite(auth_response, without<w::AuthPayload>());
  alice.initiate("office");
  pass(1s);
  EXPECT_TRUE(alice.installed().empty());
  EXPECT_EQ(alice.established_ike_sas(), 0u);
}

TEST_F(RoguePeer, ProofUnderAnotherNameDoesNotHold) {
  Pairing pairing = office();
  pairing.right.remote.id = policy::Identity::fqdn("*.example");
  load_logging(pairing);
  sim::Configuration bobs = pairing.right_configuration();
  bobs.keys[0].owners.clear();
  bob.load(std::move(bobs));
  voice.rewrite(auth_request, changing<w::IdiPayload>([](w::IdiPayload& payload) { payload.id.data.front() ^= 1; }));
  expect_no_session();
  EXPECT_EQ(failure_of(bob), FailureKind::authentication_failed);
}

TEST_F(RoguePeer, ChildWithoutSelectorsIsNotMade) {
  load_logging();
  voice.rewrite(auth_request, without<w::TsrPayload>());
  alice.initiate("office");
  pass(5min);
  EXPECT_TRUE(alice.installed().empty());
  EXPECT_TRUE(bob.installed().empty());
}

// ---- Answers that claim more than was asked ----

TEST_F(RoguePeer, SelectorsWiderThanAskedForAreNotTaken) {
  load_logging();
  voice.rewrite(auth_response, changing<w::TsrPayload>([](w::TsrPayload& payload) {
                  for (w::TrafficSelector& range : payload.selectors.ranges) {
                    range.start.fill(0);
                    range.end.fill(0xff);
                  }
                }));
  expect_no_session();
}

TEST_F(RoguePeer, TransportModeThatNobodyAskedForIsNotTaken) {
  load_logging();
  voice.rewrite(auth_response, add_notify(w::NotifyType::use_transport_mode));
  expect_no_session();
}

// ---- Padding against traffic analysis (RFC 7296 §1.3.1) ----

TEST_F(RoguePeer, WhoSaysNothingOfTfcPaddingGetsIt) {
  load_padding();
  ASSERT_TRUE(comes_up());
  EXPECT_TRUE(both_reach_each_other());
  EXPECT_GE(smallest_esp_of(alice), 1000u);
  EXPECT_GE(smallest_esp_of(bob), 1000u);
}

TEST_F(RoguePeer, WhoDoesNotTakeTfcPaddingGetsNone) {
  for (const bool by_responder : {false, true}) {
    load_padding();
    voice.rewrite(by_responder ? auth_response : auth_request, add_notify(w::NotifyType::esp_tfc_padding_not_supported),
                  1);
    ASSERT_TRUE(comes_up());
    EXPECT_TRUE(both_reach_each_other());
    Host& spared = by_responder ? alice : bob;
    EXPECT_FALSE(spared.installed().begin()->second.tfc_padding.any());
    EXPECT_TRUE((by_responder ? bob : alice).installed().begin()->second.tfc_padding.any());
    EXPECT_LT(smallest_esp_of(spared), 200u);
    alice.terminate("office");
    ASSERT_TRUE(eventually([&] { return is_all_gone(); }, 2min));
  }
}

// ---- Deletes (RFC 7296 §1.4.1) ----

TEST_F(RoguePeer, DeleteOfAnSaThatIsNotThereIsAnsweredAndForgotten) {
  load_logging();
  ASSERT_TRUE(comes_up());
  voice.rewrite(OnPathAttacker::ike(ExchangeType::informational, request),
                changing<w::DeletePayload>([](w::DeletePayload& payload) { payload.spis = {0x12345678}; }), 1);
  alice.terminate("office", "lan");
  pass(5s);
  EXPECT_EQ(bob.installed().size(), 1u);
  EXPECT_EQ(bob.established_ike_sas(), 1u);
}

TEST_F(RoguePeer, DeletesThatCrossLeaveNothingBehind) {
  load_logging();
  ASSERT_TRUE(comes_up());
  alice.terminate("office", "lan");
  bob.terminate("office", "lan");
  pass(10s);
  EXPECT_TRUE(alice.installed().empty());
  EXPECT_TRUE(bob.installed().empty());
  EXPECT_TRUE(alice.initiate("office"));
  EXPECT_TRUE(eventually([&] { return alice.installed().size() == 1 && bob.installed().size() == 1; }));
}

TEST_F(RoguePeer, DeletesOfTheIkeSaThatCrossLeaveNothingBehind) {
  load_logging();
  ASSERT_TRUE(comes_up());
  alice.terminate("office");
  bob.terminate("office");
  pass(2min);
  EXPECT_TRUE(is_all_gone());
}

// ---- The first exchange, which nobody protects ----

TEST_F(RoguePeer, UnknownCriticalPayloadInTheFirstRequestIsRefused) {
  load_logging();
  voice.rewrite(init_request, add_unknown(true), 1);
  alice.initiate("office");
  pass(100ms);
  EXPECT_GE(count_rejected(bob, Rejected::unsupported_critical_payload), 1u);
  EXPECT_TRUE(bob.ike_sas().empty());
}

TEST_F(RoguePeer, ManyHashesOfItsAddressMayBeNamed) {
  load_logging();
  voice.rewrite(init_request, [](w::PayloadChain& payloads) {
    for (std::uint8_t i = 0; i < 3; ++i)
      payloads.add(w::NotifyPayload{.type = w::NotifyType::nat_detection_source_ip, .data = Bytes(20, i)});
  });
  // What she signs is what she sent: with another first message her proof cannot hold, but NAT detection is before it.
  alice.initiate("office");
  pass(40ms);  // her proof is on its way
  ASSERT_FALSE(bob.ike_sas().empty());
  EXPECT_FALSE(bob.ike_sas().front().nat_remote);
}

TEST_F(RoguePeer, CookieThatIsAskedForForeverIsNotPlayedAlongWith) {
  load_logging();
  std::uint8_t round = 0;
  voice.rewrite(init_response, [&](w::PayloadChain& payloads) {
    payloads = w::PayloadChain().add(w::NotifyPayload{.type = w::NotifyType::cookie, .data = Bytes(16, ++round)});
  });
  alice.initiate("office");
  pass(5min);
  EXPECT_TRUE(is_all_gone());
  EXPECT_LT(round, 20);
}

TEST_F(RoguePeer, GroupThatWasNotOfferedIsNotGiven) {
  load_logging();
  voice.rewrite(init_response, [](w::PayloadChain& payloads) {
    payloads = w::PayloadChain().add(w::NotifyPayload{.type = w::NotifyType::invalid_ke_payload, .data = {0, 1}});
  });
  expect_no_session();
  EXPECT_EQ(failure_of(alice), FailureKind::key_exchange_mismatch);
}

}  // namespace
}  // namespace sallyport::scenarios
