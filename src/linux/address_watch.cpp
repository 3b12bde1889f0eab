#include "linux/address_watch.h"

#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <cerrno>

#include "linux/netlink_socket.h"

namespace sallyport::linux {

SystemResult<AddressWatch> AddressWatch::open(const Footprint& footprint, std::uint32_t tunnel) {
  FileDescriptor descriptor(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE));
  if (!descriptor) return refused(errno, "cannot create a netlink socket");
  sockaddr_nl groups{};
  groups.nl_family = AF_NETLINK;
  groups.nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE;
  if (bind(descriptor.get(), reinterpret_cast<const sockaddr*>(&groups), sizeof groups) != 0)
    return refused(errno, "cannot watch the addresses of this host");
  return AddressWatch(std::move(descriptor), footprint.route_protocol, tunnel);
}

bool AddressWatch::has_changed() {
  bool changed = false;
  for (;;) {
    const ssize_t size = recv(socket_.get(), buffer_.data(), buffer_.size(), 0);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == ENOBUFS) {  // more came than the socket holds
      changed = true;
      continue;
    }
    if (size <= 0) return changed;
    changed |= matters(ByteView(buffer_).first(static_cast<std::size_t>(size)));
  }
}

bool AddressWatch::matters(ByteView datagram) const {
  const auto* header = reinterpret_cast<const nlmsghdr*>(datagram.data());
  for (int left = static_cast<int>(datagram.size()); mnl_nlmsg_ok(header, left);
       header = mnl_nlmsg_next(header, &left)) {
    const NetlinkMessage message{
        header->nlmsg_type,
        ByteView(static_cast<const std::uint8_t*>(mnl_nlmsg_get_payload(header)), mnl_nlmsg_get_payload_len(header))};
    if (message.type == RTM_NEWADDR || message.type == RTM_DELADDR) {
      if (message.header<ifaddrmsg>().ifa_index != tunnel_) return true;
    } else if (message.type == RTM_NEWROUTE || message.type == RTM_DELROUTE) {
      if (message.header<rtmsg>().rtm_protocol != route_protocol_ &&
          message.attributes<rtmsg>().u32(RTA_OIF) != tunnel_)
        return true;
    }
  }
  return false;
}

}  // namespace sallyport::linux
