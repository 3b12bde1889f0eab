// The table that every section of the configuration has: one row a key. Rows drive parsing, "did you mean" and the
// printed reference, so that no two of them can disagree. A row without a reader is a key that swanctl has and we do
// not have yet.
#pragma once

#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/diagnostic.h"
#include "config/node.h"

namespace sallyport::config {

struct KeyInfo {
  std::string_view name;
  std::string_view type;      // as the reference prints it: "boolean", "time"
  std::string_view fallback;  // the default, as one would write it; empty: none
  std::string_view meaning;
  std::string_view accepted = {};  // without a reader: the one value that says what we do in any case
  std::string_view instead = {};   // without a reader: what to use instead
};

template <class Target>
struct Key {
  KeyInfo info;
  void (*read)(Target& target, const ConfigNode& value, Diagnostics& diagnostics) = nullptr;
};

/// What a section of the tree may hold, for the reference.
struct KeySection {
  std::string_view path;  // "connections.NAME.children.CHILD"
  std::string_view meaning;
  std::vector<std::pair<KeyInfo, bool>> keys;  // true: supported
};

template <class Target>
KeySection describe(std::string_view path, std::string_view meaning, std::span<const Key<Target>> keys) {
  KeySection section{path, meaning, {}};
  for (const Key<Target>& key : keys) section.keys.emplace_back(key.info, key.read != nullptr);
  return section;
}

/// All sections with their keys.
const std::vector<KeySection>& key_sections();

/// Which keys were written, where, and which of them could not be read: checks of combinations pass those over.
struct Written {
  std::string path;  // of the section
  policy::Origins origins;
  std::set<std::string, std::less<>> failed;

  bool has(std::string_view key) const { return origins.contains(key); }
  /// None of them failed.
  bool usable(std::initializer_list<std::string_view> keys) const;
  /// Of a key's value; of the section when the key was not written.
  Origin origin_of(std::string_view key) const;
  /// A complaint about a key's value, or with an empty key about the section.
  void error(std::string_view key, std::string_view message, Diagnostics& diagnostics,
             std::string_view suggestion = {}) const;
  void warning(std::string_view key, std::string_view message, Diagnostics& diagnostics,
               std::string_view suggestion = {}) const;
};

void report_unknown_key(const ConfigNode& node, const std::vector<std::string_view>& known, Diagnostics& diagnostics);
void check_unsupported_key(const ConfigNode& node, const KeyInfo& info, Diagnostics& diagnostics);

/// Reads one entry of a section. Its place is recorded under its name, with `prefix` in front.
template <class Target>
void read_key(const ConfigNode& node, std::span<const Key<Target>> keys, Target& target, Written& written,
              std::string_view prefix, Diagnostics& diagnostics) {
  const std::string name = std::string(prefix) + node.name();
  const std::size_t errors_before = diagnostics.errors();
  written.origins[name] = node.origin();
  const Key<Target>* known = nullptr;
  for (const Key<Target>& key : keys)
    if (key.info.name == node.name()) known = &key;
  if (known == nullptr) {
    std::vector<std::string_view> names;
    for (const Key<Target>& key : keys) names.push_back(key.info.name);
    report_unknown_key(node, names, diagnostics);
  } else if (known->read == nullptr) {
    check_unsupported_key(node, known->info, diagnostics);
  } else {
    known->read(target, node, diagnostics);
  }
  if (diagnostics.errors() != errors_before) written.failed.insert(name);
}

}  // namespace sallyport::config
