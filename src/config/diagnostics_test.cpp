// What is told about a configuration that is wrong: each class of trouble, with its exact place.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/config_testing.h"

namespace sallyport::config {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

/// A line of configuration, and all that is told about it.
struct Case {
  std::string_view lines;
  std::string_view told;
};

void expect_office(std::initializer_list<Case> cases) {
  for (const Case& each : cases) EXPECT_EQ(told(office(each.lines)), each.told) << each.lines;
}

void expect_lan(std::initializer_list<Case> cases, std::string_view connection = "") {
  for (const Case& each : cases) EXPECT_EQ(told(lan(each.lines, connection)), each.told) << each.lines;
}

TEST(UnknownKey, EarnsASuggestion) {
  expect_office({
      {"proposal = []",
       "office.toml:2:1: error: connections.office.proposal: no such key here; did you mean \"proposals\"?"},
      {"  \"local_adrs\" = 1",
       "office.toml:2:3: error: connections.office.local_adrs: no such key here; did you mean \"local_addrs\"?"},
      {"zebra = 1", "office.toml:2:1: error: connections.office.zebra: no such key here"},
      {"\"z\\n\" = 1", "office.toml:2:1: error: connections.office.z\\x0a: no such key here"},
  });
  expect_lan({{"remote_tss = []",
               "office.toml:2:1: error: connections.office.children.lan.remote_tss: no such key here; did you mean "
               "\"remote_ts\"?"}});
}

TEST(UnknownKey, IsSentHomeWhenItIsInTheWrongSection) {
  expect_office({
      {"esp_proposals = [\"aes128gcm16\"]",
       "office.toml:2:1: error: connections.office.esp_proposals: no such key here; "
       "it belongs to [connections.NAME.children.CHILD]"},
      {"auth = \"psk\"",
       "office.toml:2:1: error: connections.office.auth: no such key here; it belongs to [connections.NAME.local]"},
  });
  expect_lan({{"dpd_delay = 3",
               "office.toml:2:1: error: connections.office.children.lan.dpd_delay: no such key here; it belongs to "
               "[connections.NAME]"}});
}

TEST(UnknownSection, EarnsASuggestion) {
  EXPECT_EQ(told("[conections.office]\n"),
            "office.toml:1:2: error: conections: no such section here; did you mean \"connections\"?");
  EXPECT_EQ(told("device = \"sally1\"\n"), "office.toml:1:1: error: device: no such key here");
  EXPECT_EQ(told("[authorities.one]\n"), "office.toml:1:2: error: authorities: not supported yet");
  EXPECT_EQ(told(office("[connections.office.child.lan]")),
            "office.toml:2:21: error: connections.office.child: no such section here; did you mean \"children\"?");
}

TEST(UnsupportedKey, SaysSoWithTheNearestAlternative) {
  expect_office({
      {"mediation = true",
       "office.toml:2:1: error: connections.office.mediation: not supported yet; the only value accepted is false"},
      {"dpd_timeout = \"1h\"",
       "office.toml:2:1: error: connections.office.dpd_timeout: not supported yet; use retransmit_tries, which IKEv2 "
       "goes by; the only value accepted is 0"},
  });
  expect_lan({{"hostaccess = true",
               "office.toml:2:1: error: connections.office.children.lan.hostaccess: not supported yet; the only value "
               "accepted is false"}});
}

TEST(Ipcomp, IsOfEspAloneAndOfWhatIsNotPadded) {
  const std::string at = "office.toml:2:10: error: connections.office.children.lan.ipcomp: ";
  expect_lan({{"ipcomp = true\nah_proposals = [\"sha256\"]",
               at + "it is compressed inside of ESP alone; leave ah_proposals out"},
              {"ipcomp = true\ntfc_padding = 1000", at + "tfc_padding would undo it; leave one of the two out"},
              {"ipcomp = false\ntfc_padding = 1000", ""}});
}

TEST(Fragment, BeforeEspIsOfTunnels) {
  expect_lan(
      {{"fragment = \"before\"\nmode = \"transport\"\nremote_ts = [\"dynamic\"]",
        "office.toml:2:12: error: connections.office.children.lan.fragment: transport mode takes whole packets "
        "alone; write fragment = \"after\", or mode = \"tunnel\""},
       {"fragment = \"never\"",
        "office.toml:2:12: error: connections.office.children.lan.fragment: \"never\" is none of: after, before"}});
}

TEST(Keep, ContradictsNoActionBesideIt) {
  constexpr std::string_view peer = "remote_addrs = [\"192.0.2.2\"]";
  expect_lan(
      {{"keep = \"for-ever\"",
        "office.toml:2:8: error: connections.office.children.lan.keep: \"for-ever\" is none of: up, on-demand, manual"},
       {"keep = \"up\"\nstart_action = \"trap\"",
        "office.toml:3:16: error: connections.office.children.lan.start_action: \"trap\" contradicts keep = \"up\"; "
        "leave one of the two out; keep stands for \"start\" here"},
       {"close_action = \"none\"\nkeep = \"on-demand\"",
        "office.toml:2:16: error: connections.office.children.lan.close_action: \"none\" contradicts keep = "
        "\"on-demand\"; leave one of the two out; keep stands for \"trap\" here"},
       {"dpd_action = \"restart\"\nkeep = \"manual\"",
        "office.toml:2:14: error: connections.office.children.lan.dpd_action: \"restart\" contradicts keep = "
        "\"manual\"; leave one of the two out; keep stands for \"clear\" here"},
       {"keep = \"up\"\nstart_action = \"start\"\nclose_action = \"start\"\ndpd_action = \"restart\"", ""}},
      peer);
}

TEST(Keep, IsForEverAndNeedsAPeerToGoToAndToWatch) {
  EXPECT_EQ(
      told(lan("keep = \"up\"", "remote_addrs = [\"192.0.2.0/24\"]")),
      "office.toml:2:8: error: connections.office.children.lan.keep: \"up\" needs a peer to go to, and remote_addrs "
      "does not begin with one address; give the peer's address in connections.office.remote_addrs");
  EXPECT_THAT(told(lan("keep = \"up\"", "remote_addrs = [\"192.0.2.2\"]\nkeyingtries = 5")),
              HasSubstr("connections.office.keyingtries: 5 contradicts keep = \"up\" of lan, which is tried for ever"));
  EXPECT_THAT(told(lan("keep = \"up\"", "remote_addrs = [\"192.0.2.2\"]\ndpd_delay = 0")),
              HasSubstr("warning: connections.office.dpd_delay: a child is to be kept, and nobody would notice"));
  EXPECT_EQ(told(lan("keep = \"manual\"", "keyingtries = 5\ndpd_delay = 0")), "");
}

TEST(Fragmentation, IsOneOfFourWords) {
  expect_office(
      {{"fragmentation = \"always\"",
        "office.toml:2:17: error: connections.office.fragmentation: \"always\" is none of: yes, accept, force, no"}});
}

TEST(Ikev2Alone, IsSaidOfIkev2Alone) {
  expect_office(
      {{"childless = \"maybe\"",
        "office.toml:2:13: error: connections.office.childless: \"maybe\" is none of: allow, prefer, force, never"},
       {"ppk_id = \"ours\"",
        "office.toml:2:10: error: connections.office.ppk_id: only IKEv2 has postquantum preshared keys; write version "
        "= 2"},
       {"ppk_required = true\nversion = 2",
        "office.toml:2:16: error: connections.office.ppk_required: ppk_id does not say which key that is"}});
}

TEST(Protocols, EspAndAhExcludeEachOtherInIkev2AndAhGoesInNoUdp) {
  expect_lan(
      {{"ah_proposals = [\"aes128-sha256\"]",
        "office.toml:2:18: error: connections.office.children.lan.ah_proposals: \"aes128\" does not belong here: "
        "AH does not encrypt: it takes integrity algorithms alone"},
       {"ah_proposals = [\"sha256\"]\nesp_proposals = [\"aes128gcm16\"]",
        "office.toml:2:16: error: connections.office.children.lan.ah_proposals: only IKEv1 has ESP and AH together; "
        "leave one of esp_proposals and ah_proposals out, or write version = 1"}});
  expect_lan(
      {{"ah_proposals = [\"sha256\"]",
        "office.toml:2:16: error: connections.office.children.lan.ah_proposals: AH does not go in UDP, and encap "
        "is on; write esp_proposals, or leave encap out"}},
      "encap = true");
}

TEST(Names, AreTakenForAddressesOnlyWhereTheyAreFull) {
  for (const auto* name :
       {"sun.example.org", "gate-7.example.org", "a.b.c.museum", "1.2.3.example.org", "xn--bcher-kva.example.org"})
    EXPECT_EQ(told(office("remote_addrs = [\"" + std::string(name) + "\"]")), "") << name;
  for (const auto* slip :
       {"sun", "192.0.2.l", "192.0.2.1o", "sun..example.org", "-sun.example.org", "sun_.example.org"})
    EXPECT_THAT(told(office("remote_addrs = [\"" + std::string(slip) + "\"]")), testing::HasSubstr("error")) << slip;
  const std::string label(64, 'a');
  EXPECT_THAT(told(office("remote_addrs = [\"" + label + ".example.org\"]")), testing::HasSubstr("error"));
}

TEST(Names, MayStandBesideAddresses) {
  const Loaded loaded =
      load(office("remote_addrs = [\"sun.example.org\", \"192.0.2.0/24\"]\nlocal_addrs = \"moon.example.org\""));
  ASSERT_TRUE(loaded.ok()) << told(loaded);
  const policy::Connection& connection = loaded.config.connections.at(0);
  EXPECT_THAT(connection.remote_names, testing::ElementsAre("sun.example.org"));
  EXPECT_THAT(connection.local_names, testing::ElementsAre("moon.example.org"));
  ASSERT_EQ(connection.remote_addrs.size(), 1U);
  EXPECT_EQ(to_string(connection.remote_addrs[0]), "192.0.2.0/24");
  EXPECT_THAT(connection.local_addrs, testing::IsEmpty());
}

TEST(Names, BesideAnyLeaveItAny) {
  const Loaded loaded = load(office("remote_addrs = [\"sun.example.org\", \"%any\"]"));
  ASSERT_TRUE(loaded.ok()) << told(loaded);
  EXPECT_EQ(loaded.config.connections.at(0).remote_addrs.size(), 2U);  // of either family
}

TEST(UnsupportedValue, SaysSo) {
  expect_lan(
      {{"mode = \"beet\"",
        "office.toml:2:8: error: connections.office.children.lan.mode: \"beet\" is not supported yet"},
       {"start_action = \"trap|start\"",
        "office.toml:2:16: error: connections.office.children.lan.start_action: \"trap|start\" is not supported yet"}});
  EXPECT_EQ(told("[datapath]\nbackend = \"xfrm\"\nworkers = 65\n"),
            "office.toml:2:11: error: datapath.backend: \"xfrm\" is not supported yet\n"
            "office.toml:3:11: error: datapath.workers: 65 is not an integer from 0 to 64");
  EXPECT_EQ(
      told("[connections.a]\nlocal.auth = \"eap-tls\"\nremote.auth = \"rsa-3072-sha256\"\nchildren.b = {}\n"),
      "office.toml:2:14: error: connections.a.local.auth: \"eap-tls\" is not supported yet; write \"psk\"\n"
      "office.toml:3:15: error: connections.a.remote.auth: \"rsa-3072-sha256\" is not supported yet; write \"psk\"");
}

TEST(WrongType, SaysWhatIsExpectedAndWhatWasFound) {
  expect_office({
      {"encap = \"yes\"",
       "office.toml:2:9: error: connections.office.encap: expected a boolean, found a string; write true"},
      {"encap = 1",
       "office.toml:2:9: error: connections.office.encap: expected a boolean, found an integer; write true or false"},
      {"version = \"2\"",
       "office.toml:2:11: error: connections.office.version: expected an integer, found a string; leave the quotes "
       "out"},
      {"version = 2.0",
       "office.toml:2:11: error: connections.office.version: expected an integer, found a number with a fraction"},
      {"local_addrs = 5",
       "office.toml:2:15: error: connections.office.local_addrs: expected an array of strings, found an integer"},
      {"proposals = { a = 1 }",
       "office.toml:2:13: error: connections.office.proposals: expected an array of strings, found a table"},
      {"unique = true", "office.toml:2:10: error: connections.office.unique: expected a string, found a boolean"},
      {"dpd_delay = 07:32:00",
       "office.toml:2:13: error: connections.office.dpd_delay: expected a time, found a date or time; "
       "seconds as a number, or a string such as \"90s\", \"15m\", \"4h\", \"1d\""},
      {"proposals = [\"aes128-sha256-x25519\",\n  17]",
       "office.toml:3:3: error: connections.office.proposals: expected a string, found an integer"},
  });
  EXPECT_EQ(told("connections = 3\nsecrets = [1]\n[daemon]\nretransmit_base = \"2\""),
            "office.toml:1:15: error: connections: expected a table, found an integer\n"
            "office.toml:2:11: error: secrets: expected a table, found an array\n"
            "office.toml:4:19: error: daemon.retransmit_base: expected a number, found a string");
  EXPECT_EQ(told("[connections]\noffice = 3\n[secrets]\nike = \"x\""),
            "office.toml:2:10: error: connections.office: expected a table, found an integer\n"
            "office.toml:4:7: error: secrets.ike: expected a table, found a string");
  EXPECT_THAT(told("[connections.a]\nlocal = \"psk\"\nremote = 1\nchildren = []"),
              testing::AllOf(HasSubstr("2:9: error: connections.a.local: expected a table, found a string"),
                             HasSubstr("3:10: error: connections.a.remote: expected a table, found an integer"),
                             HasSubstr("4:12: error: connections.a.children: expected a table, found an array")));
}

TEST(BadValue, IsPointedAtInsideItsString) {
  expect_office({
      {"proposals = [\"aes256gcm16-prfsha384-ecp384\", \"aes128-sah256-modp2048\"]",
       "office.toml:2:54: error: connections.office.proposals: \"sah256\" is no algorithm; did you mean \"sha256\"?"},
      {"proposals = [\n\t\"aes127-sha256-x25519\",\n]",
       "office.toml:3:3: error: connections.office.proposals: \"aes127\" is no algorithm; did you mean \"aes128\"?"},
      {"proposals = \"aes128-sha256-x25519, aes128-sha256-x25591\"",
       "office.toml:2:50: error: connections.office.proposals: \"x25591\" is no algorithm; did you mean \"x25519\"?"},
      {"proposals = ['aes128-sha256-camellia128']",
       "office.toml:2:29: error: connections.office.proposals: \"camellia128\" is not supported yet"},
  });
  expect_lan({{"local_ts = [\"10.1.0.0/16\", \"10.1.0.0/16[tpc/80]\"]",
               "office.toml:2:41: error: connections.office.children.lan.local_ts: \"tpc\" is no IP protocol: a name "
               "such as tcp, or a "
               "number to 255; did you mean \"tcp\"?"}});
}

TEST(BadValue, IsPointedAtAsAWholeWhereItIsWrongAsAWhole) {
  expect_office({
      {"proposals = [\"aes256gcm16-ecp384\"]",
       "office.toml:2:14: error: connections.office.proposals: a PRF is missing, such as prfsha256: aes256gcm16 does "
       "not imply one"},
      {"local_addrs = [\"192.0.2.1\", \"192.0.2.300\"]",
       "office.toml:2:29: error: connections.office.local_addrs: \"192.0.2.300\" is no address; an address, a network "
       "such as "
       "192.0.2.0/24, a range such as 192.0.2.1-192.0.2.9, or %any"},
      {"remote_port = 70000",
       "office.toml:2:15: error: connections.office.remote_port: 70000 is not an integer from 1 to 65535"},
      {"local_port = 0", "office.toml:2:14: error: connections.office.local_port: 0 is not an integer from 1 to 65535"},
      {"version = 3", "office.toml:2:11: error: connections.office.version: 3 is not an integer from 0 to 2"},
      {"dpd_delay = -5", "office.toml:2:13: error: connections.office.dpd_delay: a time cannot be negative"},
      {"dpd_delay = \"-5s\"", "office.toml:2:13: error: connections.office.dpd_delay: a time cannot be negative"},
      {"rekey_time = \"4 hours\"",
       "office.toml:2:14: error: connections.office.rekey_time: \"4 hours\" is not a time; seconds as a "
       "number, or a string such as \"90s\", \"15m\", \"4h\", \"1d\""},
      {"rekey_time = \"4000d\"",
       "office.toml:2:14: error: connections.office.rekey_time: longer than ten years; 0 stands for never"},
      {"rekey_time = \"99999999999999999999s\"",
       "office.toml:2:14: error: connections.office.rekey_time: \"99999999999999999999s\" is not "
       "a time; seconds as a number, or a string such as \"90s\", \"15m\", \"4h\", \"1d\""},
      {"rekey_time = 9223372036854775807",
       "office.toml:2:14: error: connections.office.rekey_time: longer than ten years; 0 stands for never"},
      {"unique = \"replcae\"",
       "office.toml:2:10: error: connections.office.unique: \"replcae\" is none of: no, never, keep, replace; did you "
       "mean \"replace\"?"},
      {"proposals = []",
       "office.toml:2:13: error: connections.office.proposals: no proposal in it; leave the key out for the default"},
  });
  expect_lan({
      {"mode = \"tunel\"",
       "office.toml:2:8: error: connections.office.children.lan.mode: \"tunel\" is none of: tunnel, transport, pass, "
       "drop; did you "
       "mean \"tunnel\"?"},
      {"replay_window = 32",
       "office.toml:2:17: error: connections.office.children.lan.replay_window: 32 is neither 0 nor a number from 64 "
       "to 1048576; write 64, or 0 for no check at all"},
      {"replay_window = 2000000",
       "office.toml:2:17: error: connections.office.children.lan.replay_window: 2000000 is not an integer from 0 to "
       "1048576"},
      {"replay_window = -1",
       "office.toml:2:17: error: connections.office.children.lan.replay_window: -1 is not an integer from 0 to "
       "1048576"},
      {"tfc_padding = 70000",
       "office.toml:2:15: error: connections.office.children.lan.tfc_padding: 70000 is not an integer from 0 to 65535"},
      {"remote_ts = []",
       "office.toml:2:13: error: connections.office.children.lan.remote_ts: no selector in it; leave the key out for "
       "the host's own address"},
  });
}

TEST(BadValue, HasItsColumnCountedInCharacters) {
  EXPECT_EQ(told(office("\"ä\" = 1 # öö")), "office.toml:2:1: error: connections.office.\\xc3\\xa4: no such key here");
  EXPECT_EQ(told(lan("# ö\nlocal_ts = [\"10.1.0.0/8\", \"ö[tcp]\", \"dynamic[tcp/ö]\"]")),
            "office.toml:3:27: error: connections.office.children.lan.local_ts: \"\\xc3\\xb6\" is no selector: an "
            "address, a network such as "
            "10.1.0.0/16, a range such as 10.1.0.1-10.1.0.9, or \"dynamic\"\n"
            "office.toml:3:50: error: connections.office.children.lan.local_ts: \"\\xc3\\xb6\" is no port: a number to "
            "65535, a service's "
            "name, \"any\" or \"opaque\"");
}

TEST(BadValue, IsPointedAtAsAWholeWhereEscapesHideItsLetters) {
  EXPECT_EQ(
      told(office("proposals = \"\"\"aes127-sha256-x25519\"\"\"")),
      "office.toml:2:13: error: connections.office.proposals: \"aes127\" is no algorithm; did you mean \"aes128\"?");
  EXPECT_EQ(
      told(office("proposals = \"\\u0061es127-sha256-x25519\"")),
      "office.toml:2:13: error: connections.office.proposals: \"aes127\" is no algorithm; did you mean \"aes128\"?");
}

TEST(Identity, IsRefusedWithAdvice) {
  EXPECT_EQ(
      told("[connections.a]\nlocal = { auth = \"psk\", id = \"192.0.2.300\" }\nremote.auth = \"psk\"\nchildren.b = {}\n"
           "[secrets.ike]\nsecret = \"correct horse\""),
      "office.toml:2:30: error: connections.a.local.id: \"192.0.2.300\" looks like an IPv4 address, but is none; write "
      "\"@192.0.2.300\" if it is a name");
  EXPECT_THAT(told("[connections.a]\nlocal.id = \"*.example.org\""),
              HasSubstr("office.toml:2:12: error: connections.a.local.id: we are one name, not a pattern for several"));
}

TEST(Combination, NeedsAuthenticationOnBothSides) {
  EXPECT_EQ(told("[connections.a]\nchildren.b = {}\n[connections.a.remote]\nid = \"sun\""),
            "office.toml:1:14: error: connections.a.local.auth: missing; swanctl's default, pubkey, is not supported "
            "yet; write auth = "
            "\"psk\" in [connections.a.local]\n"
            "office.toml:3:16: error: connections.a.remote.auth: missing; swanctl's default, pubkey, is not supported "
            "yet; write auth = "
            "\"psk\" in [connections.a.remote]");
}

TEST(Combination, AllowsOneRoundASide) {
  EXPECT_EQ(told(office("[connections.office.local-2]\nauth = \"psk\"")),
            "office.toml:5:8: error: connections.office.local: the only second round that is supported is XAUTH; write "
            "auth = "
            "\"xauth\"");
}

TEST(Combination, StartsOnlyTowardsOneAddress) {
  expect_lan({{"start_action = \"start\"",
               "office.toml:2:16: error: connections.office.children.lan.start_action: \"start\" needs a peer to go "
               "to, and remote_addrs does "
               "not begin with one address; give the peer's address in connections.office.remote_addrs"},
              {"close_action = \"trap\"",
               "office.toml:2:16: error: connections.office.children.lan.close_action: \"trap\" needs a peer to go to, "
               "and remote_addrs does "
               "not begin with one address; give the peer's address in connections.office.remote_addrs"}});
  for (const char* addresses : {"\"%any\"", "\"192.0.2.0/24\"", "[\"192.0.2.0/24\", \"192.0.2.2\"]"})
    EXPECT_THAT(told(lan("start_action = \"trap\"", "remote_addrs = " + std::string(addresses))),
                HasSubstr("needs a peer to go to"));
  EXPECT_EQ(told(lan("start_action = \"start\"", "remote_addrs = [\"192.0.2.2\", \"192.0.2.0/24\"]")), "");
}

TEST(Combination, RekeysBeforeTheEnd) {
  expect_lan({
      {"rekey_time = 3600\nlife_time = \"1h\"",
       "office.toml:2:14: error: connections.office.children.lan.rekey_time: rekeying after 3600 s "
       "comes too late for a life_time of 3600 s; rekey_time has to be shorter than life_time"},
      {"rekey_time = 100\nrand_time = 100",
       "office.toml:3:13: error: connections.office.children.lan.rand_time: 100 s is not shorter than "
       "rekey_time, 100 s; it is taken off rekey_time, and something has to be left"},
  });
  expect_office({{"rekey_time = 100\nrand_time = \"5m\"",
                  "office.toml:3:13: error: connections.office.rand_time: 300 s is not shorter than "
                  "rekey_time, 100 s; it is taken off rekey_time, and something has to be left"}});
}

TEST(Combination, KeepsTransportModeBetweenTwoHosts) {
  expect_lan({{"mode = \"transport\"\nremote_ts = [\"10.2.0.0/16\", \"dynamic[tcp]\"]",
               "office.toml:3:13: error: connections.office.children.lan.remote_ts: transport mode is between two "
               "hosts, and 10.2.0.0/16 is "
               "more than one; write \"dynamic\" for the host itself, or mode = \"tunnel\""},
              {"mode = \"transport\"\nremote_ts = \"192.0.2.2[udp/1701]\"", ""}});
}

TEST(Shunts, DoNotFollowNames) {
  const auto shunt = [](std::string_view selectors) {
    return "[connections.named]\nremote_addrs = \"sun.example.org\"\n[connections.named.children.x]\nmode = \"pass\"\n"
           "start_action = \"trap\"\n" +
           std::string(selectors);
  };
  EXPECT_THAT(told(shunt("local_ts = \"10.1.0.0/16\"\nremote_ts = \"dynamic\"\n")),
              testing::HasSubstr("remote_ts is \"dynamic\", and the connection's address is a name"));
  EXPECT_THAT(told(shunt("remote_ts = \"10.2.0.0/16\"\n")), testing::HasSubstr("local_ts is \"dynamic\""));
  EXPECT_EQ(told(shunt("local_ts = \"10.1.0.0/16\"\nremote_ts = \"10.2.0.0/16\"\n")), "");
}

TEST(Shunts, ArePoliciesThatNeedNoPeer) {
  const Loaded loaded = load(
      "[connections.shunts.children.lan]\nmode = \"pass\"\nlocal_ts = [\"10.1.0.0/16\", \"fd01::/64\"]\n"
      "remote_ts = \"10.1.0.0/16[udp/53-99]\"\nstart_action = \"trap\"\npriority = 7\n"
      "[connections.shunts.children.rest]\nmode = \"DROP\"\nremote_ts = \"0.0.0.0/0\"\nstart_action = \"route\"\n");
  ASSERT_EQ(told(loaded), "");
  EXPECT_TRUE(loaded.config.connections.empty());
  const auto& shunts = loaded.config.policies.shunts;
  ASSERT_EQ(shunts.size(), 2u);
  EXPECT_EQ(shunts[0].connection, "shunts");
  EXPECT_EQ(shunts[0].name, "lan");
  EXPECT_EQ(shunts[0].action, policy::SpdAction::bypass);
  EXPECT_EQ(shunts[0].priority, 7u);
  EXPECT_EQ(to_string(shunts[0].remote_ts.at(0)), "10.1.0.0/16[udp/53-99]");
  EXPECT_EQ(shunts[0].origins.at("priority").line, 6);
  EXPECT_EQ(shunts[1].action, policy::SpdAction::discard);
}

TEST(Shunts, StandAmongChildrenThatNeedOne) {
  const Loaded loaded =
      load(lan("priority = 3\n[connections.office.children.printer]\nmode = \"drop\"\n"
               "remote_ts = \"10.2.0.9\"\nstart_action = \"trap\""));
  ASSERT_EQ(told(loaded), "");
  EXPECT_EQ(loaded.config.connections.at(0).children.size(), 1u);
  EXPECT_EQ(loaded.config.policies.priority_of("office", "lan"), 3u);
  ASSERT_EQ(loaded.config.policies.shunts.size(), 1u);
  EXPECT_EQ(loaded.config.policies.shunts[0].name, "printer");
}

TEST(Shunts, AreInForceFromTheStartOrNotWritten) {
  expect_lan({
      {"mode = \"pass\"\nremote_ts = \"10.2.0.9\"",
       "office.toml:1:30: error: connections.office.children.lan.start_action: mode = \"pass\" is in force from the "
       "start; write start_action = \"trap\""},
      {"mode = \"drop\"\nremote_ts = \"10.2.0.9\"\nstart_action = \"start\"",
       "office.toml:4:16: error: connections.office.children.lan.start_action: mode = \"drop\" is in force from the "
       "start; write start_action = \"trap\""},
      {"mode = \"drop\"\nstart_action = \"trap\"",
       "office.toml:1:30: error: connections.office.children.lan: mode = \"drop\" does not say for which traffic; "
       "write "
       "local_ts and remote_ts"},
  });
}

TEST(Shunts, HaveNothingThatIsOfAnSa) {
  const std::string front = "mode = \"drop\"\nremote_ts = \"10.2.0.9\"\nstart_action = \"trap\"\n";
  EXPECT_EQ(told(lan(front + "rekey_time = \"1h\"")),
            "office.toml:5:1: error: connections.office.children.lan.rekey_time: means nothing where mode is \"drop\": "
            "there is no SA; leave it out");
  EXPECT_EQ(told(lan(front + "prioritie = 1")),
            "office.toml:5:1: error: connections.office.children.lan.prioritie: no such key here; did you mean "
            "\"priority\"?");
  EXPECT_EQ(
      told(lan(front + "priority = -1")),
      "office.toml:5:12: error: connections.office.children.lan.priority: -1 is not an integer from 0 to 4294967295");
  EXPECT_EQ(told(lan("mode = \"drop\"\nlocal_ts = \"10.1.0.0/16\"\nremote_ts = \"fd02::/64\"\nstart_action = "
                     "\"trap\"")),
            "office.toml:4:13: error: connections.office.children.lan.remote_ts: no packet can match both local_ts and "
            "remote_ts: address families or protocols differ");
}

TEST(Shunts, AreNamedWhereAModeIsMisspelt) {
  EXPECT_THAT(told(lan("mode = \"dropp\"")), HasSubstr("did you mean \"drop\"?"));
  EXPECT_THAT(told(lan("mode = \"beet\"")), HasSubstr("not supported yet"));
}

TEST(Combination, PadsAgainstTrafficAnalysisInTunnelsOfEspAlone) {
  expect_lan({{"tfc_padding = 1200\nmode = \"tunnel\"", ""},
              {"tfc_padding = \"mtu\"", ""},
              {"tfc_padding = 0\nmode = \"transport\"", ""},
              {"tfc_padding = \"mtu\"\nmode = \"transport\"",
               "office.toml:2:15: error: connections.office.children.lan.tfc_padding: packets of transport mode do not "
               "say where the padding begins; write mode = \"tunnel\""},
              {"tfc_padding = 1200\nah_proposals = \"sha256\"",
               "office.toml:2:15: error: connections.office.children.lan.tfc_padding: AH has no padding; write "
               "esp_proposals"}});
}

TEST(Combination, NeedsSelectorsThatAPacketCanMatch) {
  constexpr std::string_view told =
      "office.toml:3:13: error: connections.office.children.lan.remote_ts: no packet can match both local_ts and "
      "remote_ts: address families "
      "or protocols differ";
  expect_lan({{"local_ts = \"10.1.0.0/16\"\nremote_ts = \"2001:db8::/32\"", told},
              {"local_ts = \"10.1.0.0/16[tcp]\"\nremote_ts = \"10.2.0.0/16[udp]\"", told},
              {"local_ts = \"10.1.0.0/16,2001:db8:1::/48\"\nremote_ts = \"2001:db8:2::/48\"", ""}});
  expect_lan({{"local_ts = \"dynamic\"\nremote_ts = \"10.2.0.0/16\"", told}}, "remote_addrs = \"2001:db8::2\"");
  expect_lan({{"local_ts = \"dynamic\"\nremote_ts = \"10.2.0.0/16\"", ""}}, "remote_addrs = \"192.0.2.2\"");
}

TEST(Combination, NeedsOneFamilyForBothEnds) {
  expect_office({{"local_addrs = \"192.0.2.1\"\nremote_addrs = \"2001:db8::2\"",
                  "office.toml:3:16: error: connections.office.remote_addrs: local_addrs and remote_addrs have no "
                  "address family in common"}});
}

TEST(Combination, IsNotJudgedOnValuesThatCouldNotBeRead) {
  expect_lan(
      {{"start_action = \"start\"",
        "office.toml:13:16: error: connections.office.remote_addrs: \"sun\" is neither an address nor a full name; "
        "an address, or a name with its domain such as gate.example.org"}},
      "remote_addrs = \"sun\"");
  EXPECT_EQ(told(lan("rekey_time = \"x\"\nlife_time = 5")),
            "office.toml:2:14: error: connections.office.children.lan.rekey_time: \"x\" is not a time; seconds as a "
            "number, or a string such "
            "as \"90s\", \"15m\", \"4h\", \"1d\"");
}

TEST(Warning, IsNoError) {
  const Loaded loaded = load(std::string("[connections.office]\n") + std::string(kRounds) + std::string(kSecret));
  EXPECT_TRUE(loaded.ok());
  EXPECT_EQ(
      told(loaded),
      "office.toml:1:14: warning: connections.office: no children: it brings up an IKE SA that protects nothing; add "
      "[connections.office.children.NAME]");
}

TEST(Warning, SaysWhatIsWeakAboutAnAlgorithm) {
  const Loaded loaded = load(office("proposals = [\"aes128-sha256-x25519\", \"aes128-sha1-modp1024\"]"));
  EXPECT_TRUE(loaded.ok());
  ASSERT_EQ(loaded.diagnostics.size(), 2u);
  EXPECT_THAT(to_string(loaded.diagnostics[0]),
              StartsWith("office.toml:2:38: warning: connections.office.proposals: weak algorithm: modp1024: "));
  EXPECT_THAT(to_string(loaded.diagnostics[1]),
              StartsWith("office.toml:2:38: warning: connections.office.proposals: weak algorithm: sha1: "));
}

TEST(Name, LeavesRoomForTheCommandLine) {
  for (const char* name : {"a/b", "a b", "a\\\"b", "\\u00e4", "a\\tb"}) {
    EXPECT_THAT(told("[connections.\"" + std::string(name) + "\"]"), HasSubstr("office.toml:1:14: error: connections."))
        << name;
    EXPECT_THAT(told(lan("[connections.office.children.\"" + std::string(name) + "\"]")),
                HasSubstr("cannot stand in the name of a child"))
        << name;
  }
  EXPECT_EQ(told("[connections.\"\"]"), "office.toml:1:14: error: names have 1 to 200 characters");
  EXPECT_EQ(told("[connections." + std::string(201, 'x') + "]"),
            "office.toml:1:14: error: names have 1 to 200 characters");
}

TEST(Daemon, RefusesPatienceWithoutEnd) {
  EXPECT_EQ(told("[daemon]\nretransmit_tries = 20\n"),
            "office.toml:2:20: error: daemon.retransmit_tries: an unreachable peer would be noticed after more than a "
            "day; lower "
            "retransmit_tries, retransmit_base or retransmit_timeout");
  EXPECT_EQ(
      told(
          "[daemon]\nhalf_open_timeout = 0\nretransmit_base = nan\nretransmit_timeout = 1e9\nretransmit_jitter = -0.5"),
      "office.toml:2:21: error: daemon.half_open_timeout: without a limit anybody could fill our memory; write "
      "\"30s\"\n"
      "office.toml:3:19: error: daemon.retransmit_base: nan is not a number from 1 to 4\n"
      "office.toml:4:22: error: daemon.retransmit_timeout: 1000000000 is not a number from 0.1 to 60\n"
      "office.toml:5:21: error: daemon.retransmit_jitter: -0.5 is not a number from 0 to 1");
  EXPECT_EQ(told("[daemon]\nblock_threshold = 0\npuzzle_difficulty = 25\npuzzle_limit = 31\ncookie_threshold_ip = -1"),
            "office.toml:2:19: error: daemon.block_threshold: 0 is not an integer from 1 to 1000000\n"
            "office.toml:3:21: error: daemon.puzzle_difficulty: 25 is not an integer from 0 to 24\n"
            "office.toml:4:16: error: daemon.puzzle_limit: 31 is not an integer from 0 to 30\n"
            "office.toml:5:23: error: daemon.cookie_threshold_ip: -1 is not an integer from 0 to 1000000");
  EXPECT_THAT(told("[daemon]\ncookie_threshold = 5000"),
              HasSubstr("office.toml:2:20: warning: daemon.cookie_threshold: no peer will be asked"));
}

TEST(Datapath, TakesOnlyNamesThatADeviceCanHave) {
  for (const char* name : {"", ".", "..", "a/b", "sally%d", "a b", "sixteen-letters!", "sixteen-letters-"})
    EXPECT_THAT(told("[datapath]\ndevice = \"" + std::string(name) + "\""),
                HasSubstr("office.toml:2:10: error: datapath.device: \"" + std::string(name) +
                          "\" cannot name a network device"));
  EXPECT_EQ(told("[datapath]\ndevice = \"fifteen-letters\""), "");
}

TEST(Diagnostics, AreBoundedAndKeepTheErrorsAmongManyWarnings) {
  std::string text = "[connections.office]\nproposals = [";
  for (int i = 0; i < 300; ++i) text += "\"3des-sha256-x25519\", ";
  text += "\"nonsense\"]\n" + std::string(kRounds) + std::string(kChild) + std::string(kSecret);
  const Loaded loaded = load(text);
  EXPECT_FALSE(loaded.ok());
  EXPECT_EQ(loaded.diagnostics.size(), Diagnostics::kMost + 1);
}

}  // namespace
}  // namespace sallyport::config
