// Network namespaces for tests: made without a name, so that nothing is left behind however a test ends.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>

#include "linux/file_descriptor.h"
#include "policy/address.h"

namespace sallyport::linux {

/// For tests that make networks: as root, with /dev/net/tun.
class NetworkTest : public testing::Test {
 protected:
  void SetUp() override;
};

class Namespace {
 public:
  /// With lo up, and nothing else.
  Namespace();

  /// Calls `action` inside, in this thread.
  template <class Action>
  auto within(Action action) const {
    const Visit visit(*this);
    return action();
  }
  /// A shell command, inside; the test fails when it does.
  void run(const std::string& command) const;
  /// What a shell command prints.
  std::string output(const std::string& command) const;
  /// For `ip link … netns`.
  std::string path() const;

 private:
  struct Visit {
    explicit Visit(const Namespace& to);
    ~Visit();
    FileDescriptor before;
  };
  FileDescriptor file_;
};

/// Two hosts on one wire: 192.0.2.1 and .2, 2001:db8::1 and ::2. Behind each a network of its own, of which it has one
/// address on lo: 10.1.0.1/16 and fd01::1 here, 10.2.0.1/16 and fd02::1 there; each has routes to the other's.
struct Pair {
  Pair();
  Namespace here;
  Namespace there;
};

/// A socket as an application has it: UDP, or a raw one of another protocol.
class Application {
 public:
  /// Bound in `where`; an unspecified address leaves the choice of the source to the kernel.
  Application(const Namespace& where, const policy::Endpoint& local, int protocol = 17);

  /// The errno of sending it; 0: sent.
  int send(const policy::Endpoint& to, const std::string& text) const;
  struct Received {
    std::string text;
    policy::Endpoint from;
  };
  /// Waits for the next datagram, a few seconds at most. Raw IPv4 comes with its header.
  std::optional<Received> receive() const;
  /// Nothing has arrived so far.
  bool has_nothing() const;
  /// Makes what it sends pass like what the daemon sends.
  void set_mark(std::uint32_t mark) const;

 private:
  FileDescriptor socket_;
};

policy::Endpoint endpoint(const std::string& address, std::uint16_t port = 0);

/// A process that does something in a namespace, and then only waits for its end.
class Victim {
 public:
  /// Returns when `action` has. The test fails when that returns false.
  Victim(const Namespace& where, const std::function<bool()>& action);
  ~Victim() { kill(); }
  Victim(const Victim&) = delete;
  Victim& operator=(const Victim&) = delete;
  /// With SIGKILL.
  void kill();

 private:
  int process_ = -1;
};

}  // namespace sallyport::linux
