#include "linux/icmp_socket.h"

#include <net/if.h>
// The kernel's header leaves out what the one above has; the other way round they clash.
#include <linux/icmp.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "linux/socket_address.h"

namespace sallyport::linux {
namespace {

constexpr int kMostMessages = 64;
/// What errors quote is bounded by what everybody takes: 576 octets (RFC 1812 §4.3.2.3), 1280 (RFC 4443 §2.4).
constexpr std::size_t kMostOctets = 2048;

bool hear_only_too_big(int fd, policy::Family family) {
  if (family == policy::Family::ipv4) {
    icmp_filter filter{};
    filter.data = ~(1u << ICMP_DEST_UNREACH);
    return setsockopt(fd, SOL_RAW, ICMP_FILTER, &filter, sizeof filter) == 0;
  }
  icmp6_filter filter;
  ICMP6_FILTER_SETBLOCKALL(&filter);
  ICMP6_FILTER_SETPASS(ICMP6_PACKET_TOO_BIG, &filter);
  return setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof filter) == 0;
}

}  // namespace

SystemResult<IcmpSocket> IcmpSocket::open(policy::Family family) {
  const int protocol = family == policy::Family::ipv4 ? int{IPPROTO_ICMP} : int{IPPROTO_ICMPV6};
  FileDescriptor file(socket(address_family(family), SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol));
  if (!file) return refused(errno, "cannot listen for ICMP errors", "the daemon needs CAP_NET_RAW");
  if (!hear_only_too_big(file.get(), family)) return refused(errno, "cannot choose among ICMP messages");
  return IcmpSocket(std::move(file), family);
}

void IcmpSocket::receive(const std::function<void(ByteView)>& on_message) const {
  std::array<std::uint8_t, kMostOctets> octets;
  for (int i = 0; i < kMostMessages; ++i) {
    const ssize_t size = recv(file_.get(), octets.data(), octets.size(), MSG_DONTWAIT);
    if (size < 0) return;
    ByteView message = ByteView(octets).first(static_cast<std::size_t>(size));
    if (family_ == policy::Family::ipv4) {  // with its IP header
      if (message.size() < 20) continue;
      const std::size_t header = (message[0] & 0x0fu) * std::size_t{4};
      if (header < 20 || header > message.size()) continue;
      message = message.subspan(header);
    }
    on_message(message);
  }
}

}  // namespace sallyport::linux
