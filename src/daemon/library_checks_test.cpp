#include "daemon/library_checks.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/config.h"
#include "crypto/openssl/provider_openssl.h"

namespace sallyport::daemon {
namespace {

using testing::HasSubstr;

std::vector<config::Diagnostic> check(const std::string& ike, const std::string& esp) {
  const config::SourceFile file{"office.toml", fmt::format(R"([connections.office]
version = 2
proposals = ["{}"]
remote_addrs = ["192.0.2.1"]
[connections.office.local]
auth = "psk"
id = "a.example.org"
[connections.office.remote]
auth = "psk"
id = "b.example.org"
[connections.office.children.lan]
esp_proposals = ["{}"]
[secrets.ike-office]
secret = "a long enough secret"
)",
                                                           ike, esp)};
  const auto loaded = config::parse({&file, 1}, {});
  EXPECT_TRUE(loaded.ok());
  return check_library(loaded.config.connections.at(0), *crypto::make_openssl_provider());
}

TEST(LibraryChecks, LetPassWhatEachOpenSslHas) {
  EXPECT_THAT(check("aes128-sha256-x25519-ke1_ecp384-ke1_none", "aes128gcm16-ecp256-none"), testing::IsEmpty());
}

TEST(LibraryChecks, NameTheKeyExchangeThatIsMissingAndItsPlace) {
  if (crypto::make_openssl_provider()->supports(crypto::KeyExchangeMethod::ml_kem_768))
    GTEST_SKIP() << "nothing is missing here";
  const auto of_ike = check("aes128-sha256-x25519-ke1_mlkem768", "aes128gcm16");
  ASSERT_EQ(of_ike.size(), 1U);
  EXPECT_EQ(of_ike[0].severity, config::Severity::error);
  EXPECT_THAT(to_string(of_ike[0]), HasSubstr("office.toml:3:"));
  EXPECT_THAT(to_string(of_ike[0]),
              HasSubstr("connections.office.proposals: the OpenSSL of this machine has no mlkem768"));
  const auto of_child = check("aes128-sha256-x25519", "aes128gcm16-mlkem512-ke1_mlkem1024");
  ASSERT_EQ(of_child.size(), 2U);
  EXPECT_THAT(of_child[1].message, HasSubstr("connections.office.children.lan.esp_proposals: "));
}

}  // namespace
}  // namespace sallyport::daemon
