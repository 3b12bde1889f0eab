// TOML text as a configuration: one file, or two with kBetweenFiles between them. Whatever the text is, what is told
// about it has a place and is printable; what is taken as sound keeps the promises that everything behind the
// configuration relies on.
#include <set>

#include "base/check.h"
#include "config/config.h"

using namespace sallyport;

namespace {

constexpr std::string_view kBetweenFiles = "\n# next file\n";

std::vector<config::SourceFile> files_in(std::string_view text) {
  const auto end = text.find(kBetweenFiles);
  if (end == std::string_view::npos) return {{"a.toml", std::string(text)}};
  return {{"a.toml", std::string(text.substr(0, end))},
          {"b.toml", std::string(text.substr(end + kBetweenFiles.size()))}};
}

std::expected<Secret, std::string> read_secret_file(const std::string& path, const std::string&) {
  if (path.empty()) return std::unexpected(std::string("cannot be read"));
  return Secret::copy_of(as_bytes(path));
}

bool is_printable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

void check_diagnostics(const config::Loaded& loaded) {
  for (const config::Diagnostic& each : loaded.diagnostics) {
    ASSERT(each.where.file == "a.toml" || each.where.file == "b.toml");
    ASSERT(each.where.line >= 1 && each.where.column >= 1);
    ASSERT(!each.message.empty());
    ASSERT(is_printable(config::to_string(each)));
  }
}

void check_proposals(const std::vector<policy::Proposal>& proposals, policy::Protocol protocol) {
  ASSERT(!proposals.empty());
  for (const policy::Proposal& each : proposals) {
    ASSERT(each.protocol == protocol);
    const auto again = policy::parse_proposal(protocol, to_string(each));
    ASSERT(again && *again == each);
    ASSERT(policy::choose({each}, {each}));
  }
}

void check_selectors(const policy::SelectorTemplates& selectors) {
  ASSERT(!selectors.empty());
  for (const policy::SelectorTemplate& each : selectors) {
    const auto again = policy::SelectorTemplate::parse(to_string(each));
    ASSERT(again && *again == each);
  }
}

void check_child(const policy::Child& child) {
  check_proposals(child.esp_proposals, policy::Protocol::esp);
  check_selectors(child.local_ts);
  check_selectors(child.remote_ts);
  ASSERT(child.replay_window == 0 || (child.replay_window >= 64 && child.replay_window <= 1048576));
  const policy::Seconds never{0};
  ASSERT(child.rekey_time >= never && child.life_time >= never && child.rand_time >= never);
  ASSERT(child.rekey_time == never || child.life_time == never || child.rekey_time < child.life_time);
  ASSERT(child.rekey_time == never || child.rand_time < child.rekey_time);
}

void check_connection(const policy::Connection& connection) {
  ASSERT(!connection.name.empty() && is_printable(connection.name) && !connection.name.contains('/'));
  check_proposals(connection.proposals, policy::Protocol::ike);
  ASSERT(policy::Identity::parse(to_string(connection.local.id)) == connection.local.id);
  ASSERT(policy::Identity::parse(to_string(connection.remote.id)) == connection.remote.id);
  ASSERT(!policy::has_wildcards(connection.local.id));
  std::set<std::string> names;
  for (const policy::Child& child : connection.children) {
    ASSERT(!child.name.empty() && !child.name.contains('/') && names.insert(child.name).second);
    check_child(child);
    const bool initiates = child.start_action != policy::StartAction::none;
    ASSERT(!initiates || (!connection.remote_addrs.empty() &&
                          connection.remote_addrs.front().first == connection.remote_addrs.front().last));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto files = files_in(as_text({data, size}));
  const config::Loaded loaded = config::parse(files, read_secret_file);
  check_diagnostics(loaded);
  if (!loaded.ok()) return 0;
  std::set<std::string> names;
  for (const policy::Connection& each : loaded.config.connections) {
    ASSERT(names.insert(each.name).second);
    check_connection(each);
  }
  for (const policy::SharedKey& key : loaded.config.secrets.keys()) ASSERT(!key.secret.empty());
  ASSERT(!loaded.config.datapath.device.empty() && loaded.config.datapath.device.size() <= 15);
  ASSERT(loaded.config.daemon.retransmit_timeout > Duration::zero() &&
         loaded.config.daemon.half_open_timeout.count() > 0);
  return 0;
}
