#include "policy/connection.h"

#include <algorithm>

namespace sallyport::policy {
namespace {

bool allows(const std::vector<AddressRange>& ranges, const IpAddress& address) {
  return ranges.empty() ||
         std::ranges::any_of(ranges, [&](const AddressRange& range) { return range.contains(address); });
}

const AuthRound* xauth_of(const std::vector<AuthRound>& rounds) {
  const auto found = std::ranges::find(rounds, AuthMethod::xauth, &AuthRound::method);
  return found == rounds.end() ? nullptr : &*found;
}

}  // namespace

const AuthRound* Connection::local_xauth() const { return xauth_of(further_local); }
const AuthRound* Connection::remote_xauth() const { return xauth_of(further_remote); }

const Identity& Connection::local_user() const {
  const AuthRound* round = local_xauth();
  if (round && round->xauth_id.kind != Identity::Kind::any) return round->xauth_id;
  return round && round->id.kind != Identity::Kind::any ? round->id : local.id;
}

Seconds Connection::phase1_time() const {
  return rekey_time.count() == 0 || reauth_time.count() == 0 ? std::max(rekey_time, reauth_time)
                                                             : std::min(rekey_time, reauth_time);
}

const Child* Connection::find_child(std::string_view child_name) const {
  const auto found = std::ranges::find(children, child_name, &Child::name);
  return found == children.end() ? nullptr : &*found;
}

std::string to_string(const Origin& origin) {
  if (origin.file.empty()) return {};
  return origin.file + ":" + std::to_string(origin.line) + ":" + std::to_string(origin.column);
}

Connection as_configured(Connection connection) {
  const auto forget = [](std::vector<AddressRange>& addresses, std::size_t& resolved) {
    addresses.erase(addresses.begin(), addresses.begin() + static_cast<std::ptrdiff_t>(resolved));
    resolved = 0;
  };
  forget(connection.local_addrs, connection.local_resolved);
  forget(connection.remote_addrs, connection.remote_resolved);
  return connection;
}

bool means_same(const Child& a, const Child& b) {
  Child without_origins = a;
  without_origins.origins = b.origins;
  return without_origins == b;
}

bool means_same_but_children(const Connection& a, const Connection& b) {
  Connection left = as_configured(a), right = as_configured(b);
  for (Connection* each : {&left, &right}) {
    each->children.clear();
    each->origins.clear();
  }
  return left == right;
}

bool matches_addresses(const Connection& connection, const IpAddress& local, const IpAddress& remote) {
  return allows(connection.local_addrs, local) && allows(connection.remote_addrs, remote);
}

std::string_view to_string(Mode mode) {
  switch (mode) {
    case Mode::tunnel: return "tunnel";
    case Mode::transport: return "transport";
  }
  return "?";
}

std::string_view to_string(StartAction action) {
  switch (action) {
    case StartAction::none: return "none";
    case StartAction::trap: return "trap";
    case StartAction::start: return "start";
  }
  return "?";
}

std::string_view to_string(DpdAction action) {
  switch (action) {
    case DpdAction::clear: return "clear";
    case DpdAction::trap: return "trap";
    case DpdAction::restart: return "restart";
  }
  return "?";
}

std::string_view to_string(Keep keep) {
  switch (keep) {
    case Keep::up: return "up";
    case Keep::on_demand: return "on-demand";
    case Keep::manual: return "manual";
  }
  return "?";
}

std::string_view to_string(UniquePolicy unique) {
  switch (unique) {
    case UniquePolicy::never: return "never";
    case UniquePolicy::no: return "no";
    case UniquePolicy::keep: return "keep";
    case UniquePolicy::replace: return "replace";
  }
  return "?";
}

}  // namespace sallyport::policy
