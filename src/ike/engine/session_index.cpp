#include "ike/engine/session_index.h"

#include "base/check.h"

namespace sallyport::ike {

void SessionIndex::update(const Session& session) {
  const SessionFacts facts = session.facts();
  const policy::Identity& remote_id = session.remote_id();
  const std::string_view connection = facts.connection ? std::string_view(facts.connection->name) : std::string_view();
  const auto [known, is_new] = keys_.try_emplace(facts.local_spi);
  Keys& keys = known->second;
  if (!is_new) {
    if (keys.connection == connection && keys.remote == facts.remote.address && keys.remote_id == remote_id) return;
    erase(facts.local_spi, keys);
  }
  keys = {std::string(connection), facts.initiator, facts.remote.address, remote_id};
  insert(facts.local_spi, keys);
}

void SessionIndex::forget(std::uint64_t spi) {
  const auto known = keys_.extract(spi);
  ASSERT(!known.empty());
  erase(spi, known.mapped());
}

void SessionIndex::insert(std::uint64_t spi, const Keys& keys) {
  connections_.emplace(keys.connection, keys.initiated, keys.remote, spi);
  peers_.emplace(keys.remote_id, spi);
  ++places_[keys.remote];
}

void SessionIndex::erase(std::uint64_t spi, const Keys& keys) {
  connections_.erase({keys.connection, keys.initiated, keys.remote, spi});
  peers_.erase({keys.remote_id, spi});
  if (const auto place = places_.find(keys.remote); --place->second == 0) places_.erase(place);
}

std::vector<std::uint64_t> SessionIndex::of_connection(const std::string& connection, bool initiated) const {
  std::vector<std::uint64_t> found;
  for (auto at = connections_.lower_bound({connection, initiated, policy::IpAddress(), 0}); at != connections_.end();
       ++at) {
    const auto& [name, by_us, remote, spi] = *at;
    if (name != connection || by_us != initiated) break;
    found.push_back(spi);
  }
  return found;
}

std::vector<std::uint64_t> SessionIndex::of_connection_at(const std::string& connection,
                                                          const policy::IpAddress& address) const {
  std::vector<std::uint64_t> found;
  for (const bool initiated : {false, true})
    for (auto at = connections_.lower_bound({connection, initiated, address, 0}); at != connections_.end(); ++at) {
      const auto& [name, by_us, remote, spi] = *at;
      if (name != connection || by_us != initiated || remote != address) break;
      found.push_back(spi);
    }
  return found;
}

std::vector<std::uint64_t> SessionIndex::of_peer(const policy::Identity& remote_id) const {
  std::vector<std::uint64_t> found;
  for (auto at = peers_.lower_bound({remote_id, 0}); at != peers_.end() && at->first == remote_id; ++at)
    found.push_back(at->second);
  return found;
}

std::optional<std::uint64_t> SessionIndex::of_child(policy::ChildSaId child) const {
  const auto found = children_.find(child.value);
  if (found == children_.end()) return std::nullopt;
  return found->second;
}

}  // namespace sallyport::ike
