#include "linux/resolver.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <deque>
#include <mutex>
#include <span>
#include <system_error>
#include <thread>
#include <utility>

#include "linux/waker.h"

namespace sallyport::linux {
namespace {

/// A name server that does not answer must not keep all other names waiting.
constexpr std::size_t kMostThreads = 4;

std::optional<policy::IpAddress> address_of(const sockaddr& address) {
  std::array<std::uint8_t, 16> octets{};
  if (address.sa_family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, &address, sizeof v4);
    std::memcpy(octets.data(), &v4.sin_addr, 4);
    return policy::IpAddress::from_bytes(std::span(octets).first<4>());
  }
  if (address.sa_family == AF_INET6) {
    sockaddr_in6 v6;
    std::memcpy(&v6, &address, sizeof v6);
    std::memcpy(octets.data(), &v6.sin6_addr, 16);
    return policy::IpAddress::from_bytes(octets);
  }
  return std::nullopt;
}

Resolved look_up(const std::string& name) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_DGRAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(name.c_str(), nullptr, &hints, &found); error != 0)
    return {{}, gai_strerror(error)};
  Resolved resolved;
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next)
    if (const auto address = address_of(*each->ai_addr)) resolved.addresses.push_back(*address);
  freeaddrinfo(found);
  if (resolved.addresses.empty()) resolved.error = "the name has no address";
  return resolved;
}

}  // namespace

struct Resolver::Shared {
  explicit Shared(Waker waker_in) : waker(std::move(waker_in)) {}

  std::mutex mutex;
  std::deque<std::string> questions;
  std::deque<std::pair<std::string, Resolved>> answers;
  std::size_t threads = 0;
  bool stopped = false;
  Waker waker;
};

SystemResult<std::unique_ptr<Resolver>> Resolver::start(EventLoop& loop, OnAnswer on_answer) {
  auto waker = TRY(Waker::create());
  auto shared = std::make_shared<Shared>(std::move(waker));
  std::unique_ptr<Resolver> resolver(new Resolver(shared, std::move(on_answer)));
  resolver->watch_ =
      TRY(loop.watch(shared->waker.fd(), {.readable = true}, [r = resolver.get()](Readiness) { r->deliver(); }));
  return resolver;
}

Resolver::Resolver(std::shared_ptr<Shared> shared, OnAnswer on_answer)
    : shared_(std::move(shared)), on_answer_(std::move(on_answer)) {}

Resolver::~Resolver() {
  const std::lock_guard lock(shared_->mutex);
  shared_->stopped = true;
  shared_->questions.clear();
}

void Resolver::ask(const std::string& name) {
  const std::lock_guard lock(shared_->mutex);
  shared_->questions.push_back(name);
  if (shared_->threads >= kMostThreads) return;
  try {
    std::thread([shared = shared_] { work(shared); }).detach();
    ++shared_->threads;
  } catch (const std::system_error& error) {
    if (shared_->threads != 0) return;  // another one will come to it
    shared_->questions.pop_back();
    shared_->answers.emplace_back(name, Resolved{{}, error.code().message()});
    shared_->waker.wake();
  }
}

/// Until there are no more questions.
void Resolver::work(const std::shared_ptr<Shared>& shared) {
  std::unique_lock lock(shared->mutex);
  while (!shared->questions.empty()) {
    const std::string name = std::move(shared->questions.front());
    shared->questions.pop_front();
    lock.unlock();
    Resolved resolved = look_up(name);
    lock.lock();
    if (shared->stopped) break;
    shared->answers.emplace_back(name, std::move(resolved));
    shared->waker.wake();
  }
  --shared->threads;
}

void Resolver::deliver() {
  shared_->waker.drain();
  std::deque<std::pair<std::string, Resolved>> answers;
  {
    const std::lock_guard lock(shared_->mutex);
    answers.swap(shared_->answers);
  }
  for (auto& [name, resolved] : answers) on_answer_(name, std::move(resolved));
}

}  // namespace sallyport::linux
