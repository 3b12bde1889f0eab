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
    if (keys.connection == connection && keys.remote == facts.remote.address && keys.remote_id == remote_id &&
        keys.promised == facts.promised_spis)
      return;
    erase(facts.local_spi, keys);
  }
  keys = {std::string(connection), facts.initiator, facts.remote.address, remote_id, facts.promised_spis};
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
  for (const std::uint64_t promised : keys.promised)
    if (promised != 0) promised_.insert(promised);
}

void SessionIndex::erase(std::uint64_t spi, const Keys& keys) {
  connections_.erase({keys.connection, keys.initiated, keys.remote, spi});
  peers_.erase({keys.remote_id, spi});
  for (const std::uint64_t promised : keys.promised) promised_.erase(promised);
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

void SessionIndex::put_child(policy::ChildSaId child, std::uint64_t spi, std::uint32_t outbound_spi) {
  forget_child(child);
  children_[child.value] = {spi, outbound_spi};
  outbound_.emplace(outbound_spi, child);
}

void SessionIndex::forget_child(policy::ChildSaId child) {
  const auto known = children_.extract(child.value);
  if (known.empty()) return;
  const auto [first, last] = outbound_.equal_range(known.mapped().outbound_spi);
  for (auto at = first; at != last; ++at)
    if (at->second == child) {
      outbound_.erase(at);
      return;
    }
}

std::optional<std::uint64_t> SessionIndex::of_child(policy::ChildSaId child) const {
  const auto found = children_.find(child.value);
  if (found == children_.end()) return std::nullopt;
  return found->second.session;
}

std::vector<policy::ChildSaId> SessionIndex::of_outbound(std::uint32_t outbound_spi) const {
  std::vector<policy::ChildSaId> found;
  const auto [first, last] = outbound_.equal_range(outbound_spi);
  for (auto at = first; at != last; ++at) found.push_back(at->second);
  return found;
}

}  // namespace sallyport::ike
