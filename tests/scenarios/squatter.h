// Squatter: somebody who is where he says, begins IKE SAs without end, returns each cookie, and finishes nothing. To a
// puzzle he has no answer, or a wrong one.
#pragma once

#include "sim/udp_host.h"
#include "sim/world.h"
#include "wire/ikev2/message.h"

namespace sallyport::scenarios {

class Squatter {
 public:
  /// `original`: an honest initiator's first packet, to begin with as he does.
  Squatter(sim::UdpHost& host, ByteView original, std::uint64_t seed) : host_(host), random_(seed) {
    const auto udp = sim::parse_udp(original);
    victim_ = udp->destination;
    message_ = wire::ikev2::parse_message(udp->payload).value();
  }

  void ask(std::size_t count) {
    for (; count > 0; --count) send(random_.u64(), {});
  }
  /// Those that came since the last call; so many there were.
  std::size_t return_cookies(std::optional<Bytes> solution = std::nullopt) {
    std::size_t count = 0;
    for (; read_ < host_.received().size(); ++read_) {
      const auto answer = wire::ikev2::parse_message(host_.received()[read_].payload);
      const auto* cookie = answer ? answer->payloads.find_notify(wire::ikev2::NotifyType::cookie) : nullptr;
      if (!cookie) continue;
      ++count;
      wire::ikev2::PayloadChain in_front;
      in_front.add(*cookie);
      if (solution) in_front.add(wire::ikev2::PuzzleSolutionPayload{*solution});
      send(answer->header.initiator_spi, std::move(in_front));
    }
    return count;
  }

 private:
  void send(std::uint64_t spi, wire::ikev2::PayloadChain payloads) {
    wire::ikev2::Message message = message_;
    message.header.initiator_spi = spi;
    for (const auto& payload : message_.payloads) payloads.add(payload);
    message.payloads = std::move(payloads);
    host_.send_udp(500, victim_, wire::ikev2::serialize_message(message).value());
  }

  sim::UdpHost& host_;
  SeededRandom random_;
  policy::Endpoint victim_;
  wire::ikev2::Message message_;
  std::size_t read_ = 0;
};

}  // namespace sallyport::scenarios
