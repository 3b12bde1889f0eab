// load-pool, unload-pool, get-pools: inner addresses for clients, from files and over the control socket.
#include "config/pools.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "daemon/commands/command_list.h"
#include "daemon/commands/config_tree.h"
#include "daemon/daemon.h"

namespace sallyport::daemon {
namespace {

using control::Message;
using control::Section;
using policy::AddressPools;
using policy::Pool;

/// Leases that one answer lists, of all pools together: each is four of a message's kMaxElements, and an identity of
/// kMostOctets at the most keeps them within a frame. Those online come first.
constexpr std::size_t kMostLeases = 2000;
constexpr std::size_t kMostOctets = 128;

const AddressPools& leased(Daemon& daemon) { return daemon.node().engine().pools(); }

std::size_t online_of(const std::vector<AddressPools::Entry>& leases) {
  return static_cast<std::size_t>(std::ranges::count_if(leases, &AddressPools::Entry::online));
}

std::size_t online(Daemon& daemon, std::string_view name) {
  const Pool* pool = leased(daemon).find(name);
  return pool ? online_of(leased(daemon).leases(*pool)) : 0;
}

/// Addresses of a range; what does not fit into 64 bits is as good as without end.
std::uint64_t size_of(const policy::AddressRange& range) {
  const ByteView first = range.first.bytes(), last = range.last.bytes();
  std::uint64_t size = 0;
  for (std::size_t i = 0; i < first.size(); ++i) {
    if (size >> 55 != 0) return std::numeric_limits<std::uint64_t>::max();
    size = (size << 8) + last[i] - first[i];
  }
  return size == std::numeric_limits<std::uint64_t>::max() ? size : size + 1;
}

void write_leases(Section& section, const std::vector<AddressPools::Entry>& leases, std::size_t& room) {
  std::size_t number = 0;
  for (const bool online : {true, false})
    for (const auto& lease : leases) {
      if (lease.online != online) continue;
      if (room == 0) return;
      --room;
      auto& each = section.section(std::to_string(number++));
      each.set("address", to_string(lease.address));
      each.set("identity", std::string_view(lease.client).substr(0, kMostOctets));
      each.set("status", online ? "online" : "offline");
    }
}

void write_pool(Section& section, const Pool& pool, const std::vector<AddressPools::Entry>& leases) {
  const std::size_t online = online_of(leases);
  section.set("base", to_string(pool.addresses.first));
  section.set("size", size_of(pool.addresses));
  section.set("online", online);
  section.set("offline", leases.size() - online);
}

}  // namespace

Answer load_pool(Daemon& daemon, const Message& request) {
  if (request.size() != 1 || !request.begin()->section())
    return failure("load-pool takes one section, named after the pool");
  const auto& body = *request.begin();
  auto tree = config::ConfigNode::section("pools", config::Typing::text_only);
  auto& section = tree.add_section(body.name());
  copy_into(section, *body.section());
  config::Diagnostics diagnostics;
  auto pool = config::read_pool(section, diagnostics);
  if (!pool) return failure(errors_of(diagnostics));
  const auto& of_files = daemon.configuration().files().pools;
  if (std::ranges::find(of_files, pool->name, &Pool::name) != of_files.end())
    return failure("a configuration file of the daemon has a pool called " + pool->name +
                   "; change it there, or give this one another name");
  const Pool* known = leased(daemon).find(pool->name);
  if (known && known->addresses != pool->addresses)
    if (const auto in_use = online(daemon, pool->name))
      return failure(fmt::format("{} of the addresses of {} are in use; they can change when their clients have gone",
                                 in_use, pool->name));
  daemon.configuration().put_pool(std::move(*pool));
  daemon.apply_configuration();
  return success();
}

Answer unload_pool(Daemon& daemon, const Message& request) {
  const std::string name(text_of(request, "name"));
  const auto ours = daemon.configuration().control_pools();
  if (std::ranges::find(ours, name) == ours.end())
    return failure("no pool called " + name + " was loaded over the control socket");
  if (const auto in_use = online(daemon, name))
    return failure(fmt::format("{} of the addresses of {} are in use", in_use, name));
  daemon.configuration().remove_pool(name);
  daemon.apply_configuration();
  return success();
}

/// Clients unload what they find here and do not know, before they load theirs. So the pools of files are told only to
/// who asks for leases, or by name: that is somebody who looks.
Answer get_pools(Daemon& daemon, const Message& request) {
  const bool with_leases = text_of(request, "leases") == "yes";
  const std::string_view wanted = text_of(request, "name");
  const auto ours = daemon.configuration().control_pools();
  Message answer;
  std::size_t room = kMostLeases;
  for (const Pool& pool : leased(daemon).pools()) {
    if (!wanted.empty() && pool.name != wanted) continue;
    if (wanted.empty() && !with_leases && std::ranges::find(ours, pool.name) == ours.end()) continue;
    const auto leases = leased(daemon).leases(pool);
    auto& section = answer.section(pool.name);
    write_pool(section, pool, leases);
    if (with_leases) write_leases(section.section("leases"), leases, room);
  }
  return answer;
}

}  // namespace sallyport::daemon
