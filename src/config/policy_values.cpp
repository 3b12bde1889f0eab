#include "config/policy_values.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/values.h"
#include "policy/gateway.h"
#include "policy/text_error.h"

namespace sallyport::config {
namespace {

/// Where in an item its trouble begins; at its start, the item as a whole is meant.
Origin place_of(const Item& item, std::size_t offset) { return offset == 0 ? item.origin() : item.origin_at(offset); }

void report_bad_address(const Item& item, Diagnostics& diagnostics) {
  const std::string path = item.node->path();
  const bool has_letters =
      std::ranges::any_of(item.text, [](char c) { return (c >= 'g' && c <= 'z') || (c >= 'G' && c <= 'Z'); });
  const bool is_name = has_letters && item.text.find_first_of(":/ %") == std::string_view::npos;
  if (is_name) {
    diagnostics.error(item.origin(),
                      fmt::format("{}: {} is neither an address nor a full name", path, policy::quoted(item.text)),
                      "an address, or a name with its domain such as gate.example.org");
  } else {
    diagnostics.error(item.origin(), fmt::format("{}: {} is no address", path, policy::quoted(item.text)),
                      "an address, a network such as 192.0.2.0/24, a range such as 192.0.2.1-192.0.2.9, or %any");
  }
}

void warn_of_weakness(const Item& item, const policy::Proposal& proposal, Diagnostics& diagnostics) {
  for (const std::string& weakness : policy::weaknesses(proposal))
    diagnostics.warning(item.origin(), fmt::format("{}: weak algorithm: {}", item.node->path(), weakness));
}

}  // namespace

std::optional<std::vector<policy::AddressRange>> read_addresses(const ConfigNode& node, Diagnostics& diagnostics,
                                                                std::vector<std::string>& names) {
  std::vector<policy::AddressRange> ranges;
  const std::size_t errors_before = diagnostics.errors();
  bool any = false;
  for (const Item& item : read_list(node, diagnostics)) {
    if (item.text == "%any") {
      any = true;
    } else if (item.text == "%any4" || item.text == "0.0.0.0") {
      ranges.push_back(policy::AddressRange::all(policy::Family::ipv4));
    } else if (item.text == "%any6" || item.text == "::") {
      ranges.push_back(policy::AddressRange::all(policy::Family::ipv6));
    } else if (const auto range = policy::AddressRange::parse(item.text)) {
      ranges.push_back(*range);
    } else if (policy::is_host_name(item.text)) {
      names.emplace_back(item.text);
    } else {
      report_bad_address(item, diagnostics);
    }
  }
  if (diagnostics.errors() != errors_before) return std::nullopt;
  // One concrete address in front stays there, since that is where an initiator goes; what is after it may be any.
  if (any && names.empty() && (ranges.empty() || ranges.front().first != ranges.front().last)) ranges.clear();
  if (any && !(ranges.empty() && names.empty())) {
    ranges.push_back(policy::AddressRange::all(policy::Family::ipv4));
    ranges.push_back(policy::AddressRange::all(policy::Family::ipv6));
  }
  return ranges;
}

std::optional<std::vector<policy::Proposal>> read_proposals(const ConfigNode& node, policy::Protocol protocol,
                                                            Diagnostics& diagnostics) {
  std::vector<policy::Proposal> proposals;
  const std::size_t errors_before = diagnostics.errors();
  for (const Item& item : read_list(node, diagnostics)) {
    if (item.text == "default") {
      const auto& defaults = policy::default_proposals(protocol);
      proposals.insert(proposals.end(), defaults.begin(), defaults.end());
      continue;
    }
    auto proposal = policy::parse_proposal(protocol, item.text);
    if (proposal) {
      warn_of_weakness(item, *proposal, diagnostics);
      proposals.push_back(std::move(*proposal));
      continue;
    }
    const policy::ProposalError& error = proposal.error();
    const Origin where = error.word.empty() ? place_of(item, error.offset) : item.origin_at(error.offset);
    diagnostics.error(where, fmt::format("{}: {}", item.node->path(), error.message), proposal.error().suggestion);
  }
  if (diagnostics.errors() != errors_before) return std::nullopt;
  if (!proposals.empty()) return proposals;
  diagnostics.error(node.origin(), fmt::format("{}: no proposal in it", node.path()),
                    "leave the key out for the default");
  return std::nullopt;
}

std::optional<policy::SelectorTemplates> read_selectors(const ConfigNode& node, Diagnostics& diagnostics) {
  policy::SelectorTemplates selectors;
  const std::size_t errors_before = diagnostics.errors();
  for (const Item& item : read_list(node, diagnostics)) {
    auto selector = policy::SelectorTemplate::read(item.text);
    if (selector) {
      selectors.push_back(*selector);
    } else {
      diagnostics.error(place_of(item, selector.error().offset),
                        fmt::format("{}: {}", item.node->path(), selector.error().message),
                        selector.error().suggestion);
    }
  }
  if (diagnostics.errors() != errors_before) return std::nullopt;
  if (!selectors.empty()) return selectors;
  diagnostics.error(node.origin(), fmt::format("{}: no selector in it", node.path()),
                    "leave the key out for the host's own address");
  return std::nullopt;
}

std::optional<policy::Identity> read_identity(const ConfigNode& node, Diagnostics& diagnostics) {
  const auto text = read_text(node, diagnostics);
  if (!text) return std::nullopt;
  auto identity = policy::Identity::read(*text);
  if (identity) return std::move(*identity);
  const Item item{*text, &node, 0};
  diagnostics.error(place_of(item, identity.error().offset),
                    fmt::format("{}: {}", node.path(), identity.error().message), identity.error().suggestion);
  return std::nullopt;
}

std::vector<policy::Identity> read_identities(const ConfigNode& node, Diagnostics& diagnostics) {
  std::vector<policy::Identity> identities;
  const auto add = [&](const ConfigNode& one) {
    if (auto identity = read_identity(one, diagnostics)) identities.push_back(std::move(*identity));
  };
  if (node.kind() == ConfigNode::Kind::list) {
    for (const ConfigNode& item : node.children()) add(item);
  } else {
    add(node);
  }
  return identities;
}

}  // namespace sallyport::config
