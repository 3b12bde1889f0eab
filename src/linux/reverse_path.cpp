#include "linux/reverse_path.h"

#include <fmt/format.h>
#include <net/if.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <system_error>

#include "linux/flows.h"
#include "linux/host_addresses.h"
#include "linux/kernel_setting.h"

namespace sallyport::linux {
namespace {

constexpr int kStrict = 1;
constexpr int kLoose = 2;
constexpr const char* kHeedMarks = "net/ipv4/conf/all/src_valid_mark";

std::string filter_of(const std::string& device) { return "net/ipv4/conf/" + device + "/rp_filter"; }

/// The kernel takes the greater of a device's own value and that of all: 2, loose, beats 1.
bool is_strict(const std::string& device) {
  const int all = read_kernel_setting(filter_of("all")).value_or(0);
  return std::max(all, read_kernel_setting(filter_of(device)).value_or(0)) == kStrict;
}

std::vector<std::string> strict_devices(const std::string& tun) {
  std::vector<std::string> devices;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/sys/net/ipv4/conf", error)) {
    const std::string device = entry.path().filename();
    if (device != "all" && device != "default" && device != "lo" && device != tun && is_strict(device))
      devices.push_back(device);
  }
  return devices;
}

bool overlaps(const AddressSet& set, const policy::AddressRange& range) {
  return std::ranges::any_of(set.ranges(), [&](const auto& each) { return each.intersection(range).has_value(); });
}

/// Policies protect whatever this address exchanges with some neighbour, and so the kernel's lookup for its ARP.
bool protects_neighbours(const std::vector<Flows>& flows, const OwnAddress& own) {
  return std::ranges::any_of(flows, [&](const Flows& some) {
    return some.action == policy::SpdAction::protect && some.service.protocol == 0 &&
           some.local.contains(own.address) && overlaps(some.remote, own.subnet);
  });
}

std::vector<std::string> devices_with_protected_neighbours(const policy::Spd& spd) {
  std::vector<std::string> devices;
  auto netlink = NetlinkSocket::open();
  if (!netlink) return devices;
  const auto addresses = own_addresses(*netlink);
  if (!addresses) return devices;
  const std::vector<Flows> flows = flows_of(spd);
  for (const OwnAddress& own : *addresses) {
    std::array<char, IF_NAMESIZE> name{};
    if (!own.address.is_v6() && protects_neighbours(flows, own) && if_indextoname(own.device, name.data()))
      devices.emplace_back(name.data());
  }
  return devices;
}

}  // namespace

ReversePathFilter::Outcome ReversePathFilter::adapt(const policy::Spd& spd) {
  Outcome outcome;
  const auto strict = strict_devices(footprint_.device);
  if (strict.empty()) return outcome;
  outcome.mark_arriving = true;
  change(kHeedMarks, 1, outcome.notices);
  for (const std::string& device : devices_with_protected_neighbours(spd)) {
    if (std::ranges::find(strict, device) == strict.end()) continue;
    if (change(filter_of(device), kLoose, outcome.notices))
      outcome.notices.push_back(
          fmt::format("set the reverse path filter of {} from strict to loose (rp_filter = 2): all traffic with "
                      "neighbours on it is protected, and a strict filter would drop their ARP requests",
                      device));
  }
  return outcome;
}

void ReversePathFilter::restore() {
  for (const auto& [setting, value] : before_) (void)write_kernel_setting(setting, value);
  before_.clear();
}

/// Whether it made a difference.
bool ReversePathFilter::change(const std::string& setting, int value, std::vector<std::string>& notices) {
  const int before = read_kernel_setting(setting).value_or(0);
  if (before == value) return false;
  if (const auto written = write_kernel_setting(setting, value); !written) {
    notices.push_back(
        fmt::format("{}; with a strict reverse path filter the kernel may drop what peers send", written.error().text));
    return false;
  }
  before_.try_emplace(setting, before);
  return true;
}

void relax_reverse_path(const std::string& device) {
  // Where we may not, the way back into the TUN is right for all but policies with ports.
  (void)write_kernel_setting(filter_of(device), kLoose);
}

}  // namespace sallyport::linux
