// Whole files: what a sound one becomes, and how several are read as one.
#include "config/config.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/config_testing.h"

namespace sallyport::config {
namespace {

using policy::Seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::string_view kOffice = R"(# A comment with a Ä in it
[connections.office]
version      = 2
aggressive   = false
local_addrs  = ["192.0.2.1"]
remote_addrs = ["192.0.2.2", "198.51.100.0/24"]
proposals    = ["aes256gcm16-prfsha384-ecp384", "aes128-sha256-modp2048"]
encap        = true
dpd_delay    = "30s"
unique       = "replace"
[connections.office.local]
auth = "psk"
id   = "moon.example.org"
[connections.office.remote]
auth = "psk"
id   = "sun.example.org"
[connections.office.children.lan]
mode          = "tunnel"
local_ts      = ["10.1.0.0/16"]
remote_ts     = ["10.2.0.0/16", "10.3.0.1[tcp/443]"]
esp_proposals = ["aes128gcm16"]
start_action  = "trap"
dpd_action    = "restart"
tfc_padding   = "mtu"
rekey_time    = "1h"
[connections.office.children.admin]
mode          = "transport"
replay_window = 0
copy_df       = false

[secrets.ike-office]
id     = ["moon.example.org", "sun.example.org"]
secret = "correct horse battery"

[datapath]
backend = "userspace"
device  = "ipsec7"
workers = 1

[daemon]
log                = "debug"
keylog             = "keys"
retransmit_tries   = 3
retransmit_timeout = 0.5
retransmit_base    = 2
keep_alive         = 10
half_open_timeout  = "1m"
cookie_threshold   = 5
cookie_threshold_ip = 4
block_threshold    = 40
puzzle_threshold   = 50
puzzle_difficulty  = 12
puzzle_limit       = 18
window             = 4
)";

TEST(Config, BecomesPolicyValues) {
  const Loaded loaded = load(kOffice);
  ASSERT_TRUE(loaded.ok()) << told(loaded);
  EXPECT_THAT(loaded.diagnostics, IsEmpty()) << told(loaded);
  ASSERT_EQ(loaded.config.connections.size(), 1u);
  const policy::Connection& office = loaded.config.connections[0];
  EXPECT_EQ(office.name, "office");
  EXPECT_EQ(office.version, policy::IkeVersion::v2);
  EXPECT_EQ(to_string(office.local_addrs.at(0)), "192.0.2.1");
  EXPECT_EQ(to_string(office.remote_addrs.at(1)), "198.51.100.0/24");
  EXPECT_EQ(to_string(office.proposals), "aes256gcm16-prfsha384-ecp384, aes128-sha256-modp2048");
  EXPECT_TRUE(office.encap);
  EXPECT_EQ(office.dpd_delay, Seconds(30));
  EXPECT_EQ(office.unique, policy::UniquePolicy::replace);
  EXPECT_EQ(to_string(office.local.id), "moon.example.org");
  EXPECT_EQ(to_string(office.remote.id), "sun.example.org");
  EXPECT_EQ(office.local_port, 500);
}

TEST(Config, KeepsChildrenInTheOrderOfTheirWriting) {
  const Loaded loaded = load(kOffice);
  ASSERT_EQ(loaded.config.connections.size(), 1u);
  const auto& children = loaded.config.connections[0].children;
  ASSERT_EQ(children.size(), 2u);
  EXPECT_EQ(children[0].name, "lan");
  EXPECT_EQ(to_string(children[0].remote_ts.at(1)), "10.3.0.1/32[tcp/443]");
  EXPECT_EQ(to_string(children[0].esp_proposals), "aes128gcm16");
  EXPECT_EQ(children[0].start_action, policy::StartAction::trap);
  EXPECT_TRUE(children[0].tfc_padding.to_path_mtu);
  EXPECT_FALSE(children[1].tfc_padding.any());
  EXPECT_EQ(children[0].dpd_action, policy::DpdAction::restart);
  EXPECT_EQ(children[1].name, "admin");
  EXPECT_EQ(children[1].mode, policy::Mode::transport);
  EXPECT_EQ(to_string(children[1].local_ts.at(0)), "dynamic");
  EXPECT_EQ(children[1].esp_proposals, policy::default_proposals(policy::Protocol::esp));
  EXPECT_EQ(children[1].replay_window, 0u);
  EXPECT_FALSE(children[1].copy_df);
}

TEST(Config, ReadsHowLargePacketsMayBe) {
  EXPECT_EQ(load("").config.datapath.mtu, 0);
  EXPECT_TRUE(load("").config.datapath.tcp_mss);
  const Loaded loaded = load("[datapath]\nmtu = 1400\ntcp_mss = \"no\"\n");
  EXPECT_EQ(told(loaded), "");
  EXPECT_EQ(loaded.config.datapath.mtu, 1400);
  EXPECT_FALSE(loaded.config.datapath.tcp_mss);
  EXPECT_EQ(told("[datapath]\nmtu = \"auto\"\ntcp_mss = \"path\"\n"), "");
  EXPECT_EQ(told("[datapath]\nmtu = 1279\n"),
            "office.toml:2:7: error: datapath.mtu: 1279 is not an integer from 1280 to 65535");
  EXPECT_NE(told("[datapath]\ntcp_mss = 1300\n"), "");
}

TEST(Config, ReadsWhatBecomesOfRefusedPackets) {
  EXPECT_FALSE(load("").config.datapath.answer_refused);
  EXPECT_TRUE(load("[datapath]\nrefused = \"answer\"\n").config.datapath.answer_refused);
  EXPECT_EQ(told("[datapath]\nrefused = \"icmp\"\n"),
            "office.toml:2:11: error: datapath.refused: \"icmp\" is none of: drop, answer");
}

TEST(Config, ReadsWherePacketsAreCompressedAndFragmented) {
  const Loaded loaded = load(lan("ipcomp = true\nfragment = \"before\""));
  ASSERT_TRUE(loaded.ok()) << told(loaded);
  const policy::Child& child = loaded.config.connections.at(0).children.at(0);
  EXPECT_TRUE(child.ipcomp);
  EXPECT_TRUE(child.fragment_before);
  EXPECT_FALSE(policy::Child{}.ipcomp || policy::Child{}.fragment_before);
}

TEST(Config, ReadsTheDaemonsOwnSections) {
  const Loaded loaded = load(kOffice);
  EXPECT_EQ(loaded.config.datapath, (DatapathConfig{Backend::userspace, "ipsec7", 1}));
  const DaemonConfig& daemon = loaded.config.daemon;
  EXPECT_EQ(daemon.log, LogLevel::debug);
  EXPECT_EQ(daemon.keylog, "keys");
  EXPECT_EQ(daemon.retransmit_tries, 3u);
  EXPECT_EQ(daemon.retransmit_timeout, std::chrono::milliseconds(500));
  EXPECT_EQ(daemon.retransmit_base, 2.0);
  EXPECT_EQ(daemon.keep_alive, Seconds(10));
  EXPECT_EQ(daemon.half_open_timeout, Seconds(60));
  EXPECT_EQ(daemon.cookie_threshold, 5u);
  EXPECT_EQ(daemon.cookie_threshold_ip, 4u);
  EXPECT_EQ(daemon.block_threshold, 40u);
  EXPECT_EQ(daemon.puzzle_threshold, 50u);
  EXPECT_EQ(daemon.puzzle_difficulty, 12);
  EXPECT_EQ(daemon.puzzle_limit, 18);
  EXPECT_EQ(daemon.window, 4u);
}

TEST(Config, RemembersWhereEachKeyWasWritten) {
  const Loaded loaded = load(kOffice);
  ASSERT_EQ(loaded.config.connections.size(), 1u);
  const policy::Connection& office = loaded.config.connections[0];
  const auto place = [&](const policy::Origins& origins, std::string_view key) {
    const auto found = origins.find(key);
    return found == origins.end() ? "not written" : to_string(found->second);
  };
  EXPECT_EQ(place(office.origins, ""), "office.toml:2:14");
  EXPECT_EQ(place(office.origins, "proposals"), "office.toml:7:16");
  EXPECT_EQ(place(office.origins, "local"), "office.toml:11:21");
  EXPECT_EQ(place(office.origins, "local.id"), "office.toml:13:8");
  EXPECT_EQ(place(office.origins, "remote.auth"), "office.toml:15:8");
  EXPECT_EQ(place(office.origins, "rekey_time"), "not written");
  EXPECT_EQ(place(office.children[0].origins, ""), "office.toml:17:30");
  EXPECT_EQ(place(office.children[0].origins, "local_ts"), "office.toml:19:17");
  EXPECT_EQ(place(office.children[0].origins, "rekey_time"), "office.toml:25:17");
  EXPECT_EQ(place(office.children[1].origins, "local_ts"), "not written");
  EXPECT_EQ(to_string(loaded.config.secrets.keys().at(0).origin), "office.toml:31:10");
}

TEST(Config, HasDefaultsForAnEmptyFile) {
  const Loaded loaded = load("");
  EXPECT_TRUE(loaded.ok());
  EXPECT_THAT(loaded.diagnostics, IsEmpty());
  EXPECT_THAT(loaded.config.connections, IsEmpty());
  EXPECT_EQ(loaded.config.datapath, DatapathConfig{});
  EXPECT_EQ(loaded.config.daemon, DaemonConfig{});
}

TEST(Config, FillsInTimesAsSwanctlDoes) {
  const auto times = [](std::string_view lines) {
    const Loaded loaded = load(lan(lines));
    EXPECT_TRUE(loaded.ok()) << told(loaded);
    const policy::Child& child = loaded.config.connections.at(0).children.at(0);
    return std::vector<long>{child.rekey_time.count(), child.life_time.count(), child.rand_time.count()};
  };
  EXPECT_THAT(times(""), ElementsAre(3600, 3960, 360));
  EXPECT_THAT(times("rekey_time = \"2h\""), ElementsAre(7200, 7920, 720));
  EXPECT_THAT(times("life_time = 11000"), ElementsAre(10000, 11000, 1000));
  EXPECT_THAT(times("rekey_time = 100\nlife_time = 150\nrand_time = 0"), ElementsAre(100, 150, 0));
  EXPECT_THAT(times("rekey_time = 100\nlife_time = 1000"), ElementsAre(100, 1000, 50));
  EXPECT_THAT(times("rekey_time = 0"), ElementsAre(0, 0, 0));
  EXPECT_THAT(times("rekey_time = 100\nlife_time = 0"), ElementsAre(100, 0, 10));
  const Loaded loaded = load(office("rekey_time = \"1d\""));
  EXPECT_EQ(loaded.config.connections.at(0).over_time, Seconds(8640));
  EXPECT_EQ(loaded.config.connections.at(0).rand_time, Seconds(8640));
}

TEST(Config, KeepStandsForTheActionsAndWatchesThePeer) {
  const auto connection = [](std::string_view lines, std::string_view more) {
    const Loaded loaded = load(lan(lines, more));
    EXPECT_TRUE(loaded.ok()) << told(loaded);
    return loaded.config.connections.at(0);
  };
  constexpr std::string_view peer = "remote_addrs = [\"192.0.2.2\"]";
  const policy::Connection up = connection("keep = \"up\"", peer);
  EXPECT_EQ(up.children[0].start_action, policy::StartAction::start);
  EXPECT_EQ(up.children[0].close_action, policy::StartAction::start);
  EXPECT_EQ(up.children[0].dpd_action, policy::DpdAction::restart);
  EXPECT_EQ(up.dpd_delay, Seconds(30));
  const policy::Connection on_demand =
      connection("keep = \"on-demand\"", "remote_addrs = [\"192.0.2.2\"]\ndpd_delay = 5");
  EXPECT_EQ(on_demand.children[0].start_action, policy::StartAction::trap);
  EXPECT_EQ(on_demand.children[0].dpd_action, policy::DpdAction::trap);
  EXPECT_EQ(on_demand.dpd_delay, Seconds(5));
  const policy::Connection manual = connection("keep = \"manual\"", peer);
  EXPECT_EQ(manual.children[0].start_action, policy::StartAction::none);
  EXPECT_EQ(manual.dpd_delay, Seconds(0));
}

TEST(Config, WhoReauthenticatesRekeysOnlyWhereThatIsWritten) {
  const auto times = [](std::string_view lines) {
    const Loaded loaded = load(office(lines));
    EXPECT_TRUE(loaded.ok()) << told(loaded);
    const policy::Connection& c = loaded.config.connections.at(0);
    return std::vector<long>{c.reauth_time.count(), c.rekey_time.count(), c.over_time.count(), c.rand_time.count()};
  };
  EXPECT_THAT(times(""), ElementsAre(0, 14400, 1440, 1440));
  EXPECT_THAT(times("reauth_time = \"10h\""), ElementsAre(36000, 0, 3600, 3600));
  EXPECT_THAT(times("reauth_time = \"10h\"\nrekey_time = \"1h\""), ElementsAre(36000, 3600, 3600, 1800));
  EXPECT_THAT(times("reauth_time = 0"), ElementsAre(0, 14400, 1440, 1440));
}

TEST(Config, NothingIsLeftOfAReauthTimeShorterThanItsJitter) {
  const Loaded loaded = load(office("reauth_time = 60\nrand_time = 60"));
  EXPECT_FALSE(loaded.ok());
  EXPECT_THAT(told(loaded), HasSubstr("office.toml:3:13: error: connections.office.rand_time: 60 s is not shorter than "
                                      "reauth_time, 60 s"));
}

TEST(Config, TakesAnyAddressFromItsWords) {
  const auto remote = [](std::string_view value) {
    const Loaded loaded = load(office("remote_addrs = " + std::string(value)));
    EXPECT_TRUE(loaded.ok()) << told(loaded);
    std::string text;
    for (const auto& range : loaded.config.connections.at(0).remote_addrs)
      text += (text.empty() ? "" : " ") + to_string(range);
    return text;
  };
  EXPECT_EQ(remote("\"%any\""), "");
  EXPECT_EQ(remote("[]"), "");
  EXPECT_EQ(remote("[\"10.0.0.0/8\", \"%any\"]"), "");
  EXPECT_EQ(remote("[\"192.0.2.2\", \"%any\"]"), "192.0.2.2 0.0.0.0/0 ::/0");
  EXPECT_EQ(remote("[\"%any6\"]"), "::/0");
  EXPECT_EQ(remote("\"0.0.0.0\""), "0.0.0.0/0");
  EXPECT_EQ(remote("\"192.0.2.2, 2001:db8::2\""), "192.0.2.2 2001:db8::2");
  EXPECT_EQ(remote("\"192.0.2.1-192.0.2.9\""), "192.0.2.1-192.0.2.9");
}

TEST(Config, UnderstandsDefaultAmongProposals) {
  const Loaded loaded = load(office("proposals = [\"aes128-sha256-modp2048\", \"default\"]"));
  ASSERT_TRUE(loaded.ok()) << told(loaded);
  EXPECT_EQ(loaded.config.connections.at(0).proposals.size(),
            1 + policy::default_proposals(policy::Protocol::ike).size());
}

TEST(Config, ProtectsByTheProtocolsThatAreWritten) {
  const auto child = [](std::string_view keys) {
    const Loaded loaded = load(lan(keys, "version = 1"));
    EXPECT_TRUE(loaded.ok()) << told(loaded);
    return loaded.config.connections.at(0).children.at(0);
  };
  EXPECT_EQ(child("").esp_proposals, policy::default_proposals(policy::Protocol::esp));
  EXPECT_EQ(child("").protocol(), policy::Protocol::esp);
  const policy::Child ah = child("ah_proposals = [\"sha256\"]");
  EXPECT_EQ(ah.protocol(), policy::Protocol::ah);
  EXPECT_FALSE(ah.bundled());
  const policy::Child both = child("ah_proposals = [\"sha256\"]\nesp_proposals = [\"aes128-sha256\"]");
  EXPECT_TRUE(both.bundled());
  EXPECT_EQ(both.protocol(), policy::Protocol::esp);
  EXPECT_EQ(to_string(both.ah_proposals), "sha256");
}

TEST(Config, ReadsVolumesWithAndWithoutAUnit) {
  const Loaded loaded =
      load(lan("rekey_bytes = \"500m\"\nlife_bytes = \"2 G\"\nrand_bytes = 4096\nrekey_packets = 1000000"));
  ASSERT_TRUE(loaded.ok()) << told(loaded);
  const policy::Child& child = loaded.config.connections.at(0).children.at(0);
  EXPECT_EQ(child.rekey_volume.bytes, 500u << 20);
  EXPECT_EQ(child.life_volume.bytes, std::uint64_t{2} << 30);
  EXPECT_EQ(child.rand_volume.bytes, 4096u);
  EXPECT_EQ(child.rekey_volume.packets, 1000000u);
}

TEST(Config, RefusesAVolumeThatIsNone) {
  for (const char* value : {"\"\"", "\"m\"", "\"5t\"", "\"-1\"", "\"1.5g\"", "\"5mm\"", "-1", "true",
                            "\"4611686018427387905\"", "\"4294967297g\""})
    EXPECT_FALSE(load(lan(fmt::format("rekey_bytes = {}", value))).ok()) << value;
  EXPECT_FALSE(load(lan("rekey_packets = \"5m\"")).ok());
}

TEST(Config, ReadsHowMessagesAreFragmented) {
  const Loaded loaded =
      load(office("fragmentation = \"force\"") + "[daemon]\nfragment_size = 576\nmax_packet = 2000\n");
  ASSERT_TRUE(loaded.ok()) << told(loaded);
  EXPECT_EQ(loaded.config.connections.at(0).fragmentation, policy::Fragmentation::force);
  EXPECT_EQ(loaded.config.daemon.fragment_size, 576);
  EXPECT_EQ(loaded.config.daemon.max_packet, 2000);
}

TEST(Config, AcceptsAnUnsupportedKeyThatSaysWhatIsDoneAnyway) {
  EXPECT_EQ(told(office("aggressive = false\nmobike = false\nreauth_time = 0\nfragmentation = \"no\"\ndscp = "
                        "\"000000\"\npull = true")),
            "");
  EXPECT_EQ(told(lan("ipcomp = false\npolicies = true\ninactivity = \"0s\"\ncopy_dscp = \"out\"\nrekey_bytes = 0")),
            "");
}

Loaded load_two(std::string_view first, std::string_view second) {
  return parse(std::vector<SourceFile>{{"a.toml", std::string(first)}, {"conf.d/b.toml", std::string(second)}});
}

TEST(SeveralFiles, AreReadAsOne) {
  const Loaded loaded =
      load_two(office("") + "[daemon]\nlog = \"info\"\n",
               "[connections.branch]\nlocal.auth = \"psk\"\nremote.auth = \"psk\"\nchildren.lan = {}\n"
               "[daemon]\nkeylog = \"keys\"\n");
  ASSERT_TRUE(loaded.ok()) << told(loaded);
  ASSERT_EQ(loaded.config.connections.size(), 2u);
  EXPECT_EQ(loaded.config.connections[1].name, "branch");
  EXPECT_EQ(to_string(loaded.config.connections[1].origins.at("remote.auth")), "conf.d/b.toml:3:15");
  EXPECT_EQ(loaded.config.daemon.keylog, "keys");
}

TEST(SeveralFiles, NameNothingTwice) {
  EXPECT_EQ(
      told(load_two(office(""), office(""))),
      "conf.d/b.toml:1:14: error: connections.office: defined already at a.toml:1:14; leave one of the two out\n"
      "conf.d/b.toml:10:10: error: secrets.ike-office: defined already at a.toml:10:10; leave one of the two out");
  EXPECT_EQ(told(load_two("[daemon]\nlog = \"info\"", "[daemon]\nlog = \"info\"")),
            "conf.d/b.toml:2:1: error: daemon.log: defined already at a.toml:2:1; leave one of the two out");
}

TEST(SeveralFiles, AreEachToldTheirOwnErrors) {
  EXPECT_EQ(told(load_two("[conections.x]", "[datapth]")),
            "a.toml:1:2: error: conections: no such section here; did you mean \"connections\"?\n"
            "conf.d/b.toml:1:2: error: datapth: no such section here; did you mean \"datapath\"?");
}

TEST(Reference, NamesEveryKey) {
  const std::string text = key_reference_markdown();
  for (const char* line :
       {"## `[connections.NAME]`", "## `[connections.NAME.local]`", "## `[connections.NAME.remote]`",
        "## `[connections.NAME.children.CHILD]`", "## `[secrets.ikeNAME]`", "## `[datapath]`", "## `[daemon]`",
        "| `proposals` | proposals | `default` |", "| `mobike` | ", "| `replay_window` | 0, 64 to 1048576 | `4096` |",
        "| `hw_offload` | offload to the network card | `no` |", "| `secret_file` | path |"})
    EXPECT_THAT(text, HasSubstr(line));
}

}  // namespace
}  // namespace sallyport::config
