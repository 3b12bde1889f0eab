#include "wire/ikev1/vendor_id.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include "tests/vectors/wire/spaced_hex.h"

namespace sallyport::wire::ikev1 {
namespace {

std::vector<VendorId> all_vendor_ids() {
  std::vector<VendorId> all;
  for (int i = 0; i <= static_cast<int>(VendorId::check_point); ++i) all.push_back(static_cast<VendorId>(i));
  return all;
}

Bytes md5(std::string_view text) {
  Bytes digest(16);
  EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_md5(), nullptr);
  return digest;
}

std::optional<VendorId> recognize(std::string_view hex) { return recognize_vendor_id(vectors::spaced_hex(hex)); }

TEST(Ikev1VendorId, BeginsWithTheHashOfItsText) {
  int hashes = 0;
  for (const VendorId id : all_vendor_ids()) {
    const std::string_view text = vendor_id_text(id);
    if (text.empty()) continue;
    ++hashes;
    // Cisco puts a version into the last two octets.
    const std::size_t covered = id == VendorId::unity ? 14 : 16;
    EXPECT_EQ(to_hex(vendor_id_octets(id).first(covered)), to_hex(ByteView(md5(text)).first(covered))) << text;
  }
  EXPECT_GT(hashes, 20);
}

TEST(Ikev1VendorId, IsRecognizedAsWhatIsSent) {
  for (const VendorId id : all_vendor_ids()) {
    EXPECT_FALSE(name_of(id).empty());
    // These are recognized with more behind them.
    if (id == VendorId::freeswan_family || id == VendorId::cisco_vpn3000) continue;
    EXPECT_EQ(recognize_vendor_id(vendor_id_octets(id)), id) << name_of(id);
  }
}

TEST(Ikev1VendorId, IsRecognizedInCaptures) {
  // tcpdump's isakmp4500 and ISAKMP_sa_setup, Wireshark's ikev1-certs.
  EXPECT_EQ(recognize("4a131c81070358455c5728f20e95452f"), VendorId::nat_t_rfc3947);
  EXPECT_EQ(recognize("90cb80913ebb696e086381b5ec427b1f"), VendorId::nat_t_draft_02n);
  EXPECT_EQ(recognize("7d9419a65310ca6f2c179d9215529d56"), VendorId::nat_t_draft_03);
  EXPECT_EQ(recognize("439b59f8ba676c4c7737ae22eab8f582"), VendorId::nat_t_draft_07);
  EXPECT_EQ(recognize("afcad71368a1f1c96b8696fc77570100"), VendorId::dpd);
  EXPECT_EQ(recognize("12f5f28c457168a9702d9fe274cc0100"), VendorId::unity);
  EXPECT_EQ(recognize("09002689dfd6b712"), VendorId::xauth);
  EXPECT_EQ(recognize("4f456b5262475852766d5045"), VendorId::freeswan_family);
  EXPECT_EQ(recognize("ed66aee59218e8dfbe01a135a2ad8994"), std::nullopt);
}

TEST(Ikev1VendorId, IsRecognizedWithItsVariableEnd) {
  EXPECT_EQ(recognize("afcad71368a1f1c96b8696fc77570203"), VendorId::dpd);
  EXPECT_EQ(recognize("4048b7d56ebce88525e7de7f00d6c2d3 c0000000"), VendorId::fragmentation);
  EXPECT_EQ(recognize("1e2b516905991c7d7c96fcbfb587e461 00000009"), VendorId::microsoft);
  EXPECT_EQ(recognize("1f07f70eaa6514d3b0fa96542a50 0306"), VendorId::cisco_vpn3000);
  EXPECT_EQ(recognize_vendor_id(as_bytes("OE-Libreswan-4.10")), VendorId::libreswan);
  EXPECT_EQ(recognize_vendor_id(as_bytes("OEkRbGXRvmPE")), VendorId::freeswan_family);
}

TEST(Ikev1VendorId, IsNotRecognizedWhenOnlyAlike) {
  EXPECT_EQ(recognize(""), std::nullopt);
  EXPECT_EQ(recognize("4a131c81070358455c5728f20e9545"), std::nullopt);
  EXPECT_EQ(recognize("4a131c81070358455c5728f20e95452f00"), std::nullopt);
  EXPECT_EQ(recognize("4a131c81070358455c5728f20e95452e"), std::nullopt);
  EXPECT_EQ(recognize("afcad71368a1f1c96b8696fc7757"), std::nullopt);
  EXPECT_EQ(recognize("afcad71368a1f1c96b8696fc7757010000"), std::nullopt);
  EXPECT_EQ(recognize("4048b7d56ebce88525e7de7f00d6c2d3 c000000000"), std::nullopt);
  EXPECT_EQ(recognize_vendor_id(as_bytes("OE")), std::nullopt);
  EXPECT_EQ(recognize_vendor_id(as_bytes("OEkRbGXRvmPEx")), std::nullopt);
  EXPECT_EQ(recognize_vendor_id(Bytes(1000, 0x4f)), std::nullopt);
}

}  // namespace
}  // namespace sallyport::wire::ikev1
