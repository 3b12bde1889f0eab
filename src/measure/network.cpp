#include "measure/network.h"

#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>

#include <cerrno>
#include <string_view>

#include "linux/netlink_socket.h"

namespace sallyport::measure {
namespace {

using linux::NetlinkRequest;

constexpr std::string_view kWire{"wire\0", 5};  // the kernel wants the zero

linux::FileDescriptor current_namespace() {
  return linux::FileDescriptor(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
}

linux::SystemResult<void> carry_out(NetlinkRequest request, std::string_view attempt) {
  auto netlink = TRY(linux::NetlinkSocket::open());
  if (const auto done = netlink.apply(std::move(request)); !done)
    return linux::refused(static_cast<int>(done.error().where), attempt);
  return {};
}

NetlinkRequest bring_up(const char* device) {
  NetlinkRequest request(RTM_NEWLINK, 0);
  auto& header = request.header<ifinfomsg>();
  header.ifi_index = static_cast<int>(if_nametoindex(device));
  header.ifi_flags = header.ifi_change = IFF_UP;
  return request;
}

NetlinkRequest veth_to(const Namespace& far) {
  NetlinkRequest request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
  request.header<ifinfomsg>();
  request.put(IFLA_IFNAME, as_bytes(kWire));
  const std::size_t info = request.begin_nested(IFLA_LINKINFO);
  request.put(IFLA_INFO_KIND, as_bytes("veth"));
  const std::size_t data = request.begin_nested(IFLA_INFO_DATA);
  const std::size_t peer = request.begin_nested(VETH_INFO_PEER);
  request.header<ifinfomsg>();
  request.put(IFLA_IFNAME, as_bytes(kWire));
  request.put_u32(IFLA_NET_NS_FD, static_cast<std::uint32_t>(far.fd()));
  request.end_nested(peer);
  request.end_nested(data);
  request.end_nested(info);
  return request;
}

NetlinkRequest give_address(const policy::IpAddress& address) {
  NetlinkRequest request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
  auto& header = request.header<ifaddrmsg>();
  header.ifa_family = AF_INET;
  header.ifa_prefixlen = 24;
  header.ifa_index = if_nametoindex("wire");
  request.put_address(IFA_LOCAL, address);
  request.put_address(IFA_ADDRESS, address);
  return request;
}

}  // namespace

Namespace::Visit::Visit(const Namespace& to) : before(current_namespace()) { setns(to.fd(), CLONE_NEWNET); }
Namespace::Visit::~Visit() { setns(before.get(), CLONE_NEWNET); }

linux::SystemResult<Namespace> Namespace::create() {
  const linux::FileDescriptor before = current_namespace();
  if (!before || unshare(CLONE_NEWNET) != 0)
    return linux::refused(errno, "cannot make a network to measure in", errno == EPERM ? "that takes root" : "");
  Namespace made(current_namespace());
  const auto up = carry_out(bring_up("lo"), "cannot bring lo up");
  setns(before.get(), CLONE_NEWNET);
  TRY(up);
  return made;
}

linux::SystemResult<void> join(const Namespace& near, const policy::IpAddress& near_address, const Namespace& far,
                               const policy::IpAddress& far_address) {
  TRY(near.within([&] { return carry_out(veth_to(far), "cannot lay a wire between two networks"); }));
  for (const auto& [host, address] : {std::pair(&near, &near_address), std::pair(&far, &far_address)}) {
    TRY(host->within([&] { return carry_out(give_address(*address), "cannot take an address"); }));
    TRY(host->within([] { return carry_out(bring_up("wire"), "cannot bring a device up"); }));
  }
  return {};
}

}  // namespace sallyport::measure
