#include "cli/status_text.h"

#include <gmock/gmock.h>

#include "cli/command.h"
#include "cli/test_answers.h"

namespace sallyport::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST(StatusText, ShowsWhatIsUp) {
  EXPECT_THAT(
      status_text(both()),
      AllOf(HasSubstr("office  up\n"), HasSubstr("IKE SA 1: IKEv2, established for 12 s, we are the initiator"),
            HasSubstr("192.0.2.1:500 (moon.example.org) ... [2001:db8::2]:500 (sun.example.org)"),
            HasSubstr("aes256gcm16-prfsha384-ecp384"), HasSubstr("10.1.0.0/16 <-> 10.2.0.0/16 10.3.0.0/16"),
            HasSubstr("in 1 packet, 84 octets; out 2 packets, 1.5 MiB"), HasSubstr("NAT in front of the peer")));
}

TEST(StatusText, SaysWhyWhatIsDownIsDown) {
  EXPECT_THAT(status_text(both()), HasSubstr("home    down\n  192.0.2.9 closed it.\n"));
}

TEST(StatusText, ShowsOnlyDropsThatOccurred) {
  EXPECT_THAT(status_text(both()), AllOf(HasSubstr("4 dropped: replay"), Not(HasSubstr("integrity"))));
}

TEST(StatusText, ShowsBothProtocolsOfABundle) {
  control::Message bundled = office();
  auto& child = bundled.section("ike_sas").section("1").section("child_sas").section("3");
  auto& ah = child.section("ah");
  ah.set("proposal", "sha256");
  ah.set("spi_in", "c0ffee01");
  ah.set("spi_out", "c0ffee02");
  ah.section("drops").set("integrity", 7);
  std::vector<control::Message> all;
  all.push_back(std::move(bundled));
  EXPECT_THAT(status_text(all), AllOf(HasSubstr("tunnel mode, ESP in AH"), HasSubstr("SPIs c1a2b3c4 in, 00000100 out"),
                                      HasSubstr("AH: sha256; 7 dropped: integrity; SPIs c0ffee01 in, c0ffee02 out")));
}

TEST(StatusText, SaysWhatNamesStandFor) {
  control::Message connection;
  connection.set("name", "office");
  auto& names = connection.section("names");
  auto& gate = names.section("gate.example.org");
  gate.list("addresses").add("192.0.2.7");
  gate.list("addresses").add("2001:db8::7");
  gate.set("asked", false);
  auto& lost = names.section("lost.example.org");
  lost.list("addresses");
  lost.set("error", "Name or service not known");
  lost.set("asked", true);
  auto& old = names.section("old.example.org");
  old.list("addresses").add("192.0.2.8");
  old.set("error", "Temporary failure");
  std::vector<control::Message> all;
  all.push_back(std::move(connection));
  EXPECT_THAT(status_text(all),
              AllOf(HasSubstr("  gate.example.org is 192.0.2.7 2001:db8::7\n"),
                    HasSubstr("  lost.example.org has no address (Name or service not known); it is being looked up\n"),
                    HasSubstr("  old.example.org is 192.0.2.8 (as it was; now: Temporary failure)\n")));
}

TEST(StatusText, SaysThatThereIsNothing) { EXPECT_EQ(status_text({}), "no connections are configured\n"); }

TEST(StatusText, SurvivesADaemonThatSaysNothing) {
  std::vector<control::Message> all;
  all.emplace_back();
  all.back().section("ike_sas").section("1").section("child_sas").section("1");
  EXPECT_THAT(status_text(all), HasSubstr("?"));
}

TEST(Amount, HasTheUnitThatFits) {
  EXPECT_EQ(amount(0), "0 octets");
  EXPECT_EQ(amount(1), "1 octet");
  EXPECT_EQ(amount(10239), "10239 octets");
  EXPECT_EQ(amount(10240), "10.0 KiB");
  EXPECT_EQ(amount(std::uint64_t{3} << 30), "3.0 GiB");
  EXPECT_EQ(amount(UINT64_MAX), "16777216.0 TiB");
}

TEST(SpanOfTime, HasTheUnitsThatFit) {
  EXPECT_EQ(span_of_time(119), "119 s");
  EXPECT_EQ(span_of_time(120), "2 min");
  EXPECT_EQ(span_of_time(7200), "2 h");
  EXPECT_EQ(span_of_time(14340), "3 h 59 min");
  EXPECT_EQ(span_of_time(180000), "2 d 2 h");
}

TEST(Target, IsAConnectionOrOneOfItsChildren) {
  EXPECT_EQ(Target::of("office").connection, "office");
  EXPECT_EQ(Target::of("office").child, "");
  EXPECT_EQ(Target::of("office/lan").child, "lan");
  EXPECT_EQ(Target::of("office/lan").text(), "office/lan");
}

}  // namespace
}  // namespace sallyport::cli
