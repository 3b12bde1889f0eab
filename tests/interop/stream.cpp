// interop_stream serve|connect OWN-ADDRESS PEER-ADDRESS OCTETS: one TCP connection on port 7000 that carries OCTETS
// both ways at once. Ends with 0 when all that the other sent arrived unharmed, within 15 seconds. A program of its own
// because starting an interpreter takes a second in the guest, and because nc ends before both directions have.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace {
constexpr std::uint16_t port = 7000;
constexpr unsigned bound_seconds = 15;

[[noreturn]] void give_up(const char* what) {
  std::fprintf(stderr, "interop_stream: %s: %s\n", what, std::strerror(errno));
  std::exit(1);
}

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

Address address(const std::string& text, std::uint16_t with_port) {
  Address result;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&result.storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&result.storage);
  if (inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(with_port);
    result.size = sizeof *v4;
  } else if (inet_pton(AF_INET6, text.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(with_port);
    result.size = sizeof *v6;
  } else {
    errno = EINVAL;
    give_up(text.c_str());
  }
  return result;
}

int bound_socket(Address own) {
  const int door = socket(own.storage.ss_family, SOCK_STREAM, 0);
  const int on = 1;
  setsockopt(door, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(door, own.get(), own.size) != 0) give_up("bind");
  return door;
}

int accept_one(const std::string& own) {
  const int door = bound_socket(address(own, port));
  if (listen(door, 1) != 0) give_up("listen");
  const int stream = accept(door, nullptr, nullptr);
  if (stream < 0) give_up("accept");
  return stream;
}

int connect_patiently(const std::string& own, const std::string& peer) {
  Address there = address(peer, port);
  for (;;) {  // alarm() ends it
    const int stream = bound_socket(address(own, 0));
    if (connect(stream, there.get(), there.size) == 0) return stream;
    if (errno != ECONNREFUSED) give_up("connect");
    close(stream);  // the other does not listen yet
    usleep(20'000);
  }
}

std::vector<char> content(bool of_server, std::size_t size) {
  std::mt19937 generator(of_server ? 1 : 2);
  std::vector<char> octets(size);
  for (char& octet : octets) octet = static_cast<char>(generator());
  return octets;
}

void send_all(int stream, const std::vector<char>& octets) {
  for (std::size_t sent = 0; sent < octets.size();) {
    const ssize_t n = send(stream, octets.data() + sent, octets.size() - sent, MSG_NOSIGNAL);
    if (n <= 0) give_up("send");
    sent += static_cast<std::size_t>(n);
  }
  shutdown(stream, SHUT_WR);
}

std::vector<char> receive_all(int stream) {
  std::vector<char> octets, chunk(65536);
  for (;;) {
    const ssize_t n = recv(stream, chunk.data(), chunk.size(), 0);
    if (n < 0) give_up("recv");
    if (n == 0) return octets;
    octets.insert(octets.end(), chunk.begin(), chunk.begin() + n);
  }
}
}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  const bool serve = std::string(argv[1]) == "serve";
  const auto size = static_cast<std::size_t>(std::atoll(argv[4]));
  alarm(bound_seconds);
  const int stream = serve ? accept_one(argv[2]) : connect_patiently(argv[2], argv[3]);
  std::thread sender([&] { send_all(stream, content(serve, size)); });
  const std::vector<char> received = receive_all(stream);
  sender.join();
  if (received == content(!serve, size)) return 0;
  std::fprintf(stderr, "interop_stream: %zu of %zu octets, or not the right ones\n", received.size(), size);
  return 1;
}
