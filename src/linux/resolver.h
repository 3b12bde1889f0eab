// Resolver: addresses of names, from wherever this host looks names up (getaddrinfo: /etc/hosts, DNS). That may take
// many seconds, so it happens in threads, a few at a time; answers come in the event loop.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "linux/event_loop.h"
#include "policy/address.h"

namespace sallyport::linux {

/// In the order in which they are best tried (RFC 6724). Without addresses: why.
struct Resolved {
  std::vector<policy::IpAddress> addresses;
  std::string error;
};

class Resolver {
 public:
  using OnAnswer = std::function<void(const std::string& name, Resolved resolved)>;

  /// `on_answer` is called in the loop, once for each question.
  static SystemResult<std::unique_ptr<Resolver>> start(EventLoop& loop, OnAnswer on_answer);
  /// Waits for nothing: threads that are still asking end by themselves, and nobody hears of it.
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  void ask(const std::string& name);

 private:
  struct Shared;
  Resolver(std::shared_ptr<Shared> shared, OnAnswer on_answer);
  static void work(const std::shared_ptr<Shared>& shared);
  void deliver();

  std::shared_ptr<Shared> shared_;  // with the threads
  OnAnswer on_answer_;
  EventLoop::Watch watch_;
};

}  // namespace sallyport::linux
