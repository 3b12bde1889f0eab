#include "linux/host_addresses.h"

#include <fmt/format.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace sallyport::linux {
namespace {

using policy::IpAddress;

std::optional<std::uint32_t> link_mtu(NetlinkSocket& netlink, std::uint32_t device) {
  NetlinkRequest request(RTM_GETLINK, 0);
  request.header<ifinfomsg>().ifi_index = static_cast<int>(device);
  std::optional<std::uint32_t> mtu;
  const auto asked = netlink.ask(
      std::move(request), [&](const NetlinkMessage& message) { mtu = message.attributes<ifinfomsg>().u32(IFLA_MTU); });
  return asked ? mtu : std::nullopt;
}

/// Whether it is for a while: the kernel has learned it from an ICMP error, of which it has not asked what SPI it
/// quotes.
bool is_learned(const NetlinkAttributes& route) {
  const auto found = route.find(RTA_CACHEINFO);
  rta_cacheinfo info{};
  if (!found || found->size() < sizeof info) return false;
  std::memcpy(&info, found->data(), sizeof info);
  return info.rta_expires != 0;
}

/// What the route itself says of the MTU; 0: nothing.
std::uint32_t route_mtu(const NetlinkAttributes& route) {
  if (is_learned(route)) return 0;
  const auto metrics = route.find(RTA_METRICS);
  return metrics ? NetlinkAttributes(*metrics).u32(RTAX_MTU) : 0;
}

NetlinkRequest address_request(std::uint16_t type, std::uint16_t flags, std::uint32_t device,
                               const IpAddress& address) {
  NetlinkRequest request(type, flags);
  auto& header = request.header<ifaddrmsg>();
  header.ifa_family = address.is_v6() ? AF_INET6 : AF_INET;
  header.ifa_prefixlen = address.bits();
  header.ifa_flags = IFA_F_NODAD;  // nobody else is on the device
  header.ifa_index = device;
  request.put_address(IFA_LOCAL, address);
  request.put_address(IFA_ADDRESS, address);
  return request;
}

/// `allowed`: an errno that is no error.
SystemResult<void> change_address(NetlinkSocket& netlink, NetlinkRequest request, int allowed,
                                  std::string_view attempt) {
  const auto done = netlink.apply({&request, 1});
  const int number = done ? done->front() : EIO;
  if (number == 0 || number == allowed) return {};
  return refused(number, attempt);
}

}  // namespace

Result<std::vector<OwnAddress>> own_addresses(NetlinkSocket& netlink) {
  NetlinkRequest request(RTM_GETADDR, NLM_F_DUMP);
  request.header<ifaddrmsg>();
  std::vector<OwnAddress> addresses;
  TRY(netlink.dump(
      std::move(request), [&] { addresses.clear(); },
      [&](const NetlinkMessage& message) {
        const auto header = message.header<ifaddrmsg>();
        if (header.ifa_scope >= RT_SCOPE_LINK) return;  // 127.0.0.1, ::1, fe80::…
        if (header.ifa_flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED | IFA_F_DEPRECATED)) return;
        const auto attributes = message.attributes<ifaddrmsg>();
        const auto other_end = attributes.address(IFA_ADDRESS);  // our own, but on links of two
        const auto address = attributes.has(IFA_LOCAL) ? attributes.address(IFA_LOCAL) : other_end;
        if (!address || !other_end) return;
        addresses.push_back({*address, policy::AddressRange::of({*other_end, header.ifa_prefixlen}), header.ifa_index});
      }));
  return addresses;
}

SystemResult<void> add_address(NetlinkSocket& netlink, std::uint32_t device, const IpAddress& address) {
  return change_address(netlink, address_request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, device, address), 0,
                        fmt::format("cannot take the inner address {}", to_string(address)));
}

SystemResult<void> remove_address(NetlinkSocket& netlink, std::uint32_t device, const IpAddress& address) {
  return change_address(netlink, address_request(RTM_DELADDR, 0, device, address), EADDRNOTAVAIL,
                        fmt::format("cannot give up the inner address {}", to_string(address)));
}

std::optional<OuterRoute> outer_route(NetlinkSocket& netlink, const Footprint& footprint, const IpAddress& remote) {
  NetlinkRequest request(RTM_GETROUTE, 0);
  auto& header = request.header<rtmsg>();
  header.rtm_family = remote.is_v6() ? AF_INET6 : AF_INET;
  header.rtm_dst_len = remote.bits();
  request.put_address(RTA_DST, remote);
  request.put_u32(RTA_MARK, footprint.own_mark);
  std::optional<OuterRoute> found;
  std::uint32_t mtu = 0;
  const auto asked = netlink.ask(std::move(request), [&](const NetlinkMessage& message) {
    const auto route = message.attributes<rtmsg>();
    const auto source = route.address(RTA_PREFSRC);
    const auto type = message.header<rtmsg>().rtm_type;
    if (!source || (type != RTN_UNICAST && type != RTN_LOCAL)) return;
    found = OuterRoute{.source = *source, .device = route.u32(RTA_OIF)};
    mtu = route_mtu(route);
  });
  if (!asked || !found) return std::nullopt;
  if (mtu == 0) mtu = link_mtu(netlink, found->device).value_or(0);
  found->mtu = static_cast<std::uint16_t>(std::min<std::uint32_t>(mtu, 65535));
  return found;
}

}  // namespace sallyport::linux
