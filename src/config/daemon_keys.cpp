// The keys of [datapath] and [daemon].
#include <fmt/format.h>

#include <array>
#include <cmath>

#include "config/section_keys.h"
#include "config/values.h"
#include "policy/text_error.h"

namespace sallyport::config {
namespace {

constexpr auto kBackendWords =
    std::to_array<Word<Backend>>({{"auto", Backend::automatic}, {"userspace", Backend::userspace}, {"xfrm", kNotYet}});

constexpr auto kLogWords = std::to_array<Word<LogLevel>>({{"error", LogLevel::error},
                                                          {"warning", LogLevel::warning},
                                                          {"info", LogLevel::info},
                                                          {"debug", LogLevel::debug},
                                                          {"trace", LogLevel::trace},
                                                          {"warn", LogLevel::warning}});

/// What Linux takes as an interface's name, without the "%" that would make it a pattern.
void read_device(DatapathConfig& datapath, const ConfigNode& node, Diagnostics& diagnostics) {
  const auto name = read_text(node, diagnostics);
  if (!name) return;
  const bool bad_character =
      name->find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") !=
      std::string_view::npos;
  if (name->empty() || name->size() > 15 || bad_character || *name == "." || *name == "..") {
    diagnostics.error(node.origin(),
                      fmt::format("{}: {} cannot name a network device", node.path(), policy::quoted(*name)),
                      "1 to 15 letters, digits and \"._-\"");
  } else {
    datapath.device = *name;
  }
}

constexpr std::uint64_t kMostWorkers = 64;

constexpr std::uint64_t kLeastMtu = 1280;  // or there would be no IPv6 (RFC 8200 §5)

void read_mtu(DatapathConfig& datapath, const ConfigNode& node, Diagnostics& diagnostics) {
  if (node.kind() == ConfigNode::Kind::text && node.text() == "auto")
    datapath.mtu = 0;
  else
    assign(datapath.mtu, read_number(node, diagnostics, kLeastMtu, 65535));
}

constexpr auto kMssWords = std::to_array<Word<bool>>({{"path", true}, {"no", false}});

constexpr auto kRefusedWords = std::to_array<Word<bool>>({{"drop", false}, {"answer", true}});

constexpr auto kDatapathKeys = std::to_array<Key<DatapathConfig>>({
    {{"backend", "auto, userspace", "auto", "what moves the packets"},
     [](DatapathConfig& c, const ConfigNode& n, Diagnostics& d) { assign(c.backend, read_word(n, d, kBackendWords)); }},
    {{"device", "name", "sally0", "the TUN device"}, read_device},
    {{"mtu", "auto, 1280 to 65535", "auto",
      "of the device: octets of a clear packet; auto: what the widest path takes"},
     read_mtu},
    {{"tcp_mss", "path, no", "path",
      "the ends of TCP connections are told to send no larger segments than pass in one piece"},
     [](DatapathConfig& c, const ConfigNode& n, Diagnostics& d) { assign(c.tcp_mss, read_word(n, d, kMssWords)); }},
    {{"refused", "drop, answer", "drop",
      "a packet that a policy discards, or that has no SA and gets none: dropped, or answered by ICMP, \"prohibited\""},
     [](DatapathConfig& c, const ConfigNode& n, Diagnostics& d) {
       assign(c.answer_refused, read_word(n, d, kRefusedWords));
     }},
    {{"workers", "0 to 64", "0", "threads that move packets; 0: one for each core"},
     [](DatapathConfig& c, const ConfigNode& n, Diagnostics& d) {
       assign(c.workers, read_number(n, d, 0, kMostWorkers));
     }},
});

void read_retransmit_timeout(DaemonConfig& daemon, const ConfigNode& node, Diagnostics& diagnostics) {
  const auto seconds = read_decimal(node, diagnostics, 0.1, 60);
  if (seconds) daemon.retransmit_timeout = std::chrono::milliseconds(std::llround(*seconds * 1000));
}

void read_half_open_timeout(DaemonConfig& daemon, const ConfigNode& node, Diagnostics& diagnostics) {
  const auto timeout = read_time(node, diagnostics);
  if (timeout && timeout->count() == 0) {
    diagnostics.error(node.origin(), fmt::format("{}: without a limit anybody could fill our memory", node.path()),
                      "write \"30s\"");
  } else {
    assign(daemon.half_open_timeout, timeout);
  }
}

constexpr auto kDaemonKeys = std::to_array<Key<DaemonConfig>>({
    {{"log", "error, warning, info, debug, trace", "info", "what is logged: this and whatever is worse"},
     [](DaemonConfig& c, const ConfigNode& n, Diagnostics& d) { assign(c.log, read_word(n, d, kLogWords)); }},
    {{"keylog", "folder", "", "for debugging: all keys go there, in Wireshark's files"},
     [](DaemonConfig& c, const ConfigNode& n, Diagnostics& d) { assign(c.keylog, read_text(n, d)); }},
    {{"retransmit_timeout", "seconds", "4.0", "how long the first answer is waited for"}, read_retransmit_timeout},
    {{"retransmit_base", "number", "1.8", "each further wait is longer by this factor"},
     [](DaemonConfig& c, const ConfigNode& n, Diagnostics& d) { assign(c.retransmit_base, read_decimal(n, d, 1, 4)); }},
    {{"retransmit_tries", "number", "5", "repetitions before a peer counts as unreachable"},
     [](DaemonConfig& c, const ConfigNode& n, Diagnostics& d) {
       assign(c.retransmit_tries, read_number(n, d, 0, 30));
     }},
    {{"retransmit_jitter", "number", "0.1", "share of each wait that is taken off at random"},
     [](DaemonConfig& c, const ConfigNode& n, Diagnostics& d) {
       assign(c.retransmit_jitter, read_decimal(n, d, 0, 1));
     }},
    {{"keep_alive", "time", "20s", "after so much silence a NAT on the way is kept open; 0: never"},
     [](DaemonConfig& c, const ConfigNode& n, Diagnostics& d) { assign(c.keep_alive, read_time(n, d)); }},
    {{"half_open_timeout", "time", "30s", "how long a peer may take to prove who it is"}, read_half_open_timeout},
    {{"cookie_threshold", "number", "30", "from so many unfinished IKE SAs on, peers must first return a cookie"},
     [](DaemonConfig& c, const ConfigNode& n, Diagnostics& d) {
       assign(c.cookie_threshold, read_number(n, d, 0, 1000000));
     }},
    {{"cookie_threshold_ip", "number", "10", "the same for those of one address (IPv6: of one /64)"},
     [](DaemonConfig& c, const ConfigNode& n, Diagnostics& d) {
       assign(c.cookie_threshold_ip, read_number(n, d, 0, 1000000));
     }},
    {{"block_threshold", "number", "100",
      "with so many of one address (IPv6: of one /64) that take longer than 2s, it is turned away"},
     [](DaemonConfig& c, const ConfigNode& n, Diagnostics& d) {
       assign(c.block_threshold, read_number(n, d, 1, 1000000));
     }},
    {{"puzzle_threshold", "number", "200",
      "from so many unfinished IKE SAs on, peers must also solve a puzzle (RFC 8019)"},
     [](DaemonConfig& c, const ConfigNode& n, Diagnostics& d) {
       assign(c.puzzle_threshold, read_number(n, d, 0, 1000000));
     }},
    {{"puzzle_difficulty", "0 to 24", "16",
      "zero bits of its solution that are asked for near half_open_limit; fewer below; 0: any number"},
     [](DaemonConfig& c, const ConfigNode& n, Diagnostics& d) {
       assign(c.puzzle_difficulty, read_number(n, d, 0, 24));
     }},
    {{"puzzle_limit", "0 to 30", "20",
      "peers' puzzles are solved up to so many zero bits, each of which doubles the work; 0: none is"},
     [](DaemonConfig& c, const ConfigNode& n, Diagnostics& d) { assign(c.puzzle_limit, read_number(n, d, 0, 30)); }},
    {{"half_open_limit", "number", "1000", "with so many unfinished IKE SAs, further peers are turned away"},
     [](DaemonConfig& c, const ConfigNode& n, Diagnostics& d) {
       assign(c.half_open_limit, read_number(n, d, 1, 1000000));
     }},
    {{"window", "1 to 64", "8",
      "IKEv2 requests on an IKE SA at once, ours as far as the peer takes them; 1: one after the other"},
     [](DaemonConfig& c, const ConfigNode& n, Diagnostics& d) { assign(c.window, read_number(n, d, 1, 64)); }},
    {{"fragment_size", "octets", "1280",
      "largest IP packet that carries a fragment of an IKE message, headers included"},
     [](DaemonConfig& c, const ConfigNode& n, Diagnostics& d) {
       assign(c.fragment_size, read_number(n, d, 128, 65535));
     }},
    {{"max_packet", "octets", "10000", "largest IKE message that is put together from fragments"},
     [](DaemonConfig& c, const ConfigNode& n, Diagnostics& d) {
       assign(c.max_packet, read_number(n, d, 1500, 65535));
     }},
});

template <class Target>
Written read_all(const ConfigNode& section, std::span<const Key<Target>> keys, Target& target,
                 Diagnostics& diagnostics) {
  Written written;
  written.path = section.path();
  written.origins[""] = section.key_origin();
  for (const ConfigNode& entry : section.children()) read_key(entry, keys, target, written, "", diagnostics);
  return written;
}

/// From the first message to the moment when the peer counts as unreachable.
double seconds_to_give_up(const DaemonConfig& c) {
  double wait = std::chrono::duration<double>(c.retransmit_timeout).count(), sum = wait;
  for (std::uint32_t i = 0; i < c.retransmit_tries; ++i) sum += wait *= c.retransmit_base;
  return sum;
}

}  // namespace

DatapathConfig read_datapath(const ConfigNode& section, Diagnostics& diagnostics) {
  DatapathConfig datapath;
  read_all(section, std::span<const Key<DatapathConfig>>(kDatapathKeys), datapath, diagnostics);
  return datapath;
}

DaemonConfig read_daemon(const ConfigNode& section, Diagnostics& diagnostics) {
  DaemonConfig daemon;
  const Written written = read_all(section, std::span<const Key<DaemonConfig>>(kDaemonKeys), daemon, diagnostics);
  constexpr double most = 86400;
  if (seconds_to_give_up(daemon) > most)
    written.error(written.has("retransmit_tries") ? "retransmit_tries" : "retransmit_base",
                  "an unreachable peer would be noticed after more than a day", diagnostics,
                  "lower retransmit_tries, retransmit_base or retransmit_timeout");
  if (written.usable({"cookie_threshold", "half_open_limit"}) && daemon.cookie_threshold > daemon.half_open_limit)
    written.warning(written.has("cookie_threshold") ? "cookie_threshold" : "half_open_limit",
                    "no peer will be asked for a cookie before half_open_limit turns all away", diagnostics);
  return daemon;
}

KeySection describe_datapath() {
  return describe("datapath", "What moves the packets.", std::span<const Key<DatapathConfig>>(kDatapathKeys));
}

KeySection describe_daemon() {
  return describe("daemon", "The daemon itself, and the patience of its IKE engine.",
                  std::span<const Key<DaemonConfig>>(kDaemonKeys));
}

}  // namespace sallyport::config
