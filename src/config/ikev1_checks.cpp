#include "config/ikev1_checks.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/connection_draft.h"
#include "config/secrets.h"

namespace sallyport::config {
namespace {

using policy::AddressRange;
using policy::AuthMethod;
using policy::Connection;
using policy::Identity;
using policy::IkeVersion;
using policy::Pad;
using policy::SharedKey;

/// Where a key is written, or else the section that it would be in.
Origin origin_of(const Connection& connection, std::initializer_list<const char*> keys) {
  for (const char* key : keys)
    if (const auto found = connection.origins.find(key); found != connection.origins.end()) return found->second;
  return {};
}

void warn(const Connection& connection, const char* key, std::initializer_list<const char*> places,
          const std::string& message, std::string_view suggestion, Diagnostics& diagnostics) {
  diagnostics.warning(origin_of(connection, places),
                      fmt::format("connections.{}.{}: {}", connection.name, key, message), suggestion);
}

bool has_shared_key(const Connection& connection) {
  return connection.local.method == AuthMethod::psk || connection.remote.method == AuthMethod::psk;
}
/// Speaks Main Mode and nothing else, so that no other way is left where Main Mode ends.
bool is_main_mode_with_shared_key(const Connection& connection) {
  return connection.version == IkeVersion::v1 && !connection.aggressive && has_shared_key(connection);
}

void check_aggressive(const Connection& connection, Diagnostics& diagnostics) {
  if (!connection.aggressive) return;
  if (connection.version == IkeVersion::v2)
    return warn(connection, "aggressive", {"aggressive", ""}, "Aggressive Mode is IKEv1's, and version is 2",
                "leave one of the two out", diagnostics);
  if (has_shared_key(connection))
    warn(
        connection, "aggressive", {"aggressive", ""},
        "Aggressive Mode with a pre-shared key shows both identities in clear, and a hash of the key: whoever listens, "
        "or just asks as if it were the peer, can try out any number of guesses at home",
        "write aggressive = false or version = 2; if it has to be, take a secret from `sallyport psk generate`",
        diagnostics);
}

/// The key that a responder in Main Mode takes for a peer that it knows by its address alone (RFC 2409 §5.4).
const SharedKey* key_by_address(const Connection& connection, const Pad& secrets) {
  const Identity local = assumed_identity(connection.local.id, connection.local_addrs);
  if (policy::is_exact(connection.remote.id)) return secrets.find(local, connection.remote.id);
  const Identity address = assumed_identity(Identity::any(), connection.remote_addrs);
  const bool known = address.kind != Identity::Kind::any;
  return secrets.find(local, known ? address : Identity::of(policy::IpAddress::v4(0, 0, 0, 0)));
}

/// A secret that is for a name, of a connection that accepts several: when the name is said, it is too late.
void check_key_by_name(const Connection& connection, const Pad& secrets, Diagnostics& diagnostics) {
  if (policy::is_exact(connection.remote.id)) return;
  const Identity local = assumed_identity(connection.local.id, connection.local_addrs);
  const SharedKey* used = key_by_address(connection, secrets);
  const auto names_a_peer = [&](const Identity& owner) {
    const bool address = owner.kind == Identity::Kind::ipv4 || owner.kind == Identity::Kind::ipv6;
    return !address && owner.kind != Identity::Kind::any && !matches(owner, local) &&
           matches(connection.remote.id, owner);
  };
  for (const SharedKey& key : secrets.keys()) {
    if (&key == used || key.kind != policy::SecretKind::ike) continue;
    const auto owner = std::ranges::find_if(key.owners, names_a_peer);
    if (owner == key.owners.end()) continue;
    return warn(connection, "remote.id", {"remote.id", "remote", ""},
                fmt::format("Main Mode needs the secret before the peer says who it is, and finds it by the peer's "
                            "address: secrets.{} ({}), for {}, is never used here",
                            key.name, to_string(key.origin), to_string(*owner)),
                "write version = 2, or aggressive = true, or the peer's address among the secret's ids", diagnostics);
  }
}

/// Equally narrow, and with an address in common: nothing tells such connections apart but a name.
bool compete(const std::vector<AddressRange>& a, const std::vector<AddressRange>& b) {
  if (a.empty() || b.empty()) return a.empty() && b.empty();
  return std::ranges::any_of(a, [&](const AddressRange& one) {
    return std::ranges::any_of(b, [&](const AddressRange& other) {
      return is_host(one) == is_host(other) && one.family() == other.family() && one.first <= other.last &&
             other.first <= one.last;
    });
  });
}
bool share_local_address(const Connection& a, const Connection& b) {
  return a.local_addrs.empty() || b.local_addrs.empty() || compete(a.local_addrs, b.local_addrs);
}

/// Another connection for the same addresses comes first, with another secret.
void check_rivals(const std::vector<const Connection*>& before, const Connection& connection, const Pad& secrets,
                  Diagnostics& diagnostics) {
  const SharedKey* ours = key_by_address(connection, secrets);
  for (const Connection* first : before) {
    if (!compete(first->remote_addrs, connection.remote_addrs) || !share_local_address(*first, connection)) continue;
    const SharedKey* theirs = key_by_address(*first, secrets);
    if (!ours || !theirs || ours == theirs) continue;
    return warn(connection, "remote_addrs", {"remote_addrs", "remote.id", ""},
                fmt::format("Main Mode finds the secret by the peer's address: connections.{} ({}) has secrets.{} for "
                            "the same one, so a peer that begins with secrets.{} is not understood",
                            first->name, to_string(origin_of(*first, {"remote_addrs", ""})), theirs->name, ours->name),
                "write version = 2, or aggressive = true, or give each an address of its own, or both one secret",
                diagnostics);
  }
}

}  // namespace

void check_ikev1(const std::vector<Connection>& connections, const Pad& secrets, Diagnostics& diagnostics) {
  std::vector<const Connection*> main_mode;
  for (const Connection& connection : connections) {
    check_aggressive(connection, diagnostics);
    if (!is_main_mode_with_shared_key(connection)) continue;
    check_key_by_name(connection, secrets, diagnostics);
    check_rivals(main_mode, connection, secrets, diagnostics);
    main_mode.push_back(&connection);
  }
}

}  // namespace sallyport::config
