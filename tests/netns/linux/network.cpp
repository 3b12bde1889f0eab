#include "tests/netns/linux/network.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "linux/socket_address.h"

namespace sallyport::linux {
namespace {

constexpr int kPatienceMilliseconds = 5000;

FileDescriptor current_namespace() { return FileDescriptor(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)); }

bool readable(int fd, int milliseconds) {
  pollfd wait{.fd = fd, .events = POLLIN, .revents = 0};
  return poll(&wait, 1, milliseconds) > 0;
}

}  // namespace

void NetworkTest::SetUp() {
  if (geteuid() != 0 || access("/dev/net/tun", R_OK | W_OK) != 0) GTEST_SKIP() << "needs root and /dev/net/tun";
}

Namespace::Namespace() {
  const FileDescriptor before = current_namespace();
  if (unshare(CLONE_NEWNET) != 0) return;
  file_ = current_namespace();
  // Without duplicate address detection, which would make the first second special.
  if (std::system("sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0 && ip link set lo up"))
    ADD_FAILURE() << "cannot set a namespace up";
  setns(before.get(), CLONE_NEWNET);
}

Namespace::Visit::Visit(const Namespace& to) : before(current_namespace()) { setns(to.file_.get(), CLONE_NEWNET); }
Namespace::Visit::~Visit() { setns(before.get(), CLONE_NEWNET); }

void Namespace::run(const std::string& command) const {
  within([&] { EXPECT_EQ(std::system(command.c_str()), 0) << command; });
}

std::string Namespace::output(const std::string& command) const {
  return within([&] {
    std::string text;
    std::FILE* pipe = popen(command.c_str(), "r");
    std::array<char, 4096> buffer;
    while (const std::size_t got = std::fread(buffer.data(), 1, buffer.size(), pipe)) text.append(buffer.data(), got);
    pclose(pipe);
    return text;
  });
}

std::string Namespace::path() const { return fmt::format("/proc/{}/fd/{}", getpid(), file_.get()); }

Pair::Pair() {
  here.run(fmt::format("ip link add wire type veth peer name wire netns {}", there.path()));
  here.run("ip link set wire up");
  there.run("ip link set wire up");
  const auto set_up = [](const Namespace& host, int own, int other) {
    host.run(
        fmt::format("ip -batch - <<END\n"
                    "addr add 192.0.2.{0}/24 dev wire\n"
                    "addr add 2001:db8::{0}/64 dev wire nodad\n"
                    "addr add 10.{0}.0.1/16 dev lo\n"
                    "addr add fd0{0}::1/16 dev lo nodad\n"
                    "route add 10.{1}.0.0/16 via 192.0.2.{1}\n"
                    "route add fd0{1}::/16 via 2001:db8::{1}\nEND",
                    own, other));
  };
  set_up(here, 1, 2);
  set_up(there, 2, 1);
}

policy::Endpoint endpoint(const std::string& address, std::uint16_t port) {
  return {*policy::IpAddress::parse(address), port};
}

Application::Application(const Namespace& where, const policy::Endpoint& local, int protocol) {
  const SocketAddress address(local);
  const int type = protocol == 17 ? SOCK_DGRAM : SOCK_RAW;
  socket_ = where.within([&] { return FileDescriptor(socket(address.family(), type | SOCK_CLOEXEC, protocol)); });
  EXPECT_EQ(bind(socket_.get(), address.get(), address.size()), 0) << to_string(local);
}

int Application::send(const policy::Endpoint& to, const std::string& text) const {
  const SocketAddress address(to);
  return sendto(socket_.get(), text.data(), text.size(), 0, address.get(), address.size()) < 0 ? errno : 0;
}

std::optional<Application::Received> Application::receive() const {
  if (!readable(socket_.get(), kPatienceMilliseconds)) return std::nullopt;
  std::array<char, 65536> buffer;
  sockaddr_storage from{};
  socklen_t size = sizeof from;
  const ssize_t got =
      recvfrom(socket_.get(), buffer.data(), buffer.size(), 0, reinterpret_cast<sockaddr*>(&from), &size);
  if (got < 0) return std::nullopt;
  return Received{std::string(buffer.data(), static_cast<std::size_t>(got)),
                  endpoint_of(from).value_or(policy::Endpoint{})};
}

bool Application::has_nothing() const { return !readable(socket_.get(), 0); }

void Application::set_mark(std::uint32_t mark) const {
  EXPECT_EQ(setsockopt(socket_.get(), SOL_SOCKET, SO_MARK, &mark, sizeof mark), 0);
}

Victim::Victim(const Namespace& where, const std::function<bool()>& action) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) std::abort();
  FileDescriptor reader(ends[0]), writer(ends[1]);
  process_ = fork();
  if (process_ == 0) {
    const char done = where.within(action) ? 'y' : 'n';
    if (write(writer.get(), &done, 1) == 1)
      for (;;) pause();
    _exit(1);
  }
  writer.close();
  char done = 0;
  EXPECT_EQ(read(reader.get(), &done, 1), 1);
  EXPECT_EQ(done, 'y');
}

void Victim::kill() {
  if (process_ <= 0) return;
  ::kill(process_, SIGKILL);
  waitpid(process_, nullptr, 0);
  process_ = -1;
}

}  // namespace sallyport::linux
