#include "tests/scenarios/stage.h"

#include <cstdlib>
#include <fstream>
#include <iostream>

#include "crypto/openssl/packet_cipher_openssl.h"
#include "crypto/openssl/provider_openssl.h"
#include "sim/event_words.h"
#include "sim/pcapng.h"
#include "sim/timeline.h"

namespace sallyport::scenarios {

sim::Cryptography cryptography() {
  static const auto provider = crypto::make_openssl_provider();
  static const auto ciphers = crypto::make_openssl_factory();
  return {*provider, *ciphers};
}

Stage::Stage() { world.trace().keep(5000); }

void Stage::TearDown() {
  EXPECT_THAT(secrecy->violations(), IsEmpty());
  for (const Host* host : {&alice, &bob}) {
    EXPECT_THAT(sim::check_bookkeeping(*host), IsEmpty());
    EXPECT_THAT(sim::check_bounds(*host, {}), IsEmpty());
  }
  if (HasFailure()) std::cout << sim::to_timeline(world.trace());
  if (const char* directory = std::getenv("SALLYPORT_TRACES")) {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    const Bytes capture = sim::to_pcapng(world.trace());
    std::ofstream(std::string(directory) + "/" + test->test_suite_name() + "." + test->name() + ".pcapng",
                  std::ios::binary)
        << as_text(capture);
  }
}

Pairing Stage::office() {
  return sim::pair_up("office", {alice_address, "10.1.0.0/16", "alice.example"},
                      {bob_address, "10.2.0.0/16", "bob.example"});
}

void Stage::load(const Pairing& pairing) { load({pairing}); }

void Stage::load(std::initializer_list<Pairing> pairings) {
  sim::Configuration left, right;
  for (const Pairing& pairing : pairings) {
    for (auto [all, one] : {std::pair{&left, pairing.left_configuration()}, {&right, pairing.right_configuration()}}) {
      all->connections.insert(all->connections.end(), one.connections.begin(), one.connections.end());
      all->keys.insert(all->keys.end(), one.keys.begin(), one.keys.end());
    }
  }
  left.ike.spi_shares = 3;  // as for so many workers
  right.ike.spi_shares = 5;
  alice.load(std::move(left));
  bob.load(std::move(right));
}

bool Stage::eventually(const std::function<bool()>& condition, Duration at_most) {
  return world.run_until(condition, at_most) == sim::World::Ended::condition_met;
}

void Stage::expect_nothing_comes_up() {
  alice.initiate("office");
  pass(5min);
  EXPECT_TRUE(alice.installed().empty());
  EXPECT_TRUE(bob.installed().empty());
  EXPECT_TRUE(is_all_gone());
}

bool Stage::is_up(std::size_t ike_sas, std::size_t child_sas) const {
  return alice.established_ike_sas() == ike_sas && bob.established_ike_sas() == ike_sas &&
         alice.installed().size() == child_sas && bob.installed().size() == child_sas;
}

bool Stage::is_all_gone() const { return alice.ike_sas().empty() && bob.ike_sas().empty(); }

bool Stage::comes_up(std::string_view connection, std::size_t children) {
  if (!alice.initiate(connection)) return false;
  const std::array<const Host*, 2> hosts = {&alice, &bob};
  return eventually([&] { return is_up(1, children); }) && sim::check_pairs(hosts).empty();
}

bool Stage::reaches(Host& from, const IpAddress& source, const IpAddress& destination, Duration at_most) {
  const auto ping = from.application().ping(source, destination);
  return eventually([&] { return from.application().answered(ping); }, at_most);
}

std::optional<FailureKind> Stage::failure_of(const Host& host) {
  if (const auto* failed = host.latest<event::NegotiationFailed>()) return failed->failure.kind;
  if (const auto* closed = host.latest<event::IkeSaClosed>()) return closed->why.kind;
  return std::nullopt;
}

std::size_t Stage::packets_of(Host& host, sim::Sniffed::Kind kind) const {
  return static_cast<std::size_t>(std::ranges::count_if(world.trace().packets(), [&](const auto& packet) {
    const auto sniffed = sim::sniff(packet.bytes);
    return sniffed.kind == kind && sniffed.source.address == host.address() &&
           world.trace().links()[packet.link.value].a == host.name();
  }));
}

}  // namespace sallyport::scenarios

namespace sallyport::event {
/// So that a failed expectation says the word, and not a number.
void PrintTo(FailureKind kind, std::ostream* out) { *out << sim::failure_word(kind); }
}  // namespace sallyport::event
