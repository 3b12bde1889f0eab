// The numbers of the IKE engine that an administrator may set; strongswan.conf has the same ones under the same names.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/secret.h"
#include "base/time.h"

namespace sallyport::ike {

struct Settings {
  // Retransmission (RFC 7296 §2.1): wait, send again, wait `retransmit_base` times longer; after `retransmit_tries`
  // repetitions the peer counts as unreachable. The defaults give up after 165 s.
  Duration retransmit_timeout = std::chrono::seconds(4);
  double retransmit_base = 1.8;
  std::uint32_t retransmit_tries = 5;
  /// Of each wait, taken off at random, so that many peers of one gateway do not beat in time.
  double retransmit_jitter = 0.1;

  /// NAT keepalives (RFC 3948 §4) after so much silence of ours; 0 for none.
  Duration keep_alive = std::chrono::seconds(20);

  /// A responder forgets an IKE SA that is not established by then.
  Duration half_open_timeout = std::chrono::seconds(30);
  /// From so many half-open IKE SAs on, an initiator must first return a cookie (RFC 7296 §2.6).
  std::uint32_t cookie_threshold = 30;
  /// From so many of one source on (an address of IPv4, a /64 of IPv6) it must, whatever others do.
  std::uint32_t cookie_threshold_ip = 10;
  /// From so many on, an initiator must also solve a puzzle (RFC 8019).
  std::uint32_t puzzle_threshold = 200;
  /// Zero bits of its solution: so many near the limit, fewer where there is room; 0: as many as it likes.
  std::uint8_t puzzle_difficulty = 16;
  /// As an initiator we solve what wants no more zero bits than this; 0: none at all. Each one doubles the work: 4
  /// million hashes, on the average, for 20.
  std::uint8_t puzzle_limit = 20;
  /// With so many of one source that are still not finished after two seconds, it gets no further one.
  std::uint32_t block_threshold = 100;
  /// With so many, further initiators are turned away. This bounds what unauthenticated peers can make us hold.
  std::uint32_t half_open_limit = 1000;

  /// IKEv1's Aggressive Mode makes a responder compute before the initiator's address has answered, and IKEv1 has no
  /// cookies to ask for: so many first messages a second are answered, no more.
  std::uint32_t aggressive_per_second = 50;

  /// IKEv2's crash tokens are made with it (RFC 6290): the same after a restart. nullptr: none are made.
  std::shared_ptr<const Secret> crash_secret;
  /// Messages of no IKE SA that we have, and ESP of no Child SA, are answered at this rate at most: proof that we have
  /// lost it, or a hint.
  std::uint32_t stray_answers_per_second = 20;

  /// A responder that has heard nothing since it answered IKE_AUTH asks once whether the initiator got that answer:
  /// otherwise an answer lost for good would leave an SA that only one side knows.
  Duration confirm_after = std::chrono::seconds(30);

  /// A message that does not fit into an IP packet of so many octets is sent in fragments that do.
  std::size_t fragment_size = 1280;
  /// Octets of the largest message that is put together from fragments: what each IKE SA may hold of them.
  std::size_t max_packet = 10000;

  /// IKEv2's message ids never begin anew (RFC 7296 §2.2): with half of them used up an IKE SA is rekeyed, with all of
  /// them it is closed.
  std::uint32_t message_ids = 0xffffffff;

  /// Requests that may be on their way on one IKE SA at once, in each direction (RFC 7296 §2.3): so many of the peer's
  /// are taken, and answers to so many kept, and of ours there are no more than it takes. 1: one after the other.
  std::uint32_t window = 8;

  /// Bounds per IKE SA.
  std::uint32_t children_per_ike_sa = 256;
  std::uint32_t queued_tasks_per_ike_sa = 256;

  /// How many workers move packets, each those of its share of SPIs (policy/spi_share.h).
  std::uint32_t spi_shares = 1;

  /// Hand out key material through LogKeys, for Wireshark. Debugging alone.
  bool log_keys = false;
};

/// How long a peer with our settings goes on repeating a message.
inline Duration patience(const Settings& settings) {
  Duration sum{}, wait = settings.retransmit_timeout;
  for (std::uint32_t i = 0; i <= settings.retransmit_tries; ++i) {
    sum += wait;
    wait = Duration(static_cast<Duration::rep>(static_cast<double>(wait.count()) * settings.retransmit_base));
  }
  return sum;
}

}  // namespace sallyport::ike
