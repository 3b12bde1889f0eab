// A peer that offers several SAs in one Quick Mode (RFC 2409 §5.5): all of them come up, or none does.
#include "ike/v1/identification.h"
#include "ike/v1/phase2_proposals.h"
#include "tests/scenarios/ikev1_voice.h"

namespace sallyport::scenarios {
namespace {

namespace w = wire::ikev1;
namespace v1 = ike::v1;
using crypto::KeyExchangeMethod;
using policy::Protocol;
using testing::SizeIs;

class SeveralSas : public Stage {
 protected:
  SeveralSas() {
    Pairing pairing = in_ikev1(office());
    policy::Child& bobs = pairing.right.children[0];
    bobs.esp_proposals = sim::proposals(Protocol::esp, {"aes128-sha256", "aes128-sha256-ecp256"});
    bobs.rekey_time = policy::Seconds(1200);
    bobs.life_time = policy::Seconds(1500);
    bobs.rand_time = policy::Seconds(0);
    bring_up(pairing);
  }
  /// The ISAKMP SA alone.
  void bring_up(const Pairing& pairing) {
    sim::Configuration left = pairing.left_configuration();
    left.ike.log_keys = true;
    alice.load(std::move(left));
    bob.load(pairing.right_configuration());
    EXPECT_TRUE(comes_up());
    alice.terminate("office", "lan");
    EXPECT_TRUE(eventually([&] { return is_up(1, 0); }));
  }
  static w::SaPayload offer(std::uint32_t spi, std::string_view words = "aes128-sha256",
                            KeyExchangeMethod method = KeyExchangeMethod::none) {
    return v1::offer_phase2(sim::proposals(Protocol::esp, {words}), method,
                            v1::write_encapsulation({policy::Mode::tunnel, false}, false), {}, spi);
  }
  static w::PayloadChain message_1(const std::vector<w::SaPayload>& offers, ByteView public_value = {}) {
    w::PayloadChain payloads;
    for (const w::SaPayload& each : offers) payloads.add(each);
    payloads.add(w::NoncePayload{Bytes(20, 7)});
    if (!public_value.empty()) payloads.add(w::KePayload{to_bytes(public_value)});
    for (const char* network : {"10.1.0.0/16", "10.2.0.0/16"})
      payloads.add(*v1::write_selector(sim::selectors({network}).front().resolve(alice_address)));
    return payloads;
  }
  /// Says message 1, and the third once the second is there.
  std::optional<w::PayloadChain> negotiate(const w::PayloadChain& payloads) {
    const auto id = voice.say(V1::quick_mode, payloads);
    pass(1s);
    auto answer = voice.answer(id);
    if (answer) voice.confirm(id);
    pass(1s);
    return answer;
  }
  std::set<std::uint32_t> outbound_spis() const {
    std::set<std::uint32_t> spis;
    for (const auto& [id, spec] : bob.installed()) spis.insert(spec.outbound.spi);
    return spis;
  }
  void expect_refusal(FailureKind kind) {
    EXPECT_TRUE(bob.installed().empty());
    EXPECT_EQ(failure_of(bob), kind);
    EXPECT_EQ(bob.ike_sas().size(), 1U);
  }

  Ikev1Voice voice{world, mallory, alice, cryptography().provider};
};

TEST_F(SeveralSas, EachIsAnsweredInItsPlaceAndComesUp) {
  const auto answer = negotiate(message_1({offer(0x1111), offer(0x2222), offer(0x3333)}));
  ASSERT_TRUE(answer);
  const auto accepted = answer->all<w::SaPayload>();
  ASSERT_THAT(accepted, SizeIs(3));
  ASSERT_THAT(bob.installed(), SizeIs(3));
  auto spec = bob.installed().begin();
  for (std::size_t i = 0; i < 3; ++i, ++spec) {
    EXPECT_EQ(spec->second.outbound.spi, 0x1111 * (i + 1));
    EXPECT_EQ(accepted[i]->proposals.at(0).child_spi(), spec->second.inbound.spi);
    EXPECT_THAT(accepted[i]->proposals.at(0).transforms, SizeIs(1));
  }
  const auto& first = bob.installed().begin()->second;
  const auto& second = std::next(bob.installed().begin())->second;
  EXPECT_NE(first.inbound.integrity_key, second.inbound.integrity_key);
  EXPECT_NE(first.outbound.encryption_key, second.outbound.encryption_key);
}

TEST_F(SeveralSas, TrafficGoesByTheFirst) {
  ASSERT_TRUE(negotiate(message_1({offer(0x1111), offer(0x2222)})));
  bob.application().ping(bob_inside, alice_inside);
  pass(1s);
  const auto& packets = world.trace().packets();
  const auto esp = std::find_if(packets.rbegin(), packets.rend(), [](const auto& packet) {
    return sim::sniff(packet.bytes).kind == sim::Sniffed::Kind::esp;
  });
  ASSERT_NE(esp, packets.rend());
  EXPECT_EQ(sim::sniff(esp->bytes).spi, 0x1111U);
}

TEST_F(SeveralSas, ShareOneKeyExchange) {
  SeededRandom random(5);
  auto exchange = cryptography().provider.start_key_exchange(KeyExchangeMethod::ecp256, random);
  const auto with_group = [](std::uint32_t spi) {
    return offer(spi, "aes128-sha256-ecp256", KeyExchangeMethod::ecp256);
  };
  const auto answer = negotiate(message_1({with_group(0x1111), with_group(0x2222)}, (*exchange)->public_value()));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->count<w::KePayload>(), 1U);
  EXPECT_THAT(bob.installed(), SizeIs(2));
}

TEST_F(SeveralSas, OneThatDoesNotFitRefusesAll) {
  EXPECT_FALSE(negotiate(message_1({offer(0x1111), offer(0x2222, "aes256-sha512"), offer(0x3333)})));
  expect_refusal(FailureKind::no_proposal_chosen);
}

TEST_F(SeveralSas, TwoGroupsForOneKeyExchangeAreRefused) {
  SeededRandom random(5);
  auto exchange = cryptography().provider.start_key_exchange(KeyExchangeMethod::ecp256, random);
  EXPECT_FALSE(negotiate(message_1({offer(0x1111, "aes128-sha256-ecp256", KeyExchangeMethod::ecp256), offer(0x2222)},
                                   (*exchange)->public_value())));
  expect_refusal(FailureKind::no_proposal_chosen);
}

TEST_F(SeveralSas, TooManyAreRefused) {
  std::vector<w::SaPayload> many;
  for (std::uint32_t i = 1; i <= 9; ++i) many.push_back(offer(0x1111 * i));
  EXPECT_FALSE(negotiate(message_1(many)));
  expect_refusal(FailureKind::child_refused);
}

TEST_F(SeveralSas, EachIsDeletedByItself) {
  ASSERT_TRUE(negotiate(message_1({offer(0x1111), offer(0x2222)})));
  voice.say(V1::informational,
            w::PayloadChain().add(w::DeletePayload{.protocol = w::ProtocolId::esp, .spis = {{0, 0, 0x11, 0x11}}}));
  pass(1s);
  EXPECT_EQ(outbound_spis(), (std::set<std::uint32_t>{0x2222}));
}

TEST_F(SeveralSas, ADeleteOfAhSaysNothingOfEsp) {
  ASSERT_TRUE(negotiate(message_1({offer(0x1111), offer(0x2222)})));
  voice.say(V1::informational,
            w::PayloadChain().add(w::DeletePayload{.protocol = w::ProtocolId::ah, .spis = {{0, 0, 0x11, 0x11}}}));
  pass(1s);
  EXPECT_THAT(bob.installed(), SizeIs(2));
}

TEST_F(SeveralSas, AllGoWhenTheThirdMessageDoesNotCome) {
  voice.say(V1::quick_mode, message_1({offer(0x1111), offer(0x2222)}));
  pass(1s);
  EXPECT_THAT(bob.installed(), SizeIs(2));
  EXPECT_TRUE(eventually([&] { return bob.installed().empty(); }, 5min));
}

TEST_F(SeveralSas, AreSupersededTogetherByTheNext) {
  ASSERT_TRUE(negotiate(message_1({offer(0x1111), offer(0x2222)})));
  ASSERT_TRUE(negotiate(message_1({offer(0x3333), offer(0x4444)})));
  EXPECT_EQ(bob.count<event::ChildSaRekeyed>(), 2U);
  EXPECT_THAT(bob.installed(), SizeIs(4));
  EXPECT_TRUE(eventually([&] { return outbound_spis() == std::set<std::uint32_t>{0x3333, 0x4444}; }, 3min));
}

/// bob's renewal asks for what is configured, and that is one.
TEST_F(SeveralSas, OneOfOursTakesThePlaceOfAll) {
  ASSERT_TRUE(negotiate(message_1({offer(0x1111), offer(0x2222)})));
  pass(20min);
  EXPECT_TRUE(eventually([&] { return is_up(1, 1); }, 2min));
  EXPECT_TRUE(both_reach_each_other());
}

}  // namespace
}  // namespace sallyport::scenarios
