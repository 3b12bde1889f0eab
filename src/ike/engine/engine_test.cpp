// Two engines that speak to each other over a perfect wire, in each version that is built; the imperfect wires are in
// tests/.
#include "ike/engine/engine.h"

#include <gtest/gtest.h>

#include "crypto/openssl/provider_openssl.h"

namespace sallyport::ike {
namespace {

using policy::IpAddress;

constexpr IpAddress kMoon = IpAddress::v4(192, 0, 2, 1);
constexpr IpAddress kSun = IpAddress::v4(192, 0, 2, 2);

policy::Connection make_connection(const IpAddress& local, const IpAddress& remote, const char* local_id,
                                   const char* remote_id, policy::IkeVersion version) {
  policy::Connection connection;
  connection.name = "office";
  connection.version = version;
  connection.local_addrs = {policy::AddressRange::host(local)};
  connection.remote_addrs = {policy::AddressRange::host(remote)};
  connection.local.id = policy::Identity::fqdn(local_id);
  connection.remote.id = policy::Identity::fqdn(remote_id);
  policy::Child child;
  child.name = "lan";
  connection.children = {child};
  return connection;
}

/// One end: an engine, what it sent and what it said.
class Peer final : public HostView {
 public:
  Peer(std::uint64_t seed, const IpAddress& address, policy::Connection connection,
       std::string_view secret = "a secret")
      : random_(seed),
        address_(address),
        engine_(settings_, *crypto_, random_, *this),
        connection_(std::move(connection)) {
    load(secret);
  }

  void load(std::string_view secret) {
    policy::Pad pad;
    pad.add({.name = "ike", .secret = Secret::copy_of(as_bytes(secret))});
    engine_.load(Instant{}, {std::make_shared<const policy::Connection>(connection_)}, std::move(pad));
  }
  std::optional<Instant> last_inbound(policy::ChildSaId) const override { return std::nullopt; }
  std::optional<IpAddress> source_address(const IpAddress&) const override { return address_; }
  std::vector<IpAddress> addresses() const override { return {address_}; }

  void drain() {
    while (auto output = engine_.poll_output()) {
      if (auto* datagram = std::get_if<SendDatagram>(&*output)) sent_.push_back(std::move(*datagram));
      if (auto* install = std::get_if<InstallChildSa>(&*output)) installed_.push_back(std::move(install->spec));
      if (auto* remove = std::get_if<RemoveChildSa>(&*output)) removed_.push_back(remove->id);
      if (auto* notice = std::get_if<Notice>(&*output)) events_.push_back(std::move(notice->event));
    }
  }
  template <class E>
  std::vector<E> events() const {
    std::vector<E> found;
    for (const auto& event : events_)
      if (const auto* e = std::get_if<E>(&event)) found.push_back(*e);
    return found;
  }

  Settings settings_;
  std::unique_ptr<crypto::Provider> crypto_ = crypto::make_openssl_provider();
  SeededRandom random_;
  IpAddress address_;
  Engine engine_;
  policy::Connection connection_;
  std::vector<SendDatagram> sent_;
  std::vector<policy::ChildSaSpec> installed_;
  std::vector<policy::ChildSaId> removed_;
  std::vector<event::Event> events_;
};

class EnginePair : public testing::TestWithParam<policy::IkeVersion> {
 protected:
  /// Carries datagrams until nobody has anything to say.
  void run() {
    for (bool busy = true; busy;) {
      busy = false;
      for (auto [from, to] : {std::pair{&moon_, &sun_}, std::pair{&sun_, &moon_}}) {
        from->drain();
        for (const SendDatagram& datagram : std::exchange(from->sent_, {})) {
          busy = true;
          to->engine_.on_datagram(now_, {datagram.remote, datagram.local, datagram.message});
        }
      }
    }
  }

  Instant now_{};
  Peer moon_{1, kMoon, make_connection(kMoon, kSun, "moon", "sun", GetParam())};
  Peer sun_{2, kSun, make_connection(kSun, kMoon, "sun", "moon", GetParam())};
};

/// As a client sends it that has been told to come to another address of ours, and keeps its SPI.
TEST_P(EnginePair, TheSameFirstMessageToAnotherAddressBeginsAnotherSession) {
  sun_.connection_.local_addrs.clear();
  sun_.load("a secret");
  ASSERT_TRUE(moon_.engine_.initiate(now_, "office", {}));
  moon_.drain();
  ASSERT_EQ(moon_.sent_.size(), 1u);
  const SendDatagram first = moon_.sent_.front();
  std::vector<Bytes> answers;
  for (const IpAddress& to : {kSun, IpAddress::v4(192, 0, 2, 3), kSun}) {
    const policy::Endpoint local{to, first.remote.port};
    sun_.engine_.on_datagram(now_, {local, first.local, first.message});
    sun_.drain();
    ASSERT_FALSE(sun_.sent_.empty());
    EXPECT_EQ(sun_.sent_.back().local, local);
    answers.push_back(sun_.sent_.back().message);
  }
  EXPECT_EQ(sun_.engine_.sessions(), 2u);
  EXPECT_NE(answers[0], answers[1]);
  EXPECT_EQ(answers[0], answers[2]);
}

TEST_P(EnginePair, AgreeOnKeysAndSelectors) {
  ASSERT_TRUE(moon_.engine_.initiate(now_, "office", {}));
  run();
  ASSERT_EQ(moon_.installed_.size(), 1u);
  ASSERT_EQ(sun_.installed_.size(), 1u);
  const auto& ours = moon_.installed_.front();
  const auto& theirs = sun_.installed_.front();
  EXPECT_EQ(ours.outbound.spi, theirs.inbound.spi);
  EXPECT_EQ(ours.inbound.spi, theirs.outbound.spi);
  EXPECT_TRUE(ours.outbound.encryption_key == theirs.inbound.encryption_key);
  EXPECT_TRUE(ours.inbound.encryption_key == theirs.outbound.encryption_key);
  EXPECT_EQ(ours.local_ts, theirs.remote_ts);
  const auto established = moon_.events<event::IkeSaEstablished>();
  ASSERT_EQ(established.size(), 1u);
  // In IKEv1 they are for whoever asks for nothing else.
  EXPECT_EQ(ours.suite.extended_sequence_numbers(), established.front().version != 1);
  EXPECT_EQ(sun_.events<event::IkeSaEstablished>().size(), 1u);
}

TEST_P(EnginePair, DeleteReachesTheOtherSide) {
  ASSERT_TRUE(moon_.engine_.initiate(now_, "office", {}));
  run();
  EXPECT_TRUE(moon_.engine_.terminate(now_, moon_.engine_.status().front().id));
  run();
  EXPECT_EQ(moon_.removed_.size(), 1u);
  EXPECT_EQ(sun_.removed_.size(), 1u);
  EXPECT_EQ(sun_.events<event::IkeSaClosed>().front().why.kind, event::FailureKind::closed_by_peer);
}

TEST_P(EnginePair, AWrongSecretFailsOnBothSidesWithTheReason) {
  sun_.load("another secret");
  ASSERT_TRUE(moon_.engine_.initiate(now_, "office", {}));
  run();
  // In IKEv1 the refusal comes unprotected, and is believed when nothing better has come in time.
  for (int i = 0; i < 10 && moon_.events<event::NegotiationFailed>().empty() && moon_.engine_.next_timeout(); ++i) {
    now_ = *moon_.engine_.next_timeout();
    moon_.engine_.on_timeout(now_);
    run();
  }
  EXPECT_TRUE(moon_.installed_.empty());
  EXPECT_TRUE(sun_.installed_.empty());
  const auto here = moon_.events<event::NegotiationFailed>();
  const auto there = sun_.events<event::NegotiationFailed>();
  ASSERT_EQ(here.size(), 1u);
  ASSERT_EQ(there.size(), 1u);
  EXPECT_EQ(here.front().failure.kind, event::FailureKind::authentication_failed);
  EXPECT_EQ(here.front().failure.side, event::Side::remote);
  EXPECT_EQ(there.front().failure.side, event::Side::local);
}

TEST_P(EnginePair, GarbageCostsAnEventAndNothingElse) {
  ASSERT_TRUE(moon_.engine_.initiate(now_, "office", {}));
  run();
  SeededRandom random(7);
  for (int i = 0; i < 1000; ++i) {
    Bytes garbage(random.below(300));
    random.fill(garbage);
    sun_.engine_.on_datagram(now_, {{kSun, 500}, {kMoon, 500}, garbage});
  }
  sun_.drain();
  EXPECT_EQ(sun_.engine_.sessions(), 1u);
  EXPECT_EQ(sun_.events<event::MessageRejected>().size(), 1000u);
}

TEST_P(EnginePair, ARetransmittedRequestGetsTheSameAnswer) {
  ASSERT_TRUE(moon_.engine_.initiate(now_, "office", {}));
  moon_.drain();
  const SendDatagram first = moon_.sent_.front();
  run();
  for (int i = 0; i < 3; ++i) sun_.engine_.on_datagram(now_, {first.remote, first.local, first.message});
  sun_.drain();
  EXPECT_EQ(sun_.engine_.sessions(), 1u);
  EXPECT_EQ(sun_.installed_.size(), 1u);
}

constexpr policy::IkeVersion built[] = {
#if SALLYPORT_HAS_IKEV1
    policy::IkeVersion::v1,
#endif
#if SALLYPORT_HAS_IKEV2
    policy::IkeVersion::v2,
#endif
    policy::IkeVersion::any,
};
INSTANTIATE_TEST_SUITE_P(Version, EnginePair, testing::ValuesIn(built), [](const auto& each) {
  if (each.param == policy::IkeVersion::any) return std::string("any");
  return "v" + std::to_string(static_cast<int>(each.param));
});

#if !SALLYPORT_HAS_IKEV1 || !SALLYPORT_HAS_IKEV2
constexpr auto missing = SALLYPORT_HAS_IKEV1 ? policy::IkeVersion::v2 : policy::IkeVersion::v1;

TEST(Engine, DoesNotBeginInAVersionThatIsNotBuilt) {
  Peer moon(1, kMoon, make_connection(kMoon, kSun, "moon", "sun", missing));
  const auto begun = moon.engine_.initiate({}, "office", {});
  ASSERT_FALSE(begun);
  EXPECT_EQ(begun.error(), Engine::InitiateError::version_not_built);
  moon.drain();
  EXPECT_TRUE(moon.sent_.empty());
  EXPECT_EQ(moon.engine_.sessions(), 0U);
}

TEST(Engine, TurnsAVersionThatIsNotBuiltAway) {
  Peer sun(2, kSun, make_connection(kSun, kMoon, "sun", "moon", policy::IkeVersion::any));
  Bytes first;
  Writer writer(first);
  const bool one = missing == policy::IkeVersion::v1;
  wire::serialize_ike_header(writer, {.initiator_spi = 1,
                                      .major_version = static_cast<std::uint8_t>(missing),
                                      .exchange_type = static_cast<std::uint8_t>(one ? 2 : 34),
                                      .flags = static_cast<std::uint8_t>(one ? 0 : 8),
                                      .length = wire::ike_header_size});
  sun.engine_.on_datagram({}, {{kSun, 500}, {kMoon, 500}, first});
  sun.drain();
  ASSERT_EQ(sun.events<event::MessageRejected>().size(), 1U);
  EXPECT_EQ(sun.events<event::MessageRejected>()[0].reason, event::MessageRejected::Reason::wrong_version);
  EXPECT_EQ(sun.engine_.sessions(), 0U);
}
#endif

}  // namespace
}  // namespace sallyport::ike
