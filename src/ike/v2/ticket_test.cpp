#include "ike/v2/ticket.h"

#include <gtest/gtest.h>

#include "base/writer.h"
#include "crypto/openssl/provider_openssl.h"
#include "ike/v2/key_schedule.h"

namespace sallyport::ike::v2 {
namespace {

using namespace std::chrono_literals;

const Instant kStart{1h};

Bytes octets(std::size_t size, std::uint8_t first) {
  Bytes all(size);
  for (std::size_t i = 0; i < size; ++i) all[i] = static_cast<std::uint8_t>(first + i);
  return all;
}

class Tickets : public testing::Test {
 protected:
  static ResumableSa some_sa() {
    policy::Connection connection;
    connection.name = "office";
    ResumableSa sa{.connection = std::make_shared<policy::Connection>(connection),
                   .ike_sa = {7},
                   .local_id = policy::Identity::fqdn("gate.example"),
                   .remote_id = *policy::Identity::parse("anna@example.org"),
                   .suite = {},
                   .sk_d = Secret::copy_of(octets(32, 1)),
                   .ppk = true,
                   .authentication_due = kStart + 5min,
                   .authentication_ends = std::nullopt,
                   .expires = kStart + 10min,
                   .key_print = Secret::copy_of(octets(32, 100))};
    sa.suite.encryption = {crypto::Cipher::aes_gcm_16, 256};
    sa.suite.prf = crypto::Prf::hmac_sha2_384;
    sa.suite.key_exchange = crypto::KeyExchangeMethod::x25519;
    sa.suite.additional[2] = crypto::KeyExchangeMethod::ecp256;
    return sa;
  }
  Bytes seal(Instant now, ByteView content) { return keys_.seal(now, *crypto_, random_, content); }
  std::optional<Bytes> open(Instant now, ByteView ticket) {
    const auto content = keys_.open(now, *crypto_, ticket);
    return content ? std::optional(to_bytes(content->view())) : std::nullopt;
  }

  std::unique_ptr<crypto::Provider> crypto_ = crypto::make_openssl_provider();
  SeededRandom random_{5};
  TicketKeys keys_;
};

TEST_F(Tickets, HoldAllThatAnIkeSaGoesOnFrom) {
  const ResumableSa sa = some_sa();
  const auto read = read_resumable(write_resumable(sa).view());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->connection, "office");
  EXPECT_EQ(read->sa.ike_sa, sa.ike_sa);
  EXPECT_EQ(read->sa.local_id, sa.local_id);
  EXPECT_EQ(read->sa.remote_id, sa.remote_id);
  EXPECT_EQ(read->sa.suite, sa.suite);
  EXPECT_TRUE(read->sa.sk_d == sa.sk_d);
  EXPECT_TRUE(read->sa.ppk);
  EXPECT_EQ(read->sa.authentication_due, sa.authentication_due);
  EXPECT_EQ(read->sa.authentication_ends, std::nullopt);
  EXPECT_EQ(read->sa.expires, sa.expires);
  EXPECT_TRUE(read->sa.key_print == sa.key_print);
}

TEST_F(Tickets, ThatAreCutOrTooLongAreNotRead) {
  const Secret content = write_resumable(some_sa());
  for (std::size_t size = 0; size < content.size(); ++size) EXPECT_FALSE(read_resumable(content.view().first(size)));
  Bytes longer = to_bytes(content.view());
  longer.push_back(0);
  EXPECT_FALSE(read_resumable(longer));
}

TEST_F(Tickets, AreReadByWhoeverSealedThemAlone) {
  const Bytes content = octets(100, 3);
  const Bytes ticket = seal(kStart, content);
  EXPECT_EQ(open(kStart, ticket), content);
  TicketKeys others;
  EXPECT_FALSE(others.open(kStart, *crypto_, ticket));
  (void)others.seal(kStart, *crypto_, random_, content);
  EXPECT_FALSE(others.open(kStart, *crypto_, ticket));
  EXPECT_EQ(std::ranges::search(ticket, ByteView(content).first(16)).begin(), ticket.end());
}

TEST_F(Tickets, ThatWereChangedAnywhereAreNone) {
  const Bytes ticket = seal(kStart, octets(40, 3));
  for (std::size_t at = 0; at < ticket.size(); ++at) {
    Bytes changed = ticket;
    changed[at] ^= 1;
    EXPECT_FALSE(open(kStart, changed)) << at;
  }
  for (std::size_t size = 0; size < ticket.size(); ++size) EXPECT_FALSE(open(kStart, ByteView(ticket).first(size)));
}

TEST_F(Tickets, OfTheSameContentDiffer) {
  const Bytes content = octets(40, 3);
  EXPECT_NE(seal(kStart, content), seal(kStart, content));
}

TEST_F(Tickets, AreGoodForAsLongAsAnyMayBeAndTheirKeyGoes) {
  const Bytes content = octets(40, 3);
  const Bytes first = seal(kStart, content);
  const Bytes last = seal(kStart + 23h, content);
  const Bytes next = seal(kStart + 25h, content);  // by another key
  EXPECT_EQ(open(kStart + 46h, last), content);
  EXPECT_EQ(open(kStart + 48h, next), content);
  EXPECT_FALSE(open(kStart + 49h, first));
  (void)seal(kStart + 50h, content);
  EXPECT_FALSE(open(kStart + 50h, last));
}

TEST_F(Tickets, AreRevokedForAsLongAsTheyCouldBeShown) {
  keys_.revoke(kStart, {1});
  EXPECT_TRUE(keys_.is_revoked({1}));
  EXPECT_FALSE(keys_.is_revoked({2}));
  keys_.revoke(kStart + 23h, {2});
  EXPECT_TRUE(keys_.is_revoked({1}));
  keys_.revoke(kStart + 25h, {3});
  EXPECT_FALSE(keys_.is_revoked({1}));
  EXPECT_TRUE(keys_.is_revoked({2}));
}

/// What is remembered is bounded; rather none is good than one that was revoked.
TEST_F(Tickets, AreAllWorthNothingWhenTooManyWereRevoked) {
  const Bytes ticket = seal(kStart, octets(40, 3));
  for (std::uint32_t i = 1; i <= 65536; ++i) keys_.revoke(kStart, {i});
  EXPECT_TRUE(open(kStart, ticket));
  keys_.revoke(kStart, {65537});
  EXPECT_FALSE(open(kStart, ticket));
  EXPECT_TRUE(open(kStart, seal(kStart, octets(40, 3))));
}

class ResumedKeys : public Tickets {};

TEST_F(ResumedKeys, ComeFromTheOldSkDTheWordAndBothNonces) {
  const ResumableSa old = some_sa();
  const Bytes nonce_i = octets(32, 50), nonce_r = octets(24, 90);
  const IkeKeys keys = derive_resumed_ike_keys(
      *crypto_, old.sk_d, old.suite,
      {.shared_secret = {}, .nonce_i = nonce_i, .nonce_r = nonce_r, .spi_i = 0x1122, .spi_r = 0x3344});
  const ByteView input[] = {as_bytes("Resumption"), nonce_i, nonce_r};
  const Secret skeyseed = crypto_->prf(old.suite.prf, old.sk_d.view(), input);
  Bytes seed = nonce_i;
  append(seed, nonce_r);
  Writer writer(seed);
  writer.u64(0x1122);
  writer.u64(0x3344);
  const Secret all = crypto::prf_plus(*crypto_, old.suite.prf, skeyseed.view(), seed, 3 * 48 + 2 * 36);
  EXPECT_TRUE(equal_constant_time(keys.sk_d.view(), all.view().first(48)));
  EXPECT_TRUE(equal_constant_time(keys.sk_ei.view(), all.view().subspan(48, 36)));
  EXPECT_TRUE(equal_constant_time(keys.sk_pr.view(), all.view().last(48)));
}

TEST_F(ResumedKeys, ProveWithSkPAlone) {
  const Bytes message = octets(100, 1), nonce = octets(32, 2), id = octets(20, 3);
  const Secret sk_p = Secret::copy_of(octets(32, 4));
  const auto prf = [&](std::initializer_list<ByteView> parts) {
    const std::vector<ByteView> all(parts);
    return crypto_->prf(crypto::Prf::hmac_sha2_256, sk_p.view(), all);
  };
  const Secret maced_id = prf({id});
  EXPECT_TRUE(resumption_auth(*crypto_, crypto::Prf::hmac_sha2_256, message, nonce, sk_p, id) ==
              prf({message, nonce, maced_id.view()}));
}

}  // namespace
}  // namespace sallyport::ike::v2
