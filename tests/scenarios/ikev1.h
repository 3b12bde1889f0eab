// What the stories about IKEv1 have in common: pairings that speak it, and words for its messages.
#pragma once

#include "tests/scenarios/stage.h"
#include "wire/ikev1/numbers.h"

namespace sallyport::scenarios {

using V1 = wire::ikev1::ExchangeType;

/// The same pairing, in IKEv1.
inline Pairing in_ikev1(Pairing pairing, bool aggressive = false) {
  sim::at_both_ends(pairing, [&](policy::Connection& end) {
    end.version = policy::IkeVersion::v1;
    end.aggressive = aggressive;
  });
  return pairing;
}

inline bool is_ikev1(const sim::Sniffed& packet, V1 exchange) {
  return packet.kind == sim::Sniffed::Kind::ike && packet.ike.major_version == 1 &&
         packet.ike.exchange_type == wire::ikev1::number(exchange);
}
/// Any message of the exchange.
inline OnPathAttacker::Choice ikev1(V1 exchange) {
  return [exchange](Direction, const sim::Sniffed& packet) { return is_ikev1(packet, exchange); };
}
/// Message `number` of an exchange that alice begins, from 1: as it goes by for the first time, and when it is
/// repeated. Told by its octets, so one story has one such exchange at a time.
inline OnPathAttacker::Choice ikev1_message(V1 exchange, std::size_t number) {
  struct Seen {
    std::vector<Bytes> outward_messages, inward_messages;
  };
  return [exchange, number, seen = std::make_shared<Seen>()](Direction direction, const sim::Sniffed& packet) {
    if (!is_ikev1(packet, exchange)) return false;
    auto& messages = direction == outward ? seen->outward_messages : seen->inward_messages;
    Bytes octets = to_bytes(packet.content);
    auto found = std::ranges::find(messages, octets);
    if (found == messages.end()) found = messages.insert(messages.end(), std::move(octets));
    const auto place = static_cast<std::size_t>(found - messages.begin());
    return 2 * place + (direction == outward ? 1 : 2) == number;
  };
}

}  // namespace sallyport::scenarios
