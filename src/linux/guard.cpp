#include "linux/guard.h"

#include <fmt/format.h>
#include <nftables/libnftables.h>

#include <cerrno>
#include <memory>

namespace sallyport::linux {
namespace {

struct Answer {
  bool done = false;
  std::string output;
  std::string error;  // first line
  int number = 0;     // errno
};

Answer run(const std::string& commands) {
  const std::unique_ptr<nft_ctx, decltype(&nft_ctx_free)> nft(nft_ctx_new(NFT_CTX_DEFAULT), nft_ctx_free);
  if (!nft) return {.error = "no netlink socket for nf_tables", .number = errno};
  nft_ctx_buffer_output(nft.get());
  nft_ctx_buffer_error(nft.get());
  errno = 0;
  Answer answer;
  answer.done = nft_run_cmd_from_buffer(nft.get(), commands.c_str()) == 0;
  answer.number = errno;
  answer.output = nft_ctx_get_output_buffer(nft.get());
  answer.error = nft_ctx_get_error_buffer(nft.get());
  answer.error.resize(std::min(answer.error.size(), answer.error.find('\n')));
  return answer;
}

std::unexpected<SystemError> failed(std::string_view attempt, const Answer& answer) {
  return std::unexpected(SystemError{
      answer.number, fmt::format("cannot {} the packet filter that blocks unprotected traffic: {}; it needs nf_tables"
                                 " in the kernel (modprobe nf_tables) and the right to administer the network",
                                 attempt, answer.error.empty() ? describe_errno(answer.number) : answer.error)});
}

}  // namespace

namespace {

/// The kernel swaps rules table by table, not all at one moment: for a packet or two there may be neither the old nor
/// the new. So the new rules stand in a second table while the first is replaced, and a packet must pass both.
Footprint relief(Footprint footprint) {
  footprint.filter_table += "_relief";
  return footprint;
}

/// Created first, so that there is always something to delete.
Answer delete_table(const Footprint& footprint) {
  return run(fmt::format("table inet {0}\ndelete table inet {0}\n", footprint.filter_table));
}

}  // namespace

SystemResult<void> load_guard(const policy::Spd& spd, const GuardSettings& settings) {
  if (spd.entries.empty()) return lift_guard(settings.footprint);
  GuardSettings relieving = settings;
  relieving.footprint = relief(settings.footprint);
  if (const Answer answer = run(guard_ruleset(spd, relieving)); !answer.done) return failed("load", answer);
  const Answer answer = run(guard_ruleset(spd, settings));
  delete_table(relieving.footprint);
  if (!answer.done) return failed("load", answer);
  return {};
}

SystemResult<void> lift_guard(const Footprint& footprint) {
  delete_table(relief(footprint));
  if (const Answer answer = delete_table(footprint); !answer.done) return failed("lift", answer);
  return {};
}

SystemResult<std::string> loaded_guard(const Footprint& footprint) {
  const Answer tables = run("list tables inet");
  if (!tables.done) return failed("list", tables);
  if ((tables.output + "\n").find(fmt::format("table inet {}\n", footprint.filter_table)) == std::string::npos)
    return std::string();
  const Answer table = run(fmt::format("list table inet {}", footprint.filter_table));
  if (!table.done) return failed("list", table);
  return table.output;
}

SystemResult<std::map<policy::PolicyId, PolicyTraffic>> loaded_policy_traffic(const Footprint& footprint) {
  const auto rules = loaded_guard(footprint);
  if (!rules) return std::unexpected(rules.error());
  return policy_traffic(*rules);
}

}  // namespace sallyport::linux
