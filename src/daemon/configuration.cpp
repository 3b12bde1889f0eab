#include "daemon/configuration.h"

#include <algorithm>
#include <filesystem>

#include "daemon/library_checks.h"
#include "linux/files.h"

namespace sallyport::daemon {
namespace {

policy::SharedKey clone(const policy::SharedKey& key) {
  return {key.name, key.owners, key.secret.clone(), key.origin, key.kind};
}

/// Editors end a file with a newline; nobody means it as part of the secret.
ByteView without_newline(ByteView secret) {
  while (!secret.empty() && (secret.back() == '\n' || secret.back() == '\r')) secret = secret.first(secret.size() - 1);
  return secret;
}

}  // namespace

ReadConfiguration read_configuration(const std::string& main, const crypto::Provider& crypto) {
  const auto names = linux::config_files(main);
  if (!names) return {.unreadable = names.error().text};
  std::vector<config::SourceFile> files;
  for (const std::string& name : *names) {
    const auto content = linux::read_file(name);
    if (!content) return {.unreadable = content.error().text};
    files.push_back({name, std::string(content->text())});
  }
  const auto read_secret = [](const std::string& path, const std::string& file) -> std::expected<Secret, std::string> {
    const std::filesystem::path beside = std::filesystem::path(file).parent_path() / path;
    auto content = linux::read_file(beside.string());
    if (!content) return std::unexpected(content.error().text);
    if (content->exposed)
      return std::unexpected(beside.string() + " can be read by everybody on this machine; chmod 600 it");
    return Secret::copy_of(without_newline(content->bytes.view()));
  };
  ReadConfiguration read{config::parse(files, read_secret), {}, std::nullopt};
  for (config::SourceFile& file : files) wipe({reinterpret_cast<std::uint8_t*>(file.text.data()), file.text.size()});
  auto& connections = read.loaded.config.connections;
  read.connections.reserve(connections.size());
  for (policy::Connection& connection : connections) {
    std::ranges::move(check_library(connection, crypto), std::back_inserter(read.loaded.diagnostics));
    read.connections.push_back(std::make_shared<const policy::Connection>(std::move(connection)));
  }
  connections.clear();
  return read;
}

void Configuration::set_files(config::Config config, std::vector<policy::ConnectionPtr> connections) {
  files_ = std::move(config);
  file_connections_ = std::move(connections);
}

bool Configuration::put_connection(std::string name, config::ReadConnection connection) {
  const auto is_named_so = [&](const policy::ConnectionPtr& each) { return each->name == name; };
  if (std::ranges::any_of(file_connections_, is_named_so) ||
      std::ranges::find(files_.policies.shunts, name, &policy::Shunt::connection) != files_.policies.shunts.end())
    return false;
  const auto known = std::ranges::find_if(control_connections_, [&](const auto& each) { return each.first == name; });
  if (known != control_connections_.end())
    known->second = std::move(connection);
  else
    control_connections_.emplace_back(std::move(name), std::move(connection));
  return true;
}

bool Configuration::remove_connection(std::string_view name) {
  return std::erase_if(control_connections_, [&](const auto& each) { return each.first == name; }) != 0;
}

std::vector<std::string> Configuration::control_connections() const {
  std::vector<std::string> names;
  names.reserve(control_connections_.size());
  for (const auto& [name, connection] : control_connections_) names.push_back(name);
  return names;
}

bool Configuration::put_secret(policy::SharedKey secret) {
  if (std::ranges::find(files_.secrets.keys(), secret.name, &policy::SharedKey::name) != files_.secrets.keys().end())
    return false;
  control_secrets_.add(std::move(secret));
  return true;
}

bool Configuration::remove_secret(std::string_view name) { return control_secrets_.remove(name); }

std::vector<std::string> Configuration::control_secrets() const {
  std::vector<std::string> names;
  for (const auto& key : control_secrets_.keys()) names.push_back(key.name);
  return names;
}

std::vector<policy::ConnectionPtr> Configuration::connections() const {
  std::vector<policy::ConnectionPtr> all = file_connections_;
  for (const auto& [name, read] : control_connections_)
    if (read.connection) all.push_back(std::make_shared<const policy::Connection>(*read.connection));
  return all;
}

policy::PolicySettings Configuration::policies() const {
  policy::PolicySettings all = files_.policies;
  for (const auto& [name, read] : control_connections_) all.add(read.policies);
  return all;
}

policy::Pad Configuration::pad() const {
  policy::Pad all;
  for (const auto* source : {&files_.secrets, &control_secrets_})
    for (const policy::SharedKey& key : source->keys()) all.add(clone(key));
  return all;
}

bool Configuration::put_pool(policy::Pool pool) {
  if (std::ranges::find(files_.pools, pool.name, &policy::Pool::name) != files_.pools.end()) return false;
  remove_pool(pool.name);
  control_pools_.push_back(std::move(pool));
  return true;
}

bool Configuration::remove_pool(std::string_view name) {
  return std::erase_if(control_pools_, [&](const policy::Pool& pool) { return pool.name == name; }) != 0;
}

std::vector<std::string> Configuration::control_pools() const {
  std::vector<std::string> names;
  for (const auto& pool : control_pools_) names.push_back(pool.name);
  return names;
}

std::vector<policy::Pool> Configuration::pools() const {
  std::vector<policy::Pool> all = files_.pools;
  all.insert(all.end(), control_pools_.begin(), control_pools_.end());
  return all;
}

}  // namespace sallyport::daemon
