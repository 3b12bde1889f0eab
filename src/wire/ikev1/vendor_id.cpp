#include "wire/ikev1/vendor_id.h"

#include "base/check.h"

namespace sallyport::wire::ikev1 {
namespace {

constexpr std::size_t max_octets = 20;

struct Octets {
  std::array<std::uint8_t, max_octets> value{};
  std::size_t size = 0;

  ByteView view() const { return ByteView(value).first(size); }
};

consteval std::uint8_t digit(char c) { return static_cast<std::uint8_t>(c <= '9' ? c - '0' : c - 'a' + 10); }

consteval Octets octets(std::string_view hex) {
  Octets made;
  for (; made.size < hex.size() / 2; ++made.size)
    made.value[made.size] = static_cast<std::uint8_t>(digit(hex[2 * made.size]) << 4 | digit(hex[2 * made.size + 1]));
  return made;
}

/// How an ID with a variable end is known: by its first octets, and a size within bounds.
struct Variable {
  std::size_t prefix = 0;  // 0: the ID is not variable
  std::size_t min_size = 0;
  std::size_t max_size = 0;
};

struct Row {
  VendorId id;
  std::string_view name;
  std::string_view text;  // whose MD5 hash it is
  Octets octets;
  Variable variable = {};
};

// In the order of recognition: what begins alike stands with the longer beginning first.
constexpr Row rows[] = {
    {VendorId::nat_t_rfc3947, "RFC 3947", "RFC 3947", octets("4a131c81070358455c5728f20e95452f")},
    {VendorId::nat_t_draft_00, "draft-ietf-ipsec-nat-t-ike-00", "draft-ietf-ipsec-nat-t-ike-00",
     octets("4485152d18b6bbcd0be8a8469579ddcc")},
    {VendorId::nat_t_draft_01, "draft-ietf-ipsec-nat-t-ike-01", "draft-ietf-ipsec-nat-t-ike-01",
     octets("16f6ca16e4a4066d83821a0f0aeaa862")},
    {VendorId::nat_t_draft_02, "draft-ietf-ipsec-nat-t-ike-02", "draft-ietf-ipsec-nat-t-ike-02",
     octets("cd60464335df21f87cfdb2fc68b6a448")},
    {VendorId::nat_t_draft_02n, "draft-ietf-ipsec-nat-t-ike-02\\n", "draft-ietf-ipsec-nat-t-ike-02\n",
     octets("90cb80913ebb696e086381b5ec427b1f")},
    {VendorId::nat_t_draft_03, "draft-ietf-ipsec-nat-t-ike-03", "draft-ietf-ipsec-nat-t-ike-03",
     octets("7d9419a65310ca6f2c179d9215529d56")},
    {VendorId::nat_t_draft_04, "draft-ietf-ipsec-nat-t-ike-04", "draft-ietf-ipsec-nat-t-ike-04",
     octets("9909b64eed937c6573de52ace952fa6b")},
    {VendorId::nat_t_draft_05, "draft-ietf-ipsec-nat-t-ike-05", "draft-ietf-ipsec-nat-t-ike-05",
     octets("80d0bb3def54565ee84645d4c85ce3ee")},
    {VendorId::nat_t_draft_06, "draft-ietf-ipsec-nat-t-ike-06", "draft-ietf-ipsec-nat-t-ike-06",
     octets("4d1e0e136deafa34c4f3ea9f02ec7285")},
    {VendorId::nat_t_draft_07, "draft-ietf-ipsec-nat-t-ike-07", "draft-ietf-ipsec-nat-t-ike-07",
     octets("439b59f8ba676c4c7737ae22eab8f582")},
    {VendorId::nat_t_draft_08, "draft-ietf-ipsec-nat-t-ike-08", "draft-ietf-ipsec-nat-t-ike-08",
     octets("8f8d83826d246b6fc7a8a6a428c11de8")},
    {VendorId::nat_t_draft, "draft-ietf-ipsec-nat-t-ike", "draft-ietf-ipsec-nat-t-ike",
     octets("4df37928e9fc4fd1b3262170d515c662")},
    {VendorId::dpd, "DPD", "", octets("afcad71368a1f1c96b8696fc77570100"), {14, 16, 16}},
    {VendorId::xauth, "XAUTH", "", octets("09002689dfd6b712")},
    {VendorId::unity, "Cisco Unity", "CISCO-UNITY", octets("12f5f28c457168a9702d9fe274cc0100"), {14, 16, 16}},
    {VendorId::fragmentation,
     "FRAGMENTATION",
     "FRAGMENTATION",
     octets("4048b7d56ebce88525e7de7f00d6c2d3"),
     {16, 16, 20}},
    {VendorId::gssapi, "GSSAPI", "GSSAPI", octets("621b04bb09882ac1e15935fefa24aeee")},
    {VendorId::strongswan, "strongSwan", "strongSwan", octets("882fe56d6fd20dbc2251613b2ebe5beb")},
    {VendorId::libreswan, "Libreswan", "", octets("4f452d4c696272657377616e2d"), {13, 13, 64}},
    {VendorId::freeswan_family, "FreeS/WAN family", "", octets("4f45"), {2, 12, 12}},
    {VendorId::racoon, "racoon", "KAME/racoon", octets("7003cbc1097dbe9c2600ba6983bc8b35")},
    {VendorId::microsoft,
     "MS NT5 ISAKMPOAKLEY",
     "MS NT5 ISAKMPOAKLEY",
     octets("1e2b516905991c7d7c96fcbfb587e461"),
     {16, 16, 20}},
    {VendorId::microsoft_initial_contact, "Vid-Initial-Contact", "Vid-Initial-Contact",
     octets("26244d38eddb61b3172a36e3d0cfb819")},
    {VendorId::microsoft_nlbs_present, "NLBS_PRESENT", "NLBS_PRESENT", octets("72872b95fcda2eb708efe322119b4971")},
    {VendorId::microsoft_negotiation_discovery, "MS-Negotiation Discovery Capable", "MS-Negotiation Discovery Capable",
     octets("fb1de3cdf341b7ea16b7e5be0855f120")},
    {VendorId::microsoft_cga, "IKE CGA version 1", "IKE CGA version 1", octets("e3a5966a76379fe707228231e5ce8652")},
    {VendorId::microsoft_authip, "MS-MamieExists", "MS-MamieExists", octets("214ca4faffa7f32d6748e5303395ae83")},
    {VendorId::microsoft_key_modules, "KEY_MODS", "", octets("01528bbbc00696121849ab9a1c5b2a51"), {16, 16, 20}},
    {VendorId::cisco_vpn3000, "Cisco VPN 3000", "", octets("1f07f70eaa6514d3b0fa96542a50"), {14, 16, 16}},
    {VendorId::check_point, "Check Point", "", octets("f4ed19e0c114eb516faaac0ee37daf2807b4381f"), {20, 20, 64}},
};

bool matches(const Row& row, ByteView data) {
  const Variable& variable = row.variable;
  if (variable.prefix == 0) return equal(row.octets.view(), data);
  return data.size() >= variable.min_size && data.size() <= variable.max_size &&
         equal(row.octets.view().first(variable.prefix), data.first(variable.prefix));
}

const Row& row_of(VendorId id) {
  const auto* const row = std::ranges::find(rows, id, &Row::id);
  ASSERT(row != std::end(rows));
  return *row;
}

}  // namespace

std::optional<VendorId> recognize_vendor_id(ByteView data) {
  for (const Row& row : rows)
    if (matches(row, data)) return row.id;
  return std::nullopt;
}

ByteView vendor_id_octets(VendorId id) { return row_of(id).octets.view(); }
std::string_view vendor_id_text(VendorId id) { return row_of(id).text; }
std::string_view name_of(VendorId id) { return row_of(id).name; }

}  // namespace sallyport::wire::ikev1
