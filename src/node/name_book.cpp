#include "node/name_book.h"

#include <algorithm>

namespace sallyport::node {
namespace {

constexpr Duration kDoubtAgain = std::chrono::seconds(30);
/// Addresses that a name stands for at most; further ones are not tried.
constexpr std::size_t kMostAddresses = 16;
/// Requests of one connection that wait; there is hardly ever more than one a child.
constexpr std::size_t kMostWaiting = 256;

/// These are tried, or accepted, in front of what is written. Without either there would be no address in the list,
/// which would mean any; nobody's address stands for that.
void put_in_front(std::vector<policy::AddressRange>& list, std::size_t& resolved,
                  const std::vector<policy::IpAddress>& addresses) {
  std::vector<policy::AddressRange> all;
  for (const policy::IpAddress& address : addresses) all.push_back(policy::AddressRange::host(address));
  if (all.empty() && list.empty())
    all.push_back(policy::AddressRange::host(policy::IpAddress::unspecified(policy::Family::ipv4)));
  resolved = all.size();
  list.insert(list.begin(), all.begin(), all.end());
}

}  // namespace

std::vector<std::string> NameBook::load(Instant now, const std::vector<policy::ConnectionPtr>& connections) {
  std::map<std::string, Named, std::less<>> named;
  std::map<std::string, NameStatus, std::less<>> names;
  users_.clear();
  for (const auto& connection : connections) {
    if (connection->remote_names.empty() && connection->local_names.empty()) continue;
    Named& entry = named[connection->name];
    const auto known = named_.find(connection->name);
    if (known != named_.end() && known->second.remote == connection->remote_names &&
        known->second.local == connection->local_names)
      entry = std::move(known->second);
    entry.remote = connection->remote_names;
    entry.local = connection->local_names;
    entry.all.clear();
    for (const auto* list : {&entry.remote, &entry.local})
      for (const std::string& name : *list) {
        if (std::ranges::find(entry.all, name) != entry.all.end()) continue;
        entry.all.push_back(name);
        users_[name].push_back(connection->name);
        const auto before = names_.find(name);
        names.try_emplace(name, before != names_.end() ? before->second : NameStatus{.name = name, .answer = {}});
      }
  }
  named_ = std::move(named);
  names_ = std::move(names);
  doubted_ = now;
  return ask_all();
}

std::vector<std::string> NameBook::wait(std::string_view connection, ike::ChildRequest request) {
  const auto found = named_.find(connection);
  if (found == named_.end()) return {};
  Named& named = found->second;
  if (named.waiting.empty()) ++named.turns;
  const bool known =
      std::ranges::any_of(named.waiting, [&](const ike::ChildRequest& other) { return other.child == request.child; });
  if (!known && named.waiting.size() < kMostWaiting) named.waiting.push_back(std::move(request));
  return ask(named.all);
}

std::size_t NameBook::forget(std::string_view connection, std::string_view child) {
  const auto found = named_.find(connection);
  if (found == named_.end()) return 0;
  return std::erase_if(found->second.waiting,
                       [&](const ike::ChildRequest& request) { return child.empty() || request.child == child; });
}

std::vector<std::string> NameBook::doubt(Instant now) {
  if (names_.empty() || (doubted_ && now - *doubted_ < kDoubtAgain)) return {};
  doubted_ = now;
  return ask_all();
}

std::vector<std::string> NameBook::ask(const std::vector<std::string>& names) {
  std::vector<std::string> questions;
  for (const std::string& name : names)
    if (!std::exchange(names_.find(name)->second.asked, true)) questions.push_back(name);
  return questions;
}

std::vector<std::string> NameBook::ask_all() {
  std::vector<std::string> all;
  for (const auto& [name, known] : names_) all.push_back(name);
  return ask(all);
}

std::vector<NameBook::Ready> NameBook::answer(std::string_view name, NameAnswer answer) {
  const auto found = names_.find(name);
  if (found == names_.end() || !found->second.asked) return {};
  if (answer.addresses.size() > kMostAddresses) answer.addresses.resize(kMostAddresses);
  found->second.asked = false;
  // What cannot be looked up again stands for what it stood for.
  if (answer.addresses.empty()) answer.addresses = std::move(found->second.answer.addresses);
  found->second.answer = std::move(answer);
  std::vector<Ready> ready;
  for (const std::string& connection : users_.find(name)->second) {
    Named& named = named_.find(connection)->second;
    if (is_complete(named)) ready.push_back({connection, std::exchange(named.waiting, {})});
  }
  return ready;
}

bool NameBook::is_complete(const Named& named) const {
  return std::ranges::none_of(named.all, [&](const std::string& name) { return names_.find(name)->second.asked; });
}

std::vector<policy::IpAddress> NameBook::addresses_of(const std::vector<std::string>& names) const {
  std::vector<policy::IpAddress> all;
  for (const std::string& name : names)
    for (const policy::IpAddress& address : names_.find(name)->second.answer.addresses)
      if (std::ranges::find(all, address) == all.end()) all.push_back(address);
  return all;
}

std::vector<policy::IpAddress> NameBook::local_addresses(std::string_view connection) const {
  const auto found = named_.find(connection);
  return found == named_.end() ? std::vector<policy::IpAddress>() : addresses_of(found->second.local);
}

std::vector<policy::IpAddress> NameBook::remote_addresses(std::string_view connection) const {
  const auto found = named_.find(connection);
  if (found == named_.end()) return {};
  auto all = addresses_of(found->second.remote);
  if (!all.empty() && found->second.turns > 0)
    std::ranges::rotate(all, all.begin() + static_cast<std::ptrdiff_t>((found->second.turns - 1) % all.size()));
  return all;
}

const NameStatus* NameBook::missing(std::string_view connection) const {
  const auto found = named_.find(connection);
  if (found == named_.end()) return nullptr;
  for (const std::string& name : found->second.all)
    if (const NameStatus& known = names_.find(name)->second; known.answer.addresses.empty()) return &known;
  return nullptr;
}

std::vector<NameStatus> NameBook::status(std::string_view connection) const {
  std::vector<NameStatus> all;
  const auto found = named_.find(connection);
  if (found != named_.end())
    for (const std::string& name : found->second.all) all.push_back(names_.find(name)->second);
  return all;
}

bool NameBook::is_awaited(std::string_view connection) const {
  const auto found = named_.find(connection);
  return found != named_.end() && !found->second.waiting.empty();
}

policy::ConnectionPtr with_addresses(const policy::Connection& connection, const std::vector<policy::IpAddress>& local,
                                     const std::vector<policy::IpAddress>& remote) {
  auto next = std::make_shared<policy::Connection>(as_configured(connection));
  if (!next->local_names.empty()) put_in_front(next->local_addrs, next->local_resolved, local);
  if (!next->remote_names.empty()) put_in_front(next->remote_addrs, next->remote_resolved, remote);
  return next;
}

}  // namespace sallyport::node
