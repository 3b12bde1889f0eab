#include "linux/tun_device.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/check.h"
#include "linux/netlink_socket.h"
#include "linux/reverse_path.h"

namespace sallyport::linux {
namespace {

// Kernel headers older than 6.2 do not name these.
constexpr unsigned kUdpSegments4 = 0x20;
constexpr unsigned kUdpSegments6 = 0x40;

constexpr int kHeaderSize = 10;  // virtio_net_hdr

NetlinkRequest link_request(std::uint32_t index) {
  NetlinkRequest request(RTM_NEWLINK, 0);
  request.header<ifinfomsg>().ifi_index = static_cast<int>(index);
  return request;
}

/// Without this the kernel gives the device an IPv6 address of its own and talks to it about routers and groups.
NetlinkRequest no_ipv6_addresses(std::uint32_t index) {
  NetlinkRequest request = link_request(index);
  const std::size_t families = request.begin_nested(IFLA_AF_SPEC);
  const std::size_t ipv6 = request.begin_nested(AF_INET6);
  request.put_u8(IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
  request.end_nested(ipv6);
  request.end_nested(families);
  return request;
}

NetlinkRequest bring_up(std::uint32_t index, const TunOptions& options) {
  NetlinkRequest request(RTM_NEWLINK, 0);
  auto& header = request.header<ifinfomsg>();
  header.ifi_index = static_cast<int>(index);
  header.ifi_flags = IFF_UP;
  header.ifi_change = IFF_UP;
  request.put_u32(IFLA_MTU, options.mtu);
  request.put_u32(IFLA_TXQLEN, options.queue_length);
  return request;
}

}  // namespace

SystemResult<FileDescriptor> TunDevice::open_queue(const std::string& name, int flags) {
  ifreq request{};
  FileDescriptor file(open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK));
  if (!file)
    return refused(errno, "cannot open /dev/net/tun", "the kernel needs TUN (modprobe tun), and we its permission");
  request.ifr_flags = static_cast<short>(flags);
  name.copy(request.ifr_name, sizeof request.ifr_name - 1);
  if (ioctl(file.get(), TUNSETIFF, &request) != 0)
    return refused(errno, fmt::format("cannot create the device {}", name),
                   errno == EBUSY ? "another daemon has it" : "");
  return file;
}

SystemResult<TunDevice> TunDevice::create(const TunOptions& options) {
  if (options.name.empty() || options.name.size() >= IFNAMSIZ)
    return refused(EINVAL, fmt::format("cannot create a device named \"{}\"", options.name),
                   "1 to 15 octets are allowed");
  const int flags = IFF_TUN | IFF_NO_PI | (options.offload ? IFF_VNET_HDR : 0);
  // Or it would become one more queue of a device that another daemon has.
  const int sharing = options.several_queues ? IFF_MULTI_QUEUE | IFF_TUN_EXCL : 0;
  TunDevice device(TRY(open_queue(options.name, flags | sharing)), options.name);
  device.has_header_ = options.offload;
  device.index_ = if_nametoindex(device.name_.c_str());
  if (options.offload) device.ask_for_offload();
  auto netlink = TRY(NetlinkSocket::open());
  (void)netlink.apply(no_ipv6_addresses(device.index_));  // fails where there is no IPv6, and then it does not matter
  relax_reverse_path(device.name_);
  if (const auto up = netlink.apply(bring_up(device.index_, options)); !up)
    return refused(static_cast<int>(up.error().where), fmt::format("cannot bring the device {} up", device.name_));
  return device;
}

SystemResult<TunDevice> TunDevice::add_queue() const {
  const int flags = IFF_TUN | IFF_NO_PI | IFF_MULTI_QUEUE | (has_header_ ? IFF_VNET_HDR : 0);
  TunDevice queue(TRY(open_queue(name_, flags)), name_);
  queue.index_ = index_;
  queue.has_header_ = has_header_;
  queue.offload_ = offload_;
  return queue;
}

void TunDevice::ask_for_offload() {
  const int size = kHeaderSize;
  const int little = 0;  // fields in host order
  ioctl(file_.get(), TUNSETVNETHDRSZ, &size);
  ioctl(file_.get(), TUNSETVNETLE, &little);
  // From most to least; the kernel refuses a set with anything that it does not know.
  constexpr unsigned kTcp = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6;
  constexpr std::array<unsigned, 3> kSets = {kTcp | kUdpSegments4 | kUdpSegments6, kTcp, TUN_F_CSUM};
  for (const unsigned set : kSets) {
    if (ioctl(file_.get(), TUNSETOFFLOAD, static_cast<unsigned long>(set)) != 0) continue;
    offload_ = {.checksum = true, .tcp = (set & TUN_F_TSO4) != 0, .udp = (set & kUdpSegments4) != 0};
    return;
  }
}

SystemResult<void> TunDevice::set_mtu(std::uint16_t mtu) const {
  auto netlink = TRY(NetlinkSocket::open());
  NetlinkRequest request = link_request(index_);
  request.put_u32(IFLA_MTU, mtu);
  if (const auto set = netlink.apply(std::move(request)); !set)
    return refused(static_cast<int>(set.error().where), fmt::format("cannot set the MTU of {} to {}", name_, mtu));
  return {};
}

Result<std::optional<std::size_t>> TunDevice::read(ByteSpan into) const {
  ASSERT(into.size() >= kMaxFrame);
  const ssize_t got = ::read(file_.get(), into.data(), into.size());
  if (got >= 0) return static_cast<std::size_t>(got);
  if (errno == EAGAIN || errno == EINTR) return std::nullopt;
  return system_failure(errno);
}

Result<void> TunDevice::write(ByteView header, std::span<const ByteView> pieces) const {
  if (pieces.size() > kMaxPieces) return fail(ErrorCode::out_of_range, pieces.size());
  std::array<iovec, kMaxPieces + 1> parts;  // most of which a frame leaves untouched
  int count = 0;
  const auto add = [&](ByteView piece) {
    parts[static_cast<std::size_t>(count++)] = {const_cast<std::uint8_t*>(piece.data()), piece.size()};
  };
  if (!header.empty()) add(header);
  for (const ByteView piece : pieces) add(piece);
  while (writev(file_.get(), parts.data(), count) < 0)
    if (errno != EINTR) return system_failure(errno);
  return {};
}

}  // namespace sallyport::linux
