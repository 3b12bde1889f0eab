// An IKE SA that was lost goes on by a ticket (RFC 5723): without a key exchange, with the proof of who the peers are
// that there was; and what is made of tickets that are late, used, forged, or of another time. alice is the client, bob
// the gateway.
#include "ike/v2/ticket.h"
#include "tests/scenarios/counting_provider.h"
#include "tests/scenarios/stage.h"
#include "tests/scenarios/ventriloquist.h"

namespace sallyport::scenarios {
namespace {

namespace w = wire::ikev2;
using event::Resumption;
using Outcome = Resumption::Outcome;
using Rejected = event::MessageRejected::Reason;

class Resuming : public Stage {
 protected:
  static Pairing resumable(Pairing pairing = office()) {
    sim::at_both_ends(pairing, [](policy::Connection& end) { end.resumption = true; });
    pairing.left.dpd_delay = 10s;
    return pairing;
  }
  static void keep_up(Pairing& pairing) {
    policy::Child& child = pairing.left.children[0];
    child.keep = policy::Keep::up;
    child.start_action = child.close_action = policy::StartAction::start;
    child.dpd_action = policy::DpdAction::restart;
  }
  /// Nothing passes for long enough that alice gives bob up, and bob knows nothing of it.
  void lose_each_other(Duration outage = 5min) {
    alice_link.set_up(false);
    pass(outage);
    alice_link.set_up(true);
    ASSERT_TRUE(alice.ike_sas().empty());
  }
  void come_up_and_lose_each_other() {
    ASSERT_TRUE(comes_up());
    lose_each_other();
  }
  void load_logging(const Pairing& pairing) {
    sim::Configuration logging = pairing.right_configuration();
    logging.ike.log_keys = true;
    bob.load(std::move(logging));
    alice.load(pairing.left_configuration());
  }
  static std::size_t outcomes(const Host& host, Outcome outcome) {
    return static_cast<std::size_t>(std::ranges::count_if(host.events(), [&](const event::Event& event) {
      const auto* resumption = std::get_if<Resumption>(&event);
      return resumption && resumption->outcome == outcome;
    }));
  }
  static std::size_t rejected(const Host& host, Rejected reason) {
    return static_cast<std::size_t>(std::ranges::count_if(host.events(), [&](const event::Event& event) {
      const auto* rejection = std::get_if<event::MessageRejected>(&event);
      return rejection && rejection->reason == reason;
    }));
  }
  static std::size_t tickets_refused(const Host& host) { return rejected(host, Rejected::ticket_refused); }
  /// Of alice's, the repetitions with them.
  std::size_t requests(ExchangeType exchange) const {
    return static_cast<std::size_t>(std::ranges::count_if(world.trace().packets(), [&](const auto& packet) {
      return world.trace().links()[packet.link.value].a == "alice" &&
             sim::sniff(packet.bytes).is_ike(exchange, request);
    }));
  }
  bool resumes() {
    return comes_up() && outcomes(alice, Outcome::resumed) == 1 && outcomes(bob, Outcome::resumed) == 1;
  }
  void expect_begun_anew() {
    EXPECT_EQ(outcomes(alice, Outcome::resumed), 0U);
    EXPECT_EQ(outcomes(bob, Outcome::resumed), 0U);
    EXPECT_TRUE(is_up());
    EXPECT_TRUE(both_reach_each_other());
    EXPECT_EQ(alice.count<event::NegotiationFailed>(), 0U);
  }

  Ventriloquist bobs_voice{mallory, bob, cryptography().provider};
};

TEST_F(Resuming, AfterAnOutageGoesOnWithoutAKeyExchange) {
  load(resumable());
  come_up_and_lose_each_other();
  const std::size_t before = requests(ExchangeType::ike_sa_init);
  EXPECT_TRUE(resumes());
  EXPECT_TRUE(both_reach_each_other());
  EXPECT_EQ(requests(ExchangeType::ike_sa_init), before);
  EXPECT_EQ(requests(ExchangeType::ike_session_resume), 1U);
  EXPECT_TRUE(alice.ike_sas().front().resumed && bob.ike_sas().front().resumed);
  EXPECT_TRUE(is_up());  // and nothing is left of the older one
  EXPECT_THAT(sim::check_pairs(std::array<const Host*, 2>{&alice, &bob}), IsEmpty());
}

TEST_F(Resuming, WhatIsKeptUpIsBackByItself) {
  Pairing pairing = resumable();
  keep_up(pairing);
  load(pairing);
  ASSERT_TRUE(comes_up());
  alice_link.set_up(false);
  ASSERT_TRUE(eventually([&] { return alice.ike_sas().empty(); }, 5min));
  ASSERT_TRUE(eventually([&] { return !alice.ike_sas().empty(); }, 1min));  // she tries, and goes on trying
  alice_link.set_up(true);
  EXPECT_TRUE(eventually([&] { return is_up() && alice.ike_sas().front().resumed; }, 5min));
  EXPECT_TRUE(both_reach_each_other());
}

TEST_F(Resuming, AgainAndAgainTakesAFreshTicketEachTime) {
  load(resumable());
  ASSERT_TRUE(comes_up());
  for (std::size_t i = 1; i <= 3; ++i) {
    lose_each_other();
    ASSERT_TRUE(comes_up());
    EXPECT_EQ(outcomes(alice, Outcome::resumed), i);
  }
  EXPECT_EQ(requests(ExchangeType::ike_sa_init), 1U);
  EXPECT_EQ(tickets_refused(bob), 0U);
}

TEST_F(Resuming, NobodyAsksForATicketWhoIsNotToldTo) {
  for (const bool ours : {false, true}) {
    Pairing pairing = resumable();
    (ours ? pairing.left : pairing.right).resumption = false;
    load(pairing);
    ASSERT_TRUE(comes_up());
    EXPECT_FALSE(alice.ike_sas().front().ticket_expires);
    lose_each_other();
    ASSERT_TRUE(comes_up());
    EXPECT_EQ(requests(ExchangeType::ike_session_resume), 0U);
    alice.terminate("office");
    ASSERT_TRUE(eventually([&] { return is_all_gone(); }, 2min));
  }
}

TEST_F(Resuming, AGatewayThatWasRestartedKnowsNoTickets) {
  load(resumable());
  come_up_and_lose_each_other();
  bob.crash();
  bob.restart();
  ASSERT_TRUE(comes_up());
  EXPECT_EQ(tickets_refused(bob), 1U);
  EXPECT_EQ(outcomes(alice, Outcome::refused), 1U);
  expect_begun_anew();
}

TEST_F(Resuming, AClientThatWasRestartedHasNoTicket) {
  load(resumable());
  ASSERT_TRUE(comes_up());
  alice.crash();
  alice.restart();
  ASSERT_TRUE(comes_up());
  EXPECT_EQ(requests(ExchangeType::ike_session_resume), 0U);
  expect_begun_anew();
}

TEST_F(Resuming, AGatewayThatIsMuteToTicketsGetsAnOrdinaryBeginning) {
  load(resumable());
  come_up_and_lose_each_other();
  mallory.take(OnPathAttacker::ike(ExchangeType::ike_session_resume, request));
  alice.initiate("office");
  EXPECT_TRUE(eventually([&] { return is_up(); }, 2min));
  EXPECT_EQ(outcomes(alice, Outcome::unanswered), 1U);
  expect_begun_anew();
}

TEST_F(Resuming, ALateTicketIsNotEvenShown) {
  Pairing pairing = resumable();
  pairing.left.rekey_time = pairing.right.rekey_time = 200s;
  pairing.left.over_time = pairing.right.over_time = 20s;
  pairing.left.rand_time = pairing.right.rand_time = 0s;
  load(pairing);
  ASSERT_TRUE(comes_up());
  const auto expires = alice.ike_sas().front().ticket_expires;
  ASSERT_TRUE(expires);
  EXPECT_LE(*expires - world.now(), 221s);
  lose_each_other(10min);
  ASSERT_TRUE(comes_up());
  EXPECT_EQ(requests(ExchangeType::ike_session_resume), 0U);
  expect_begun_anew();
}

/// The client believes in a longer life than the ticket has.
TEST_F(Resuming, ALateTicketIsNotTaken) {
  Pairing pairing = resumable();
  pairing.right.rekey_time = 60s;
  pairing.right.over_time = 6s;
  load_logging(pairing);
  bobs_voice.rewrite(
      OnPathAttacker::ike(ExchangeType::ike_auth, response),
      [](w::PayloadChain& payloads) {
        w::PayloadChain longer;
        for (auto payload : payloads) {
          if (auto* notify = std::get_if<w::NotifyPayload>(&payload.body);
              notify && notify->type == w::NotifyType::ticket_lt_opaque)
            store_be32(notify->data.data(), 36000);
          longer.add(std::move(payload));
        }
        payloads = std::move(longer);
      },
      1);
  ASSERT_TRUE(comes_up());
  EXPECT_GE(*alice.ike_sas().front().ticket_expires - world.now(), 1h);
  alice_link.set_up(false);
  pass(10min);
  alice_link.set_up(true);
  ASSERT_TRUE(comes_up());
  EXPECT_EQ(tickets_refused(bob), 1U);
  expect_begun_anew();
}

TEST_F(Resuming, ATicketThatWasUsedIsWorthNothing) {
  load(resumable());
  come_up_and_lose_each_other();
  mallory.record(400);
  ASSERT_TRUE(resumes());
  const auto first = std::ranges::find_if(mallory.recorded(), [](const auto& packet) {
    return packet.direction == outward && sim::sniff(packet.packet).is_ike(ExchangeType::ike_session_resume, request);
  });
  ASSERT_NE(first, mallory.recorded().end());
  const auto sniffed = sim::sniff(first->packet);
  // Somebody shows it, once as it was and once as his own.
  auto message = *w::parse_message(sniffed.content);
  for (const bool own : {false, true}) {
    wire::IkeHeader header = message.header;
    if (own) header.initiator_spi ^= 1;
    mallory.inject(
        outward, sim::build_udp(sniffed.source, sniffed.destination, *w::serialize_message(header, message.payloads)));
    pass(1s);
  }
  EXPECT_EQ(tickets_refused(bob), 1U);
  EXPECT_EQ(bob.node()->engine().half_open(), 0U);
  EXPECT_TRUE(is_up());
  EXPECT_TRUE(both_reach_each_other());
}

/// Who has seen a ticket on its way has none of the keys.
TEST_F(Resuming, AStolenTicketOpensNothing) {
  load(resumable());
  come_up_and_lose_each_other();
  mallory.record(50);
  mallory.take(OnPathAttacker::ike(ExchangeType::ike_session_resume, request));
  alice.initiate("office");
  pass(1s);
  ASSERT_FALSE(mallory.recorded().empty());
  const auto sniffed = sim::sniff(mallory.recorded().back().packet);
  ASSERT_TRUE(sniffed.is_ike(ExchangeType::ike_session_resume, request));
  auto message = *w::parse_message(sniffed.content);
  wire::IkeHeader header = message.header;
  header.initiator_spi ^= 1;
  mallory.forget_rules();
  mallory.inject(outward,
                 sim::build_udp(sniffed.source, sniffed.destination, *w::serialize_message(header, message.payloads)));
  pass(100ms);
  EXPECT_EQ(bob.node()->engine().half_open(), 1U);  // which is all that there is to be had
  EXPECT_TRUE(eventually([&] { return is_up() && bob.node()->engine().half_open() == 0; }, 2min));
  EXPECT_EQ(bob.count<event::IkeSaEstablished>(), 2U);
}

TEST_F(Resuming, WhatIsNoTicketIsRefused) {
  load(resumable());
  come_up_and_lose_each_other();
  mallory.record(50);
  mallory.take(OnPathAttacker::ike(ExchangeType::ike_session_resume, request));
  alice.initiate("office");
  pass(1s);
  const auto sniffed = sim::sniff(mallory.recorded().back().packet);
  const auto message = *w::parse_message(sniffed.content);
  const Bytes real = message.payloads.find_notify(w::NotifyType::ticket_opaque)->data;
  std::vector<Bytes> forged = {Bytes(), Bytes(8, 1), Bytes(25, 0), Bytes(1000, 7), Bytes(real.begin(), real.end() - 1)};
  for (std::size_t at = 0; at < real.size(); at += 7) {
    forged.push_back(real);
    forged.back()[at] ^= 0x40;
  }
  mallory.forget_rules();
  mallory.take(OnPathAttacker::only(outward, OnPathAttacker::ike()));
  std::uint64_t spi = 1000;
  for (const Bytes& ticket : forged) {
    wire::IkeHeader header = message.header;
    header.initiator_spi = ++spi;
    const auto payloads = w::PayloadChain()
                              .add(w::NotifyPayload{.type = w::NotifyType::ticket_opaque, .data = ticket})
                              .add(w::NoncePayload{Bytes(32, 5)});
    mallory.inject(outward,
                   sim::build_udp(sniffed.source, sniffed.destination, *w::serialize_message(header, payloads)));
  }
  pass(1s);
  EXPECT_EQ(tickets_refused(bob), forged.size());
  EXPECT_EQ(bob.node()->engine().half_open(), 0U);
}

TEST_F(Resuming, UnderLoadACookieComesFirst) {
  Pairing pairing = resumable();
  sim::Configuration wary = pairing.right_configuration();
  wary.ike.cookie_threshold = 0;
  bob.load(std::move(wary));
  alice.load(pairing.left_configuration());
  come_up_and_lose_each_other();
  EXPECT_TRUE(resumes());
  EXPECT_EQ(requests(ExchangeType::ike_session_resume), 2U);
}

TEST_F(Resuming, AfterRekeyingByEitherEndGoesOnFromTheNewestKeys) {
  load(resumable());
  std::size_t resumed = 0;
  ASSERT_TRUE(comes_up());
  for (Host* each : {&alice, &bob}) {
    ASSERT_TRUE(each->rekey("office"));
    pass(1min);
    ASSERT_TRUE(eventually([&] { return is_up() && alice.ike_sas().front().ticket_expires.has_value(); }, 2min));
    lose_each_other();
    ASSERT_TRUE(comes_up());
    EXPECT_EQ(outcomes(alice, Outcome::resumed), ++resumed) << each->name();
    EXPECT_EQ(outcomes(bob, Outcome::resumed), resumed);
    EXPECT_TRUE(both_reach_each_other());
  }
  EXPECT_TRUE(alice.rekey("office"));  // and the resumed one is as good as any
  EXPECT_TRUE(eventually([&] { return is_up(); }, 2min));
}

TEST_F(Resuming, WhoClosesByHandBeginsAnew) {
  for (Host* each : {&alice, &bob}) {
    load(resumable());
    ASSERT_TRUE(comes_up());
    each->terminate("office");
    ASSERT_TRUE(eventually([&] { return is_all_gone(); }, 2min));
    ASSERT_TRUE(comes_up());
    EXPECT_EQ(requests(ExchangeType::ike_session_resume), 0U);
    alice.terminate("office");
    ASSERT_TRUE(eventually([&] { return is_all_gone(); }, 2min));
  }
}

/// The gateway has closed it, and the client has not heard of that.
TEST_F(Resuming, WhoWasShutOutStaysSo) {
  load(resumable());
  ASSERT_TRUE(comes_up());
  alice_link.set_up(false);
  bob.terminate("office");
  pass(5min);
  alice_link.set_up(true);
  ASSERT_TRUE(alice.ike_sas().empty());
  ASSERT_TRUE(comes_up());
  EXPECT_EQ(tickets_refused(bob), 1U);
  expect_begun_anew();
}

TEST_F(Resuming, WithAnotherSecretBeginsAnew) {
  Pairing pairing = resumable();
  load(pairing);
  come_up_and_lose_each_other();
  pairing.right_secret = "another one";
  bob.load(pairing.right_configuration());
  alice.initiate("office");
  pass(1min);
  EXPECT_EQ(tickets_refused(bob), 1U);
  EXPECT_TRUE(alice.installed().empty());  // and comes to nothing, as it should
  EXPECT_EQ(failure_of(alice), FailureKind::authentication_failed);
}

TEST_F(Resuming, WithOtherAlgorithmsBeginsAnew) {
  Pairing pairing = resumable();
  load(pairing);
  come_up_and_lose_each_other();
  const auto others = sim::proposals(policy::Protocol::ike, {"aes256gcm16-prfsha384-ecp384"});
  pairing.right.proposals = others;
  bob.load(pairing.right_configuration());
  alice.initiate("office");
  pass(1min);
  EXPECT_EQ(tickets_refused(bob), 1U);
  EXPECT_EQ(outcomes(bob, Outcome::resumed), 0U);
}

TEST_F(Resuming, OnAConnectionThatWasChangedMeanwhileBeginsAnew) {
  Pairing pairing = resumable();
  load(pairing);
  come_up_and_lose_each_other();
  pairing.left.dpd_delay = 20s;
  alice.load(pairing.left_configuration());
  ASSERT_TRUE(comes_up());
  EXPECT_EQ(requests(ExchangeType::ike_session_resume), 0U);
  expect_begun_anew();
}

TEST_F(Resuming, ProvesNothingAnew) {
  Pairing pairing = resumable();
  pairing.right.reauth_time = 600s;
  pairing.right.over_time = 60s;
  pairing.right.rand_time = 0s;
  load(pairing);
  come_up_and_lose_each_other();
  ASSERT_TRUE(resumes());
  // Of the ten minutes five are over.
  const auto due = alice.ike_sas().front().reauthenticates;
  ASSERT_TRUE(due);
  EXPECT_LE(*due - world.now(), 6min);
  EXPECT_TRUE(eventually([&] { return alice.count<event::IkeSaReauthenticated>() == 1; }, 6min));
  EXPECT_TRUE(eventually([&] { return is_up(); }, 2min));
  EXPECT_EQ(requests(ExchangeType::ike_session_resume), 1U);
}

TEST_F(Resuming, WithoutAChildWorksAsWell) {
  Pairing pairing = resumable();
  sim::at_both_ends(pairing, [](policy::Connection& end) { end.childless = policy::Childless::force; });
  load(pairing);
  come_up_and_lose_each_other();
  EXPECT_TRUE(resumes());
  EXPECT_TRUE(both_reach_each_other());
}

TEST_F(Resuming, AskingWhetherThePeerIsThereWorksOnIt) {
  load(resumable());
  come_up_and_lose_each_other();
  ASSERT_TRUE(resumes());
  pass(10min);  // of nothing but liveness checks
  EXPECT_TRUE(is_up());
  EXPECT_TRUE(both_reach_each_other());
}

TEST_F(Resuming, BehindANatThatHasForgottenUs) {
  const IpAddress inner = IpAddress::v4(192, 168, 1, 2), outer = IpAddress::v4(203, 0, 113, 7);
  Host& carol = world.add<Host>("carol", std::vector{inner}, cryptography());
  auto& nat = world.add<sim::NatBox>("nat", sim::NatSettings{.outside = outer});
  Link& line = world.connect(carol, nat, {.delay = 1ms});
  internet.attach(nat, outer);
  Pairing pairing = resumable(
      sim::pair_up("office", {inner, "10.1.0.0/16", "alice.example"}, {bob_address, "10.2.0.0/16", "bob.example"}));
  pairing.right.remote_addrs.clear();
  carol.load(pairing.left_configuration());
  bob.load(pairing.right_configuration());
  carol.initiate("office");
  ASSERT_TRUE(eventually([&] { return carol.installed().size() == 1; }));
  line.set_up(false);
  pass(5min);
  nat.rebind();
  line.set_up(true);
  ASSERT_TRUE(carol.ike_sas().empty());
  carol.initiate("office");
  ASSERT_TRUE(eventually([&] { return carol.installed().size() == 1; }));
  EXPECT_EQ(outcomes(carol, Outcome::resumed), 1U);
  EXPECT_TRUE(carol.ike_sas().front().nat_local);
  EXPECT_TRUE(reaches(carol, alice_inside, bob_inside));
  EXPECT_TRUE(eventually([&] { return bob.ike_sas().size() == 1 && bob.installed().size() == 1; }));
}

TEST_F(Resuming, AnAnswerWithAnotherTicketThanOursIsNotBelieved) {
  load_logging(resumable());
  for (const Bytes& data : {Bytes(), Bytes(4, 0), Bytes(3, 9), Bytes(40, 0)}) {
    bobs_voice.rewrite(
        OnPathAttacker::ike(ExchangeType::ike_auth, response),
        [data](w::PayloadChain& payloads) {
          w::PayloadChain rest;
          for (const auto& payload : payloads) {
            const auto* notify = std::get_if<w::NotifyPayload>(&payload.body);
            if (!notify || notify->type != w::NotifyType::ticket_lt_opaque) rest.add(payload);
          }
          payloads = rest.add(w::NotifyPayload{.type = w::NotifyType::ticket_lt_opaque, .data = data});
        },
        1);
    ASSERT_TRUE(comes_up());
    EXPECT_FALSE(alice.ike_sas().front().ticket_expires);
    alice.terminate("office");
    ASSERT_TRUE(eventually([&] { return is_all_gone(); }, 2min));
    mallory.forget_rules();
  }
}

/// IDr is not among what the client proves.
/// Nobody has to prove anything to send these.
TEST_F(Resuming, AnAnswerToWhatWasNotAskedIsNotTaken) {
  const auto say = [&](ExchangeType answered, ExchangeType instead) {
    mallory.alter(
        OnPathAttacker::only(inward, OnPathAttacker::ike(answered, response)),
        [=](Bytes& packet) { packet.at(28 + 18) = w::number(instead); }, 1);
  };
  say(ExchangeType::ike_sa_init, ExchangeType::ike_session_resume);
  load(resumable());
  ASSERT_TRUE(comes_up());
  EXPECT_EQ(rejected(alice, Rejected::unexpected_exchange), 1U);
  lose_each_other();
  say(ExchangeType::ike_session_resume, ExchangeType::ike_sa_init);
  EXPECT_TRUE(resumes());
  EXPECT_EQ(rejected(alice, Rejected::unexpected_exchange), 2U);
}

TEST_F(Resuming, AnotherIdentityThanTheTicketsIsRefused) {
  load_logging(resumable());
  come_up_and_lose_each_other();
  bobs_voice.rewrite(
      OnPathAttacker::ike(ExchangeType::ike_auth, request),
      [](w::PayloadChain& payloads) {
        w::PayloadChain changed;
        for (auto payload : payloads) {
          if (auto* idr = std::get_if<w::IdrPayload>(&payload.body)) idr->id.data = to_bytes(as_bytes("carol.example"));
          changed.add(std::move(payload));
        }
        payloads = std::move(changed);
      },
      1);
  ASSERT_TRUE(comes_up());
  EXPECT_EQ(outcomes(alice, Outcome::refused), 1U);
  expect_begun_anew();
}

/// A client that does not speak to the gateway that it has the ticket from.
TEST_F(Resuming, ATicketIsShownToNobodyElse) {
  Pairing pairing = resumable();
  load(pairing);
  come_up_and_lose_each_other();
  const IpAddress carol_address = IpAddress::v4(203, 0, 113, 3);
  Host& carol = world.add<Host>("carol", std::vector{carol_address}, cryptography());
  internet.attach(carol, carol_address);
  pairing.left.remote_addrs = {policy::AddressRange::host(carol_address)};
  alice.load(pairing.left_configuration());
  alice.initiate("office");
  pass(10s);
  EXPECT_EQ(requests(ExchangeType::ike_session_resume), 0U);
}

}  // namespace
}  // namespace sallyport::scenarios
