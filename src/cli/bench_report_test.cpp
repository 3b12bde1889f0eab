#include "cli/bench_report.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "cli/json.h"

namespace sallyport::cli {
namespace {

using testing::HasSubstr;

BenchReport report() {
  BenchReport report{.suites = {}, .tunnels = {}, .cores = 4};
  report.suites.push_back({.suite = "aes128gcm16",
                           .cipher_small = {26, 22},
                           .cipher_large = {86, 79},
                           .datapath = {"aes128gcm16", {100, 80}, {30, 33}}});
  report.tunnels.push_back(
      {.udp_encap = true,
       .speed = measure::TunnelSpeed{9.25, std::chrono::microseconds(54), std::chrono::microseconds(90)}});
  report.tunnels.push_back({.udp_encap = false, .speed = std::unexpected("that takes root")});
  return report;
}

TEST(BenchReport, IsATable) {
  EXPECT_EQ(suite_line(report().suites[0]),
            "aes128gcm16               26 / 22         30 / 33          86 / 79        100 / 80    113.6\n");
  EXPECT_EQ(tunnel_line(report().tunnels[0]), "ESP in UDP                 9.2 Gbit/s       54 us, 99 % within 90 us\n");
  EXPECT_EQ(tunnel_line(report().tunnels[1]), "ESP, IP protocol 50     not measured: that takes root\n");
  EXPECT_THAT(advice_lines(report()), HasSubstr("- An SA is one core's. With 4 of them"));
}

TEST(BenchReport, IsForProgramsAsWell) {
  const auto json = nlohmann::json::parse(bench_json(report()));
  EXPECT_EQ(json["cores"], 4);
  EXPECT_EQ(json["suites"][0]["suite"], "aes128gcm16");
  EXPECT_EQ(json["suites"][0]["packets"][1]["octets"], 1420);
  EXPECT_EQ(json["suites"][0]["packets"][1]["datapath"]["seal_ns"], 100);
  EXPECT_EQ(json["tunnels"][0]["round_trip_ns"], 54000);
  EXPECT_EQ(json["tunnels"][1]["not_measured"], "that takes root");
  EXPECT_EQ(json["advice"].size(), report().advice().size());
}

}  // namespace
}  // namespace sallyport::cli
