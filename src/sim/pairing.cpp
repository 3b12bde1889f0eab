#include "sim/pairing.h"

#include "base/check.h"

namespace sallyport::sim {
namespace {

policy::Connection connection(const std::string& name, const End& local, const End& remote) {
  policy::Connection connection;
  connection.name = name;
  connection.version = policy::IkeVersion::v2;
  connection.local_addrs = {policy::AddressRange::host(local.address)};
  if (!remote.address.is_unspecified()) connection.remote_addrs = {policy::AddressRange::host(remote.address)};
  connection.local.id = policy::Identity::fqdn(local.id);
  connection.remote.id = policy::Identity::fqdn(remote.id);
  policy::Child child;
  child.name = "lan";
  if (!local.network.empty()) child.local_ts = selectors({local.network});
  if (!remote.network.empty()) child.remote_ts = selectors({remote.network});
  connection.children = {child};
  return connection;
}

Configuration configuration(const policy::Connection& connection, const std::string& secret) {
  Configuration configuration;
  configuration.connections = {std::make_shared<const policy::Connection>(connection)};
  configuration.keys = {{.owners = {connection.local.id, connection.remote.id}, .secret = secret}};
  return configuration;
}

}  // namespace

Configuration Pairing::left_configuration() const { return configuration(left, left_secret); }
Configuration Pairing::right_configuration() const { return configuration(right, right_secret); }

Pairing pair_up(std::string name, const End& left, const End& right) {
  return {connection(name, left, right), connection(name, right, left), "open sesame", "open sesame"};
}

void use_transport_mode(Pairing& pairing) {
  at_both_ends(pairing, [](policy::Connection& end) {
    for (policy::Child& child : end.children) {
      child.mode = policy::Mode::transport;
      child.local_ts = child.remote_ts = {policy::SelectorTemplate{.dynamic = true}};
    }
  });
}

std::vector<policy::Proposal> proposals(policy::Protocol protocol, std::initializer_list<std::string_view> words) {
  std::vector<policy::Proposal> parsed;
  for (const std::string_view word : words) {
    auto proposal = policy::parse_proposal(protocol, word);
    ASSERT(proposal.has_value());
    parsed.push_back(std::move(*proposal));
  }
  return parsed;
}

policy::SelectorTemplates selectors(std::initializer_list<std::string_view> words) {
  policy::SelectorTemplates parsed;
  for (const std::string_view word : words) {
    const auto selector = policy::SelectorTemplate::parse(word);
    ASSERT(selector.has_value());
    parsed.push_back(*selector);
  }
  return parsed;
}

}  // namespace sallyport::sim
