// A peer that was restarted and has lost all that the other still has says so, and proves it with its token (RFC 6290):
// the other knows within a round trip of whatever it sends. Whoever else says it is not believed.
#include "ike/v2/crash_token.h"
#include "sim/off_path_attacker.h"
#include "tests/scenarios/stage.h"
#include "tests/scenarios/ventriloquist.h"

namespace sallyport::scenarios {
namespace {

namespace w = wire::ikev2;
using Rejected = event::MessageRejected::Reason;

constexpr std::string_view kBobsDisk = "bob's disk";

class QuickCrash : public Stage {
 protected:
  static Pairing patient() {
    Pairing pairing = office();
    pairing.left.dpd_delay = 300s;
    return pairing;
  }
  static Pairing kept_by_alice() {
    Pairing pairing = patient();
    pairing.left.children[0].keep = policy::Keep::up;
    pairing.left.children[0].start_action = policy::StartAction::start;
    pairing.left.children[0].dpd_action = policy::DpdAction::restart;
    return pairing;
  }
  /// Up, and long enough for nobody to ask whether the other is there.
  void come_up_and_settle(const Pairing& pairing) {
    load(pairing);
    ASSERT_TRUE(comes_up());
    pass(1min);
    ASSERT_TRUE(is_up());
  }
  bool alice_has_noticed() const {
    return alice.installed().empty() && failure_of(alice) == FailureKind::peer_restarted;
  }
  void alice_sends_a_packet() { (void)alice.application().ping(alice_inside, bob_inside); }
  static std::size_t count_rejected(const Host& host, Rejected reason) {
    return static_cast<std::size_t>(std::ranges::count_if(host.events(), [&](const event::Event& event) {
      const auto* rejected = std::get_if<event::MessageRejected>(&event);
      return rejected && rejected->reason == reason;
    }));
  }
  Bytes bobs_token(const ike::IkeSaStatus& sa) {
    return ike::v2::make_crash_token(crypto_, Secret::copy_of(as_bytes(kBobsDisk)), sa.spi_initiator, sa.spi_responder);
  }
  static w::PayloadChain claim(std::initializer_list<Bytes> tokens) {
    w::PayloadChain payloads;
    payloads.add(w::NotifyPayload{.type = w::NotifyType::invalid_ike_spi});
    for (const Bytes& token : tokens)
      payloads.add(w::NotifyPayload{.type = w::NotifyType::quick_crash_detection, .data = token});
    return payloads;
  }
  static Bytes in_clear(const wire::IkeHeader& like, std::uint8_t flags, const w::PayloadChain& payloads) {
    wire::IkeHeader header = like;
    header.flags = flags;
    return *w::serialize_message(header, payloads);
  }
  /// Behind the non-ESP marker where the port asks for it.
  static Bytes packet_between(const policy::Endpoint& from, const policy::Endpoint& to, ByteView message) {
    Bytes content;
    if (from.port == 4500) content.resize(4);
    append(content, message);
    return sim::build_udp(from, to, content);
  }
  /// To alice, from where bob is, as the answer to the request that she has just sent.
  void answer_in_bobs_name(const sim::Sniffed& asked, const w::PayloadChain& payloads) {
    mallory.inject(inward,
                   packet_between(asked.destination, asked.source, in_clear(asked.ike, w::flag_response, payloads)));
  }
  /// The latest request of alice's, taken off the wire while bob does not hear of it.
  std::optional<sim::Sniffed> request_that_bob_does_not_get() {
    mallory.record(50);
    mallory.take(OnPathAttacker::only(outward, OnPathAttacker::ike()));
    alice.rekey("office", "lan");
    pass(100ms);
    for (auto packet = mallory.recorded().rbegin(); packet != mallory.recorded().rend(); ++packet)
      if (const auto sniffed = sim::sniff(packet->packet);
          packet->direction == outward && sniffed.kind == sim::Sniffed::Kind::ike)
        return sniffed;
    return std::nullopt;
  }

  crypto::Provider& crypto_ = cryptography().provider;
};

TEST_F(QuickCrash, IsNoticedAtTheFirstPacket) {
  come_up_and_settle(patient());
  bob.crash();
  bob.restart();
  alice_sends_a_packet();
  EXPECT_TRUE(eventually([&] { return alice_has_noticed(); }, 1s));
}

TEST_F(QuickCrash, IsNoticedAtTheFirstQuestionWithoutTraffic) {
  come_up_and_settle(patient());
  bob.crash();
  bob.restart();
  pass(3min);
  EXPECT_FALSE(alice.installed().empty());
  EXPECT_TRUE(eventually([&] { return alice_has_noticed(); }, 130s));
}

TEST_F(QuickCrash, WhatIsKeptUpIsBackAtOnce) {
  come_up_and_settle(kept_by_alice());
  bob.crash();
  bob.restart();
  alice_sends_a_packet();
  EXPECT_TRUE(eventually([&] { return is_up(); }, 10s));
  EXPECT_TRUE(both_reach_each_other());
  EXPECT_THAT(sim::check_pairs(std::array<const Host*, 2>{&alice, &bob}), IsEmpty());
}

TEST_F(QuickCrash, OfTheInitiatorIsNoticedAsWell) {
  come_up_and_settle(patient());
  alice.crash();
  alice.restart();
  (void)bob.application().ping(bob_inside, alice_inside);
  EXPECT_TRUE(eventually([&] { return bob.installed().empty(); }, 1s));
  EXPECT_EQ(failure_of(bob), FailureKind::peer_restarted);
}

TEST_F(QuickCrash, IsNoticedOnAnIkeSaThatWasRekeyed) {
  load(patient());
  for (Host* each : {&bob, &alice}) {
    ASSERT_TRUE(comes_up());
    ASSERT_TRUE(alice.rekey("office"));
    pass(1min);
    Host& other = each == &bob ? alice : bob;
    each->crash();
    each->restart();
    (void)other.application().ping(&other == &alice ? alice_inside : bob_inside,
                                   &other == &alice ? bob_inside : alice_inside);
    EXPECT_TRUE(eventually([&] { return other.installed().empty(); }, 1s)) << each->name();
    EXPECT_EQ(failure_of(other), FailureKind::peer_restarted);
  }
}

TEST_F(QuickCrash, WithoutAKeptSecretIsLeftToLivenessChecks) {
  bob.keep_crash_secret("");
  come_up_and_settle(patient());
  bob.crash();
  bob.restart();
  alice_sends_a_packet();
  pass(1min);
  EXPECT_FALSE(alice.installed().empty());
}

TEST_F(QuickCrash, WithAnotherSecretThanBeforeProvesNothing) {
  come_up_and_settle(patient());
  bob.crash();
  bob.keep_crash_secret("another disk");
  bob.start();
  alice_sends_a_packet();
  pass(1min);
  EXPECT_FALSE(alice.installed().empty());
  EXPECT_GE(count_rejected(alice, Rejected::unexpected_exchange), 1U);
}

TEST_F(QuickCrash, SaidWithoutATokenIsNotBelieved) {
  come_up_and_settle(patient());
  const auto asked = request_that_bob_does_not_get();
  ASSERT_TRUE(asked);
  answer_in_bobs_name(*asked, claim({}));
  mallory.forget_rules();
  pass(1min);
  EXPECT_TRUE(is_up());
  EXPECT_EQ(count_rejected(alice, Rejected::unexpected_exchange), 1U);
}

TEST_F(QuickCrash, SaidWithAForgedTokenIsNotBelieved) {
  come_up_and_settle(patient());
  const auto asked = request_that_bob_does_not_get();
  ASSERT_TRUE(asked);
  Bytes almost = bobs_token(alice.ike_sas()[0]);
  almost.back() ^= 1;
  for (const Bytes& token : {Bytes(32, 7), Bytes(16, 0), Bytes(), almost}) answer_in_bobs_name(*asked, claim({token}));
  mallory.forget_rules();
  pass(1min);
  EXPECT_TRUE(is_up());
}

TEST_F(QuickCrash, TokensAreNotGuessedByTheHundred) {
  come_up_and_settle(patient());
  const auto asked = request_that_bob_does_not_get();
  ASSERT_TRUE(asked);
  answer_in_bobs_name(*asked, claim({Bytes(32, 1), Bytes(32, 2), bobs_token(alice.ike_sas()[0])}));
  mallory.forget_rules();
  pass(1min);
  EXPECT_TRUE(is_up());
}

TEST_F(QuickCrash, ATokenOfAnotherIkeSaProvesNothing) {
  load(kept_by_alice());
  ASSERT_TRUE(comes_up());
  mallory.record(50);
  bob.crash();
  bob.restart();
  alice_sends_a_packet();
  ASSERT_TRUE(eventually([&] { return is_up(); }, 20s));
  const auto proof = std::ranges::find_if(mallory.recorded(), [](const auto& packet) {
    const auto sniffed = sim::sniff(packet.packet);
    return packet.direction == inward && sniffed.is_ike(ExchangeType::informational, response);
  });
  ASSERT_NE(proof, mallory.recorded().end());
  const auto stolen = w::parse_message(sim::sniff(proof->packet).content);
  ASSERT_TRUE(stolen && stolen->payloads.find_notify(w::NotifyType::quick_crash_detection));
  const w::PayloadChain stolen_claim = stolen->payloads;
  const auto asked = request_that_bob_does_not_get();
  ASSERT_TRUE(asked);
  answer_in_bobs_name(*asked, stolen_claim);
  mallory.forget_rules();
  pass(1min);
  EXPECT_TRUE(is_up());
}

TEST_F(QuickCrash, AnAnswerThatNobodyAskedForIsNoneEvenWithTheToken) {
  come_up_and_settle(patient());
  const auto sa = alice.ike_sas()[0];
  for (std::uint32_t id = 0; id < 20; ++id) {
    const wire::IkeHeader header{.initiator_spi = sa.spi_initiator,
                                 .responder_spi = sa.spi_responder,
                                 .major_version = 2,
                                 .exchange_type = w::number(ExchangeType::informational),
                                 .message_id = id};
    mallory.inject(inward,
                   packet_between(sa.remote, sa.local, in_clear(header, w::flag_response, claim({bobs_token(sa)}))));
  }
  pass(1min);
  EXPECT_TRUE(is_up());
}

/// The maker is there, and is to be made to say the token of an IKE SA that it has.
TEST_F(QuickCrash, NobodyGetsTheTokenOfAnIkeSaThatIsThere) {
  come_up_and_settle(patient());
  const auto sa = bob.ike_sas()[0];
  const std::size_t before = packets_of(bob, sim::Sniffed::Kind::ike);
  for (const std::uint8_t flags : {std::uint8_t{0}, w::flag_initiator, w::flag_response,
                                   static_cast<std::uint8_t>(w::flag_initiator | w::flag_response)})
    for (const auto exchange : {ExchangeType::ike_sa_init, ExchangeType::ike_auth, ExchangeType::create_child_sa,
                                ExchangeType::informational})
      for (const bool swapped : {false, true}) {
        const wire::IkeHeader header{.initiator_spi = swapped ? sa.spi_responder : sa.spi_initiator,
                                     .responder_spi = swapped ? sa.spi_initiator : sa.spi_responder,
                                     .major_version = 2,
                                     .exchange_type = w::number(exchange),
                                     .message_id = 7};
        mallory.inject(outward, packet_between(sa.remote, sa.local, in_clear(header, flags, claim({}))));
        pass(100ms);
      }
  EXPECT_EQ(packets_of(bob, sim::Sniffed::Kind::ike), before);
  EXPECT_TRUE(is_up());
}

/// The peer may speak on an IKE SA before its answer that makes it has come: it is about to be there.
TEST_F(QuickCrash, NobodyGetsTheTokenOfAnIkeSaThatIsAboutToBeThere) {
  come_up_and_settle(patient());
  mallory.take(OnPathAttacker::only(inward, OnPathAttacker::ike(ExchangeType::create_child_sa, response)));
  ASSERT_TRUE(alice.rekey("office"));
  ASSERT_TRUE(eventually([&] { return bob.count<event::IkeSaRekeyed>() == 1; }, 1s));
  const std::size_t before = packets_of(alice, sim::Sniffed::Kind::ike);
  ASSERT_TRUE(bob.rekey("office", "lan"));
  pass(500ms);
  EXPECT_EQ(packets_of(alice, sim::Sniffed::Kind::ike), before);
  EXPECT_GE(count_rejected(alice, Rejected::unknown_spi), 1U);
  mallory.forget_rules();
  EXPECT_TRUE(eventually([&] { return is_up(); }));
}

TEST_F(QuickCrash, QuestionsOfNoIkeSaAreAnsweredAtARateAndInAFewOctets) {
  load(office());
  const auto count = [&] { return packets_of(bob, sim::Sniffed::Kind::ike); };
  const std::size_t before = count();
  for (std::uint32_t i = 0; i < 1000; ++i) {
    const wire::IkeHeader header{.initiator_spi = 1000 + i,
                                 .responder_spi = 5000 + i,
                                 .major_version = 2,
                                 .exchange_type = w::number(ExchangeType::informational),
                                 .message_id = 1};
    mallory.inject(outward, packet_between({alice_address, 500}, {bob_address, 500},
                                           in_clear(header, w::flag_initiator, claim({}))));
    pass(1ms);
  }
  pass(1s);
  EXPECT_GE(count() - before, 10U);
  EXPECT_LE(count() - before, 60U);
  for (const auto& packet : world.trace().packets()) {
    const auto sniffed = sim::sniff(packet.bytes);
    if (sniffed.kind == sim::Sniffed::Kind::ike && sniffed.source.address == bob_address) {
      EXPECT_LE(sniffed.size, 128U);
    }
  }
}

TEST_F(QuickCrash, StrangersAreToldNothing) {
  const IpAddress stranger_address = IpAddress::v4(203, 0, 113, 66);
  auto& stranger = world.add<sim::UdpHost>("stranger", stranger_address);
  internet.attach(stranger, stranger_address);
  load(office());
  const wire::IkeHeader header{.initiator_spi = 1,
                               .responder_spi = 2,
                               .major_version = 2,
                               .exchange_type = w::number(ExchangeType::informational),
                               .message_id = 1};
  const std::size_t before = packets_of(bob, sim::Sniffed::Kind::ike);
  stranger.send_udp(500, {bob_address, 500}, in_clear(header, w::flag_initiator, claim({})));
  pass(1s);
  EXPECT_EQ(packets_of(bob, sim::Sniffed::Kind::ike), before);
}

/// Anybody can send such a message: it is worth one question, and not many.
TEST_F(QuickCrash, WhoeverSaysThatAnSpiIsUnknownMakesUsAskOnceInAWhile) {
  come_up_and_settle(patient());
  const std::uint32_t spi = alice.installed().begin()->second.outbound.spi;
  Bytes octets(4);
  store_be32(octets.data(), spi);
  const wire::IkeHeader header{
      .initiator_spi = 77, .major_version = 2, .exchange_type = w::number(ExchangeType::informational)};
  const Bytes report =
      in_clear(header, w::flag_initiator,
               w::PayloadChain().add(w::NotifyPayload{.type = w::NotifyType::invalid_spi, .data = octets}));
  const std::size_t before = packets_of(alice, sim::Sniffed::Kind::ike);
  for (int i = 0; i < 500; ++i) {
    mallory.inject(inward, packet_between({bob_address, 500}, {alice_address, 500}, report));
    pass(100ms);
  }
  const std::size_t asked = packets_of(alice, sim::Sniffed::Kind::ike) - before;
  EXPECT_GE(asked, 2U);
  EXPECT_LE(asked, 7U);
  EXPECT_TRUE(is_up());
}

TEST_F(QuickCrash, AReportFromElsewhereOrOfAnotherSpiAsksNothing) {
  come_up_and_settle(patient());
  const std::uint32_t spi = alice.installed().begin()->second.outbound.spi;
  const wire::IkeHeader header{
      .initiator_spi = 77, .major_version = 2, .exchange_type = w::number(ExchangeType::informational)};
  const auto report = [&](std::uint32_t of, std::size_t size) {
    Bytes octets(size);
    if (size == 4) store_be32(octets.data(), of);
    return in_clear(header, w::flag_initiator,
                    w::PayloadChain().add(w::NotifyPayload{.type = w::NotifyType::invalid_spi, .data = octets}));
  };
  const std::size_t before = packets_of(alice, sim::Sniffed::Kind::ike);
  mallory.inject(inward, packet_between({IpAddress::v4(203, 0, 113, 5), 500}, {alice_address, 500}, report(spi, 4)));
  mallory.inject(inward, packet_between({bob_address, 500}, {alice_address, 500}, report(spi + 1, 4)));
  mallory.inject(inward, packet_between({bob_address, 500}, {alice_address, 500}, report(spi, 3)));
  pass(20s);
  EXPECT_EQ(packets_of(alice, sim::Sniffed::Kind::ike), before);
}

TEST_F(QuickCrash, WhileAnIkeSaIsThereUnknownSpisAreNotReported) {
  come_up_and_settle(patient());
  const std::size_t before = packets_of(bob, sim::Sniffed::Kind::ike);
  Bytes esp(60, 9);
  store_be32(esp.data(), 0x12345678);
  mallory.inject(outward, sim::build_ip({alice_address, bob_address, wire::IpProtocol::esp}, esp));
  pass(1s);
  EXPECT_EQ(packets_of(bob, sim::Sniffed::Kind::ike), before);
}

TEST_F(QuickCrash, ATokenOfAWrongSizeIsNone) {
  Pairing pairing = patient();
  sim::Configuration logging = pairing.right_configuration();
  logging.ike.log_keys = true;
  bob.load(std::move(logging));
  alice.load(pairing.left_configuration());
  Ventriloquist bobs_voice(mallory, bob, crypto_);
  bobs_voice.rewrite(OnPathAttacker::ike(ExchangeType::ike_auth, response), [](w::PayloadChain& payloads) {
    w::PayloadChain rest;
    for (const auto& payload : payloads) {
      const auto* notify = std::get_if<w::NotifyPayload>(&payload.body);
      if (!notify || notify->type != w::NotifyType::quick_crash_detection) rest.add(payload);
    }
    payloads = rest.add(w::NotifyPayload{.type = w::NotifyType::quick_crash_detection, .data = Bytes(15, 1)});
  });
  ASSERT_TRUE(comes_up());
  const auto asked = request_that_bob_does_not_get();
  ASSERT_TRUE(asked);
  answer_in_bobs_name(*asked, claim({Bytes(15, 1)}));
  mallory.forget_rules();
  pass(1min);
  EXPECT_TRUE(is_up());
}

}  // namespace
}  // namespace sallyport::scenarios
