// datagrams FROM-NETNS TO-NETNS SOURCE DESTINATION SIZE TRAIN SECONDS [numbered]: how many UDP datagrams of SIZE octets
// of payload pass in a second without loss, and how many arrive when the sender does not hold back. TRAIN datagrams are
// handed to the kernel at once (UDP_SEGMENT), else the sender itself is what ends first. One process with a socket in
// either network namespace, so that what was sent and what came is counted by one clock.
//
// Prints: lossless flooded, in datagrams a second. Lossless is at most one in a thousand lost, found by halving; each
// trial takes SECONDS and has a second chance, because the machine may have other users.
//
// With `numbered` as an eighth argument: sends as many as pass for SECONDS, with no more than 1024 of them under way,
// so that no queue runs over, however long the machine looks after others; each bears a number. Prints: sent, received,
// and how many of these came after a later one, or twice.
#include <arpa/inet.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr std::uint16_t kPort = 7001;
constexpr int kUdpSegment = 103;  // <netinet/udp.h> of some releases lacks it
constexpr int kSocketBuffer = 32 << 20;
constexpr std::size_t kMessages = 64;
constexpr double kLoss = 0.001;
constexpr std::uint64_t kUnderWay = 1024;  // of numbered datagrams
constexpr Seconds kPatience{1};            // with those under way, before they are taken for lost
constexpr int kHalvings = 7;

[[noreturn]] void fail(const std::string& what) {
  std::perror(what.c_str());
  std::exit(1);
}

sockaddr_in address(const char* text) {
  sockaddr_in made{};
  made.sin_family = AF_INET;
  made.sin_port = htons(kPort);
  if (inet_pton(AF_INET, text, &made.sin_addr) != 1) fail(text);
  return made;
}

int open_socket(const std::string& name_space, const char* local, int buffer) {
  const std::string path = "/run/netns/" + name_space;
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0 || setns(file, CLONE_NEWNET) != 0) fail(path);
  close(file);
  const int made = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  setsockopt(made, SOL_SOCKET, buffer, &kSocketBuffer, sizeof kSocketBuffer);
  const sockaddr_in here = address(local);
  if (bind(made, reinterpret_cast<const sockaddr*>(&here), sizeof here) != 0) fail("bind");
  return made;
}

/// What every datagram begins with.
struct Mark {
  std::uint32_t trial = 0;
  std::uint32_t number = 0;  // from 1 on; 0: not numbered
};

/// Counts the datagrams of one trial; late ones of the trial before bear another number.
class Receiver {
 public:
  explicit Receiver(int file) {
    std::thread([this, file] { receive(file); }).detach();
  }

  void begin(std::uint32_t trial) {
    trial_ = trial;
    count_ = late_ = 0;
  }
  std::uint64_t count() const { return count_; }
  std::uint64_t late() const { return late_; }

 private:
  void receive(int file) {
    constexpr std::size_t room = 2048;
    std::vector<std::uint8_t> memory(kMessages * room);
    std::array<mmsghdr, kMessages> messages{};
    std::array<iovec, kMessages> pieces;
    for (std::size_t i = 0; i < kMessages; ++i) {
      pieces[i] = {&memory[i * room], room};
      messages[i].msg_hdr.msg_iov = &pieces[i];
      messages[i].msg_hdr.msg_iovlen = 1;
    }
    for (Mark last;;) {
      const int got = recvmmsg(file, messages.data(), kMessages, MSG_WAITFORONE, nullptr);
      std::uint64_t of_trial = 0, late = 0;
      for (int i = 0; i < got; ++i) {
        Mark mark;
        std::memcpy(&mark, &memory[static_cast<std::size_t>(i) * room], sizeof mark);
        if (mark.trial != trial_) continue;
        ++of_trial;
        if (mark.trial == last.trial && mark.number != 0 && mark.number <= last.number)
          ++late;
        else
          last = mark;
      }
      count_ += of_trial;
      late_ += late;
    }
  }

  std::atomic<std::uint32_t> trial_ = 0;
  std::atomic<std::uint64_t> count_ = 0, late_ = 0;
};

struct Trial {
  double sent = 0, received = 0;  // a second
  bool lossless() const { return sent - received <= kLoss * sent; }
};

class Sender {
 public:
  Sender(int file, const char* destination, std::size_t size, std::size_t train, Seconds duration)
      : file_(file), size_(size), train_(train), duration_(duration), payload_(kMessages * size * train, 0x5a) {
    const sockaddr_in there = address(destination);
    if (connect(file, reinterpret_cast<const sockaddr*>(&there), sizeof there) != 0) fail("connect");
    const int segment = static_cast<int>(size);
    if (train > 1 && setsockopt(file, IPPROTO_UDP, kUdpSegment, &segment, sizeof segment) != 0) fail("UDP_SEGMENT");
  }

  /// `rate` in datagrams a second; 0: as many as leave.
  Trial run(Receiver& receiver, double rate) {
    begin(receiver);
    const auto start = Clock::now();
    std::uint64_t sent = 0;
    Seconds passed{};
    while ((passed = Clock::now() - start) < duration_) {
      const std::uint64_t due = rate > 0 ? static_cast<std::uint64_t>(passed.count() * rate) : sent + kMessages;
      if (due < sent + train_)
        std::this_thread::sleep_for(std::chrono::microseconds(30));
      else
        sent += send_some((due - sent) / train_) * train_;
    }
    const auto received = static_cast<double>(count_when_quiet(receiver));
    return {static_cast<double>(sent) / passed.count(), received / passed.count()};
  }

  /// As many as pass. How many were sent.
  std::uint64_t run_numbered(Receiver& receiver) {
    begin(receiver);
    number_ = 1;
    const auto start = Clock::now();
    auto progress = start;
    std::uint64_t sent = 0, received = 0, lost = 0;
    for (auto now = start; now - start < duration_; now = Clock::now()) {
      if (const std::uint64_t count = receiver.count(); count != received) {
        received = count;
        progress = now;
      }
      if (now - progress > kPatience) {
        lost = sent - received;
        progress = now;
      }
      if (received + lost + kUnderWay < sent + train_)
        std::this_thread::sleep_for(std::chrono::microseconds(30));
      else
        sent += send_some((received + lost + kUnderWay - sent) / train_) * train_;
    }
    count_when_quiet(receiver);
    number_ = 0;
    return sent;
  }

 private:
  void begin(Receiver& receiver) {
    ++trial_;
    for (std::size_t i = 0; i < kMessages; ++i) mark(i);
    receiver.begin(trial_);
  }
  static std::uint64_t count_when_quiet(const Receiver& receiver) {
    std::uint64_t received = 0;
    for (std::uint64_t last = ~std::uint64_t{0}; (received = receiver.count()) != last; last = received)
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    return received;
  }
  /// Marks the datagrams of one train in payload_ with what they are.
  void mark(std::size_t train) {
    for (std::size_t i = 0; i < train_; ++i) {
      const Mark mark{trial_, number_};
      std::memcpy(&payload_[(train * train_ + i) * size_], &mark, sizeof mark);
      if (number_ != 0) ++number_;
    }
  }
  std::size_t send_some(std::uint64_t trains) {
    std::array<mmsghdr, kMessages> messages{};
    std::array<iovec, kMessages> pieces;
    const std::uint32_t first = number_;
    const std::size_t most = std::max<std::size_t>(kMessages / 2 / train_, 1);
    const std::size_t count = std::min<std::size_t>(trains, most);
    for (std::size_t i = 0; i < count; ++i) {
      if (number_ != 0) mark(i);
      pieces[i] = {&payload_[i * train_ * size_], train_ * size_};
      messages[i].msg_hdr.msg_iov = &pieces[i];
      messages[i].msg_hdr.msg_iovlen = 1;
    }
    const int sent = sendmmsg(file_, messages.data(), static_cast<unsigned>(count), 0);
    if (sent < 0 && errno != ENOBUFS && errno != EAGAIN && errno != ECONNREFUSED) fail("sendmmsg");
    const std::size_t left = sent > 0 ? static_cast<std::size_t>(sent) : 0;
    if (number_ != 0) number_ = first + static_cast<std::uint32_t>(left * train_);  // the others' are free again
    return left;
  }

  int file_;
  std::size_t size_, train_;
  Seconds duration_;
  std::vector<std::uint8_t> payload_;
  std::uint32_t trial_ = 0;
  std::uint32_t number_ = 0;  // of the next datagram; 0: they are not numbered
};

double lossless_rate(Sender& sender, Receiver& receiver, const Trial& flood) {
  if (flood.lossless()) return flood.sent;
  double low = 0, high = flood.sent;
  for (int i = 0; i < kHalvings && high - low > 0.02 * high; ++i) {
    const double rate = i == 0 && flood.received > 0.2 * high ? 0.9 * flood.received : (low + high) / 2;
    bool passes = false;
    for (int chance = 0; chance < 2 && !passes; ++chance) {
      const Trial trial = sender.run(receiver, rate);
      passes = trial.sent >= 0.97 * rate && trial.lossless();
    }
    (passes ? low : high) = rate;
  }
  return low;
}

}  // namespace

int main(int count, char** words) {
  const bool complete = count == 8 || (count == 9 && std::strcmp(words[8], "numbered") == 0);
  const std::size_t size = complete ? std::strtoul(words[5], nullptr, 10) : 0;
  const std::size_t train = complete ? std::strtoul(words[6], nullptr, 10) : 0;
  if (size < sizeof(Mark) || size > 1400 || train < 1 || train > 32) {
    std::fputs("usage: datagrams FROM-NETNS TO-NETNS SOURCE DESTINATION SIZE TRAIN SECONDS [numbered]\n", stderr);
    return 2;
  }
  const int to = open_socket(words[2], words[4], SO_RCVBUFFORCE);
  const int from = open_socket(words[1], words[3], SO_SNDBUFFORCE);
  Receiver receiver(to);
  Sender sender(from, words[4], size, train, Seconds(std::strtod(words[7], nullptr)));
  if (count == 9) {
    const std::uint64_t sent = sender.run_numbered(receiver);
    std::printf("%llu %llu %llu\n", static_cast<unsigned long long>(sent),
                static_cast<unsigned long long>(receiver.count()), static_cast<unsigned long long>(receiver.late()));
    std::fflush(stdout);
    std::_Exit(receiver.count() > 0 ? 0 : 1);
  }
  sender.run(receiver, 2000);  // so that caches know the path
  const Trial flood = sender.run(receiver, 0);
  std::printf("%.0f %.0f\n", lossless_rate(sender, receiver, flood), flood.received);
  std::fflush(stdout);
  std::_Exit(flood.received > 0 ? 0 : 1);  // the receiver waits for ever
}
