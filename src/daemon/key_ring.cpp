#include "daemon/key_ring.h"

#include "daemon/keylog.h"

namespace sallyport::daemon {
namespace {

KeyLines secret_lines(std::string_view table, std::string text) {
  KeyLines lines{table, Secret::copy_of(as_bytes(text))};
  wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
  return lines;
}

}  // namespace

void KeyRing::add(const policy::ChildSaSpec& spec) {
  policy::ChildSaSpec& kept = children_[spec.id];
  kept.suite = spec.suite;
  kept.inbound = spec.inbound.clone();
  kept.outbound = spec.outbound.clone();
  kept.local = spec.local;
  kept.remote = spec.remote;
  if (listener_.on_child) listener_.on_child(spec.id);
}

void KeyRing::move(policy::ChildSaId id, const policy::Endpoint& local, const policy::Endpoint& remote) {
  const auto found = children_.find(id);
  if (found == children_.end()) return;
  found->second.local = local;
  found->second.remote = remote;
  if (listener_.on_child) listener_.on_child(id);
}

void KeyRing::add(const ike::LogKeys& keys) const {
  if (listener_.on_ike) listener_.on_ike(keys);
}

std::vector<policy::ChildSaId> KeyRing::children() const {
  std::vector<policy::ChildSaId> all;
  for (const auto& [id, spec] : children_) all.push_back(id);
  return all;
}

std::optional<KeyLines> KeyRing::lines(policy::ChildSaId id) const {
  const auto found = children_.find(id);
  auto text = found == children_.end() ? std::nullopt : esp_lines(found->second);
  if (!text) return std::nullopt;
  return secret_lines("esp_sa", std::move(*text));
}

std::optional<KeyLines> KeyRing::lines(const ike::LogKeys& keys) {
  if (keys.version == 1) return secret_lines("ikev1_decryption_table", ikev1_line(keys));
  auto text = ikev2_line(keys);
  if (!text) return std::nullopt;
  return secret_lines("ikev2_decryption_table", std::move(*text));
}

}  // namespace sallyport::daemon
