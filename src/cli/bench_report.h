// What `sallyport bench` has measured, and how it looks on a terminal.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "measure/advice.h"

namespace sallyport::cli {

struct BenchSuite {
  std::string suite;
  measure::PacketTime cipher_small{}, cipher_large{};
  measure::SuiteFigures datapath{};
};

struct BenchTunnel {
  bool udp_encap = false;
  std::expected<measure::TunnelSpeed, std::string> speed;  // or why not
};

struct BenchReport {
  std::vector<BenchSuite> suites;
  std::vector<BenchTunnel> tunnels;
  unsigned cores = 1;

  std::vector<std::string> advice() const;
};

// Each ends with a newline.
std::string suite_heading();
std::string suite_line(const BenchSuite& suite);
std::string tunnel_heading();
std::string tunnel_line(const BenchTunnel& tunnel);
std::string advice_lines(const BenchReport& report);

}  // namespace sallyport::cli
