#include "config/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "config/connection.h"
#include "config/ikev1_checks.h"
#include "config/pools.h"
#include "config/section_keys.h"
#include "config/toml.h"
#include "config/values.h"
#include "policy/spelling.h"

namespace sallyport::config {
namespace {

constexpr std::array<std::string_view, 5> kSections = {"connections", "secrets", "pools", "datapath", "daemon"};
constexpr std::array<std::string_view, 1> kLaterSections = {"authorities"};

/// All files as one tree. What two files both name is an error.
class Merge {
 public:
  explicit Merge(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  void add(ConfigNode& file) {
    for (ConfigNode& section : file.children()) {
      const auto known = std::ranges::find(kSections, section.name());
      if (known == kSections.end()) {
        report_unknown(section);
      } else if (!section.is_section()) {
        report_wrong_type(section, "a table", diagnostics_);
      } else {
        merge(section,
              merged_.emplace(section.name(), ConfigNode::section(section.name(), Typing::typed, section.key_origin()))
                  .first->second);
      }
    }
  }

  /// nullptr when no file has it.
  const ConfigNode* find(std::string_view section) const {
    const auto found = merged_.find(section);
    return found == merged_.end() ? nullptr : &found->second;
  }

 private:
  void merge(ConfigNode& from, ConfigNode& to) {
    auto& places = places_[from.name()];
    for (const ConfigNode& entry : from.children()) {
      const auto [first, is_first] = places.emplace(entry.name(), entry.key_origin());
      if (is_first) continue;
      diagnostics_.error(entry.key_origin(),
                         fmt::format("{}: defined already at {}", entry.path(), to_string(first->second)),
                         "leave one of the two out");
    }
    // A second definition goes in as well, to be told its own errors.
    to.adopt_children(from);
  }

  void report_unknown(const ConfigNode& section) {
    const bool later = std::ranges::find(kLaterSections, section.name()) != kLaterSections.end();
    diagnostics_.error(
        section.key_origin(),
        later ? fmt::format("{}: not supported yet", section.name())
              : fmt::format("{}: no such {} here", section.name(), section.is_section() ? "section" : "key"),
        later ? std::string() : policy::did_you_mean(section.name(), kSections));
  }

  Diagnostics& diagnostics_;
  std::map<std::string, ConfigNode, std::less<>> merged_;
  std::map<std::string, std::map<std::string, Origin>> places_;  // of the entries of each section
};

/// In the order of the files, and in each from top to bottom.
void sort_by_place(std::vector<Diagnostic>& diagnostics, std::span<const SourceFile> files) {
  const auto number_of = [&](const Origin& where) {
    return std::ranges::find(files, where.file, &SourceFile::name) - files.begin();
  };
  std::ranges::sort(diagnostics, {}, [&](const Diagnostic& each) {
    return std::tuple(number_of(each.where), each.where.line, each.where.column, each.severity, each.message);
  });
}

void read(const Merge& tree, const ReadSecretFile& read_secret_file, Config& config, Diagnostics& diagnostics) {
  const std::size_t errors_before = diagnostics.errors();
  if (const ConfigNode* section = tree.find("secrets"))
    config.secrets = read_secrets(*section, read_secret_file, diagnostics);
  const bool secrets_complete = diagnostics.errors() == errors_before;
  if (const ConfigNode* section = tree.find("connections")) {
    for (const ConfigNode& each : section->children()) {
      auto read = read_connection(each, diagnostics);
      if (!read) continue;
      config.policies.add(read->policies);
      auto& connection = read->connection;
      if (!connection) continue;
      // A secret that could not be read might have been the one.
      if (secrets_complete) check_has_secret(*connection, config.secrets, diagnostics);
      config.connections.push_back(std::move(*connection));
    }
    if (secrets_complete) check_ikev1(config.connections, config.secrets, diagnostics);
  }
  const std::size_t errors_in_connections = diagnostics.errors();
  if (const ConfigNode* section = tree.find("pools"))
    for (const ConfigNode& each : section->children())
      if (auto pool = read_pool(each, diagnostics)) config.pools.push_back(std::move(*pool));
  // One that could not be read might have been the one.
  if (diagnostics.errors() == errors_in_connections) check_pools(config, diagnostics);
  if (const ConfigNode* section = tree.find("datapath")) config.datapath = read_datapath(*section, diagnostics);
  if (const ConfigNode* section = tree.find("daemon")) config.daemon = read_daemon(*section, diagnostics);
}

}  // namespace

bool Loaded::ok() const {
  return std::ranges::none_of(diagnostics, [](const Diagnostic& each) { return each.severity == Severity::error; });
}

Loaded parse(std::span<const SourceFile> files, const ReadSecretFile& read_secret_file) {
  Loaded loaded;
  Diagnostics diagnostics;
  Merge tree(diagnostics);
  for (const SourceFile& file : files)
    if (auto root = parse_toml(file.name, file.text, diagnostics)) tree.add(*root);
  read(tree, read_secret_file, loaded.config, diagnostics);
  loaded.diagnostics = diagnostics.take();
  sort_by_place(loaded.diagnostics, files);
  return loaded;
}

}  // namespace sallyport::config
