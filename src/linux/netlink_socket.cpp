#include "linux/netlink_socket.h"

#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>
#include <cstring>

#include "base/check.h"

namespace sallyport::linux {
namespace {

// Requests sent before their answers are read: the answers to so many fit into any socket's buffer.
constexpr std::size_t kRequestsAtOnce = 64;
constexpr int kDumpAttempts = 16;

}  // namespace

NetlinkRequest::NetlinkRequest(std::uint16_t type, std::uint16_t flags) {
  grow(sizeof(nlmsghdr));
  message().nlmsg_type = type;
  message().nlmsg_flags = static_cast<std::uint16_t>(flags | NLM_F_REQUEST);
}

nlmsghdr& NetlinkRequest::message() { return *reinterpret_cast<nlmsghdr*>(bytes_.data()); }

std::uint8_t* NetlinkRequest::grow(std::size_t size) {
  const std::size_t at = bytes_.size();
  bytes_.resize(at + MNL_ALIGN(size));
  message().nlmsg_len = static_cast<std::uint32_t>(bytes_.size());
  return bytes_.data() + at;
}

void NetlinkRequest::put(std::uint16_t attribute, ByteView value) {
  const nlattr header{static_cast<std::uint16_t>(MNL_ATTR_HDRLEN + value.size()), attribute};
  std::uint8_t* at = grow(header.nla_len);
  std::memcpy(at, &header, sizeof header);
  if (!value.empty()) std::memcpy(at + MNL_ATTR_HDRLEN, value.data(), value.size());
}

void NetlinkRequest::put_u32(std::uint16_t attribute, std::uint32_t value) {
  put(attribute, {reinterpret_cast<const std::uint8_t*>(&value), sizeof value});
}

std::size_t NetlinkRequest::begin_nested(std::uint16_t attribute) {
  const std::size_t begin = bytes_.size();
  put(static_cast<std::uint16_t>(attribute | NLA_F_NESTED), {});
  return begin;
}

void NetlinkRequest::end_nested(std::size_t begin) {
  const auto size = static_cast<std::uint16_t>(bytes_.size() - begin);
  std::memcpy(bytes_.data() + begin, &size, sizeof size);
}

NetlinkAttributes::NetlinkAttributes(ByteView bytes) {
  const auto* attribute = reinterpret_cast<const nlattr*>(bytes.data());
  const auto* end = bytes.data() + bytes.size();
  while (mnl_attr_ok(attribute, static_cast<int>(end - reinterpret_cast<const std::uint8_t*>(attribute)))) {
    const auto* value = static_cast<const std::uint8_t*>(mnl_attr_get_payload(attribute));
    attributes_.emplace_back(mnl_attr_get_type(attribute), ByteView(value, mnl_attr_get_payload_len(attribute)));
    attribute = mnl_attr_next(attribute);
  }
}

std::optional<ByteView> NetlinkAttributes::find(std::uint16_t attribute) const {
  for (const auto& [number, value] : attributes_)
    if (number == attribute) return value;
  return std::nullopt;
}

std::uint8_t NetlinkAttributes::u8(std::uint16_t attribute) const {
  const auto value = find(attribute);
  return value && value->size() == 1 ? value->front() : 0;
}

std::uint32_t NetlinkAttributes::u32(std::uint16_t attribute) const {
  const auto value = find(attribute);
  std::uint32_t number = 0;
  if (value && value->size() == sizeof number) std::memcpy(&number, value->data(), sizeof number);
  return number;
}

std::optional<policy::IpAddress> NetlinkAttributes::address(std::uint16_t attribute) const {
  const auto value = find(attribute);
  return value ? policy::IpAddress::from_bytes(*value) : std::nullopt;
}

SystemResult<NetlinkSocket> NetlinkSocket::open() {
  FileDescriptor descriptor(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!descriptor) return refused(errno, "cannot create a netlink socket");
  // Answers without a copy of the request; and dumps that heed what they are asked for (Linux 4.20, else we sift).
  const int on = 1;
  setsockopt(descriptor.get(), SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
  setsockopt(descriptor.get(), SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof on);
  // The kernel answers at once; should an answer be lost, we do not wait for ever.
  const timeval patience{.tv_sec = 5, .tv_usec = 0};
  setsockopt(descriptor.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  return NetlinkSocket(std::move(descriptor));
}

Result<void> NetlinkSocket::send(ByteView bytes) const {
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  const auto* to = reinterpret_cast<const sockaddr*>(&kernel);
  while (sendto(socket_.get(), bytes.data(), bytes.size(), 0, to, sizeof kernel) < 0)
    if (errno != EINTR) return system_failure(errno);
  return {};
}

Result<ByteView> NetlinkSocket::receive() {
  for (;;) {
    const ssize_t got = recv(socket_.get(), buffer_.data(), buffer_.size(), MSG_TRUNC);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_failure(errno);
    if (static_cast<std::size_t>(got) > buffer_.size()) return system_failure(EMSGSIZE);
    return ByteView(buffer_).first(static_cast<std::size_t>(got));
  }
}

namespace {

/// Calls `on_message` for each message of a datagram, until it returns false.
template <class OnMessage>
void for_each_message(ByteView datagram, OnMessage on_message) {
  auto length = static_cast<int>(datagram.size());
  const auto* message = reinterpret_cast<const nlmsghdr*>(datagram.data());
  for (; mnl_nlmsg_ok(message, length); message = mnl_nlmsg_next(message, &length))
    if (!on_message(*message)) return;
}

ByteView payload_of(const nlmsghdr& message) {
  return {static_cast<const std::uint8_t*>(mnl_nlmsg_get_payload(&message)), mnl_nlmsg_get_payload_len(&message)};
}

int error_of(const nlmsghdr& message) {
  int error = 0;
  const ByteView payload = payload_of(message);
  if (payload.size() >= sizeof error) std::memcpy(&error, payload.data(), sizeof error);
  return -error;
}

}  // namespace

Result<std::vector<int>> NetlinkSocket::apply(std::span<NetlinkRequest> requests) {
  std::vector<int> errors;
  errors.reserve(requests.size());
  while (!requests.empty()) {
    const auto some = requests.first(std::min(requests.size(), kRequestsAtOnce));
    Bytes bytes;
    const std::uint32_t first = sequence_ + 1;
    for (NetlinkRequest& request : some) {
      request.message().nlmsg_seq = ++sequence_;
      request.message().nlmsg_flags |= NLM_F_ACK;
      append(bytes, request.bytes());
    }
    TRY(send(bytes));
    const std::size_t done = errors.size();
    errors.resize(done + some.size());
    for (std::size_t answers = 0; answers < some.size();) {
      for_each_message(TRY(receive()), [&](const nlmsghdr& message) {
        const std::uint32_t index = message.nlmsg_seq - first;
        if (message.nlmsg_type != NLMSG_ERROR || index >= some.size()) return true;
        errors[done + index] = error_of(message);
        ++answers;
        return true;
      });
    }
    requests = requests.subspan(some.size());
  }
  return errors;
}

Result<void> NetlinkSocket::apply(NetlinkRequest request) {
  const auto errors = TRY(apply(std::span(&request, 1)));
  if (errors.front() != 0) return system_failure(errors.front());
  return {};
}

Result<void> NetlinkSocket::ask(NetlinkRequest request, const std::function<void(const NetlinkMessage&)>& on_answer) {
  request.message().nlmsg_seq = ++sequence_;
  TRY(send(request.bytes()));
  std::optional<int> error;
  while (!error) {
    for_each_message(TRY(receive()), [&](const nlmsghdr& message) {
      if (message.nlmsg_seq != sequence_) return true;
      error = message.nlmsg_type == NLMSG_ERROR ? error_of(message) : 0;
      if (*error == 0) on_answer({message.nlmsg_type, payload_of(message)});
      return false;
    });
  }
  if (*error != 0) return system_failure(*error);
  return {};
}

Result<void> NetlinkSocket::dump(NetlinkRequest request, const std::function<void()>& on_start,
                                 const std::function<void(const NetlinkMessage&)>& on_message) {
  for (int attempt = 0; attempt < kDumpAttempts; ++attempt) {
    request.message().nlmsg_seq = ++sequence_;
    TRY(send(request.bytes()));
    on_start();
    bool complete = true;
    std::optional<int> error;
    while (!error) {
      for_each_message(TRY(receive()), [&](const nlmsghdr& message) {
        if (message.nlmsg_seq != sequence_) return true;
        if (message.nlmsg_flags & NLM_F_DUMP_INTR) complete = false;
        if (message.nlmsg_type == NLMSG_DONE) {
          error = 0;
        } else if (message.nlmsg_type == NLMSG_ERROR) {
          error = error_of(message);
        } else {
          on_message({message.nlmsg_type, payload_of(message)});
        }
        return !error;
      });
    }
    if (*error != 0) return system_failure(*error);
    if (complete) return {};
  }
  return system_failure(EAGAIN);
}

}  // namespace sallyport::linux
