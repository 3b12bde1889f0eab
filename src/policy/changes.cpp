#include "policy/changes.h"

#include <algorithm>
#include <span>
#include <string_view>

namespace sallyport::policy {
namespace {

/// Whether two values of a key are the same.
template <class T>
struct Key {
  std::string_view name;
  bool (*same)(const T&, const T&);
};
template <class T, auto Member>
bool same(const T& a, const T& b) {
  return a.*Member == b.*Member;
}
template <auto Round, auto Member>
bool same_in_round(const Connection& a, const Connection& b) {
  return (a.*Round).*Member == (b.*Round).*Member;
}
template <auto Volume, auto Member>
bool same_volume(const Child& a, const Child& b) {
  return (a.*Volume).*Member == (b.*Volume).*Member;
}

bool same_local(const Connection& a, const Connection& b) {
  return a.local_addrs == b.local_addrs && a.local_names == b.local_names;
}
bool same_remote(const Connection& a, const Connection& b) {
  return a.remote_addrs == b.remote_addrs && a.remote_names == b.remote_names;
}

using C = Connection;
constexpr Key<Connection> kConnectionKeys[] = {
    {"version", same<C, &C::version>},
    {"local_addrs", same_local},
    {"remote_addrs", same_remote},
    {"local_port", same<C, &C::local_port>},
    {"remote_port", same<C, &C::remote_port>},
    {"proposals", same<C, &C::proposals>},
    {"encap", same<C, &C::encap>},
    {"mobike", same<C, &C::mobike>},
    {"fragmentation", same<C, &C::fragmentation>},
    {"childless", same<C, &C::childless>},
    {"ppk_id", same<C, &C::ppk_id>},
    {"ppk_required", same<C, &C::ppk_required>},
    {"follow_redirects", same<C, &C::follow_redirects>},
    {"redirect_to", same<C, &C::redirect_to>},
    {"redirect_at", same<C, &C::redirect_at>},
    {"resumption", same<C, &C::resumption>},
    {"dpd_delay", same<C, &C::dpd_delay>},
    {"keyingtries", same<C, &C::keyingtries>},
    {"unique", same<C, &C::unique>},
    {"rekey_time", same<C, &C::rekey_time>},
    {"reauth_time", same<C, &C::reauth_time>},
    {"over_time", same<C, &C::over_time>},
    {"rand_time", same<C, &C::rand_time>},
    {"aggressive", same<C, &C::aggressive>},
    {"pull", same<C, &C::pull>},
    {"vips", same<C, &C::vips>},
    {"pools", same<C, &C::pools>},
    {"local.auth", same_in_round<&C::local, &AuthRound::method>},
    {"local.id", same_in_round<&C::local, &AuthRound::id>},
    {"local.xauth_id", same_in_round<&C::local, &AuthRound::xauth_id>},
    {"remote.auth", same_in_round<&C::remote, &AuthRound::method>},
    {"remote.id", same_in_round<&C::remote, &AuthRound::id>},
};

constexpr Key<Child> kChildKeys[] = {
    {"mode", same<Child, &Child::mode>},
    {"local_ts", same<Child, &Child::local_ts>},
    {"remote_ts", same<Child, &Child::remote_ts>},
    {"esp_proposals", same<Child, &Child::esp_proposals>},
    {"ah_proposals", same<Child, &Child::ah_proposals>},
    {"keep", same<Child, &Child::keep>},
    {"start_action", same<Child, &Child::start_action>},
    {"close_action", same<Child, &Child::close_action>},
    {"dpd_action", same<Child, &Child::dpd_action>},
    {"rekey_time", same<Child, &Child::rekey_time>},
    {"life_time", same<Child, &Child::life_time>},
    {"rand_time", same<Child, &Child::rand_time>},
    {"rekey_bytes", same_volume<&Child::rekey_volume, &Volume::bytes>},
    {"life_bytes", same_volume<&Child::life_volume, &Volume::bytes>},
    {"rand_bytes", same_volume<&Child::rand_volume, &Volume::bytes>},
    {"rekey_packets", same_volume<&Child::rekey_volume, &Volume::packets>},
    {"life_packets", same_volume<&Child::life_volume, &Volume::packets>},
    {"rand_packets", same_volume<&Child::rand_volume, &Volume::packets>},
    {"replay_window", same<Child, &Child::replay_window>},
    {"copy_df", same<Child, &Child::copy_df>},
    {"copy_ecn", same<Child, &Child::copy_ecn>},
    {"fragment", same<Child, &Child::fragment_before>},
    {"ipcomp", same<Child, &Child::ipcomp>},
    {"tfc_padding", same<Child, &Child::tfc_padding>},
};

/// The place of the new value; of a key that is written no more, the old one; else the section's.
Change change_of(std::string key, const Origins& before, const Origins& after) {
  if (const auto now = after.find(key); now != after.end()) return {std::move(key), now->second};
  if (const auto old = before.find(key); old != before.end()) return {std::move(key), old->second, true};
  const auto section = after.find("");
  return {std::move(key), section == after.end() ? Origin{} : section->second};
}

template <class T>
Changes named_changes(std::span<const Key<T>> keys, const T& before, const T& after) {
  Changes all;
  for (const Key<T>& key : keys)
    if (!key.same(before, after)) all.push_back(change_of(std::string(key.name), before.origins, after.origins));
  const auto is_written = [&](const Change& change) {
    return before.origins.contains(change.key) || after.origins.contains(change.key);
  };
  if (std::ranges::any_of(all, is_written)) std::erase_if(all, [&](const Change& each) { return !is_written(each); });
  return all;
}

/// The section of a round behind the first: it has a name of its own, "local2".
std::string further_section(std::string_view side, const Connection& before, const Connection& after) {
  for (const Origins* origins : {&after.origins, &before.origins})
    for (const auto& [key, where] : *origins)
      if (key.starts_with(side) && key.size() > side.size() && key.find('.') == std::string::npos &&
          key[side.size()] != '_')
        return key;
  return std::string(side);
}

}  // namespace

Changes changes(const Child& before, const Child& after) {
  if (means_same(before, after)) return {};
  Changes all = named_changes<Child>(kChildKeys, before, after);
  if (all.empty()) all.push_back(change_of("", before.origins, after.origins));
  return all;
}

Changes changes(const Connection& before, const Connection& after) {
  if (means_same_but_children(before, after)) return {};
  Changes all = named_changes<Connection>(kConnectionKeys, as_configured(before), as_configured(after));
  const auto add_further = [&](std::string_view side) {
    all.push_back(change_of(further_section(side, before, after), before.origins, after.origins));
  };
  if (before.further_local != after.further_local) add_further("local");
  if (before.further_remote != after.further_remote) add_further("remote");
  if (all.empty()) all.push_back(change_of("", before.origins, after.origins));
  return all;
}

std::set<std::string> changed_children(const Connection& before, const Connection& after) {
  std::set<std::string> changed;
  for (const Child& child : before.children) {
    const Child* const next = after.find_child(child.name);
    if (!next || !means_same(child, *next)) changed.insert(child.name);
  }
  return changed;
}

std::string to_string(const Change& change) {
  const std::string place = to_string(change.where);
  std::string key = change.key.empty() ? "the section" : change.key;
  if (place.empty()) return key;
  return key + (change.gone ? ", no longer at " : " at ") + place;
}

}  // namespace sallyport::policy
