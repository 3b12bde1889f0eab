// Many TCP connections at once, each to a port of its own, so that each goes by the SA that is for that port:
//
//   interop_echo serve OWN-ADDRESS FIRST LAST                      sends back what comes to any of these ports, until
//   killed interop_echo try OWN-ADDRESS PEER-ADDRESS FIRST LAST OCTETS    prints each port whose echo is right, one a
//   line
//
// `try` ends within 10 seconds; what is not printed did not come back. One process for all, because starting one takes
// a while in the guest.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {

[[noreturn]] void give_up(const char* what) {
  std::fprintf(stderr, "interop_echo: %s: %s\n", what, std::strerror(errno));
  std::exit(1);
}

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

Address address(const char* text, int port) {
  Address result;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&result.storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&result.storage);
  if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(static_cast<std::uint16_t>(port));
    result.size = sizeof *v4;
  } else if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(static_cast<std::uint16_t>(port));
    result.size = sizeof *v6;
  } else {
    errno = EINVAL;
    give_up(text);
  }
  return result;
}

int bound_socket(Address own) {
  const int made = socket(own.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
  const int on = 1;
  setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (made < 0 || bind(made, own.get(), own.size) != 0) give_up("bind");
  return made;
}

struct Connection {
  int socket = -1;
  std::vector<char> waiting;  // to be sent back
};

/// False: it is over.
bool echo(Connection& connection, short events) {
  char chunk[16384];
  if ((events & POLLIN) != 0) {
    const ssize_t n = recv(connection.socket, chunk, sizeof chunk, 0);
    if (n == 0 || (n < 0 && errno != EAGAIN)) return false;
    if (n > 0) connection.waiting.insert(connection.waiting.end(), chunk, chunk + n);
  }
  if (!connection.waiting.empty()) {
    const ssize_t n = send(connection.socket, connection.waiting.data(), connection.waiting.size(), MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN) return false;
    if (n > 0) connection.waiting.erase(connection.waiting.begin(), connection.waiting.begin() + n);
  }
  return (events & (POLLERR | POLLNVAL)) == 0;
}

[[noreturn]] void serve(const char* own, int first, int last) {
  std::vector<int> doors;
  for (int port = first; port <= last; ++port) {
    doors.push_back(bound_socket(address(own, port)));
    if (listen(doors.back(), 16) != 0) give_up("listen");
  }
  std::vector<Connection> connections;
  for (;;) {
    std::vector<pollfd> watched;
    for (const int door : doors) watched.push_back({door, POLLIN, 0});
    for (const Connection& each : connections)
      watched.push_back({each.socket, static_cast<short>(POLLIN | (each.waiting.empty() ? 0 : POLLOUT)), 0});
    if (poll(watched.data(), watched.size(), -1) < 0) give_up("poll");
    for (std::size_t i = connections.size(); i-- > 0;) {
      const short events = watched[doors.size() + i].revents;
      if (events == 0 || echo(connections[i], events)) continue;
      close(connections[i].socket);
      connections.erase(connections.begin() + static_cast<std::ptrdiff_t>(i));
    }
    for (std::size_t i = 0; i < doors.size(); ++i) {
      if (watched[i].revents == 0) continue;
      const int made = accept4(doors[i], nullptr, nullptr, SOCK_NONBLOCK);
      if (made >= 0) connections.push_back({.socket = made, .waiting = {}});
    }
  }
}

struct Trial {
  int port = 0;
  int socket = -1;
  std::vector<char> content;
  std::size_t sent = 0, received = 0;
  bool over = false;

  bool is_right() const { return received == content.size(); }
};

void move_on(Trial& trial, short events) {
  char chunk[16384];
  if ((events & POLLOUT) != 0 && trial.sent < trial.content.size()) {
    const ssize_t n =
        send(trial.socket, trial.content.data() + trial.sent, trial.content.size() - trial.sent, MSG_NOSIGNAL);
    if (n > 0) trial.sent += static_cast<std::size_t>(n);
    trial.over = n < 0 && errno != EAGAIN;
  }
  if ((events & POLLIN) != 0) {
    const ssize_t n = recv(trial.socket, chunk, sizeof chunk, 0);
    const auto size = static_cast<std::size_t>(std::max<ssize_t>(n, 0));
    const bool same =
        trial.received + size <= trial.content.size() &&
        std::equal(chunk, chunk + size, trial.content.begin() + static_cast<std::ptrdiff_t>(trial.received));
    trial.received += size;
    trial.over = n == 0 || (n < 0 && errno != EAGAIN) || !same || trial.is_right();
    if (!same) trial.received = 0;
  }
  if ((events & (POLLERR | POLLNVAL)) != 0) trial.over = true;
}

int try_all(const char* own, const char* peer, int first, int last, std::size_t size) {
  std::vector<Trial> trials;
  for (int port = first; port <= last; ++port) {
    Trial trial{.port = port, .socket = bound_socket(address(own, 0)), .content = std::vector<char>(size)};
    for (std::size_t i = 0; i < size; ++i) trial.content[i] = static_cast<char>(i * 7 + static_cast<std::size_t>(port));
    Address there = address(peer, port);
    if (connect(trial.socket, there.get(), there.size) != 0 && errno != EINPROGRESS) trial.over = true;
    trials.push_back(std::move(trial));
  }
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (std::chrono::steady_clock::now() < end) {
    std::vector<pollfd> watched;
    std::vector<Trial*> whose;
    for (Trial& trial : trials) {
      if (trial.over) continue;
      watched.push_back({trial.socket, static_cast<short>(POLLIN | (trial.sent < size ? POLLOUT : 0)), 0});
      whose.push_back(&trial);
    }
    if (watched.empty()) break;
    if (poll(watched.data(), watched.size(), 200) < 0) give_up("poll");
    for (std::size_t i = 0; i < watched.size(); ++i)
      if (watched[i].revents != 0) move_on(*whose[i], watched[i].revents);
  }
  for (const Trial& trial : trials)
    if (trial.is_right()) std::printf("%d\n", trial.port);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string task = argc > 1 ? argv[1] : "";
  if (task == "serve" && argc == 5) serve(argv[2], std::atoi(argv[3]), std::atoi(argv[4]));
  if (task == "try" && argc == 7)
    return try_all(argv[2], argv[3], std::atoi(argv[4]), std::atoi(argv[5]),
                   static_cast<std::size_t>(std::atoll(argv[6])));
  return 2;
}
