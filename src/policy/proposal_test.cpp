#include "policy/proposal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sallyport::policy {
namespace {

Proposal make(Protocol protocol, std::string_view text) {
  auto proposal = parse_proposal(protocol, text);
  EXPECT_TRUE(proposal) << text << ": " << (proposal ? "" : proposal.error().message);
  return proposal.value_or(Proposal{});
}

TEST(Proposal, PrintsWhatItParses) {
  for (const char* text :
       {"aes256gcm16-prfsha384-ecp384", "aes128-sha256-modp2048", "chacha20poly1305-prfsha256-x25519-x448",
        "3des-md5-sha1-modp1024", "aes128ctr-sha512-prfsha256-ecp256bp"})
    EXPECT_EQ(to_string(make(Protocol::ike, text)), text);
  for (const char* text : {"aes128gcm16", "null-sha1", "aes256gcm8-esn", "aes128-sha256-modp2048-none-noesn"})
    EXPECT_EQ(to_string(make(Protocol::esp, text)), text);
}

}  // namespace
}  // namespace sallyport::policy
