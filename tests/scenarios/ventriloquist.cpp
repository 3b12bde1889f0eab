#include "tests/scenarios/ventriloquist.h"

#include <gtest/gtest.h>

#include "ike/v2/protection.h"
#include "sim/sniff.h"

namespace sallyport::scenarios {

namespace w = wire::ikev2;

namespace {

/// What takes the place of the IKE message that the packet carries.
void replace_message(Bytes& packet, const std::function<Bytes(ByteView)>& replace) {
  const ByteView message = sim::sniff(packet).content;
  const Bytes other = replace(message);
  packet.resize(static_cast<std::size_t>(message.data() - packet.data()));
  packet.insert(packet.end(), other.begin(), other.end());
}

}  // namespace

void Ventriloquist::rewrite(sim::OnPathAttacker::Choice choice, Change change, std::size_t count) {
  tap_.alter(
      std::move(choice),
      [this, change = std::move(change)](Bytes& packet) {
        replace_message(packet, [&](ByteView message) { return rewritten(message, change); });
      },
      count);
}

void Ventriloquist::renumber(sim::OnPathAttacker::Choice choice, std::int32_t by, std::size_t count) {
  tap_.alter(
      std::move(choice),
      [this, by](Bytes& packet) {
        replace_message(packet, [&](ByteView message) { return rewritten(message, [](w::PayloadChain&) {}, by); });
      },
      count);
}

Bytes Ventriloquist::rewritten(ByteView message, const Change& change, std::int32_t by) const {
  auto parsed = w::parse_message(message).value();
  const auto* sk = parsed.payloads.find<w::SkPayload>();
  if (!sk) {
    change(parsed.payloads);
    return w::serialize_message(parsed).value();
  }
  for (const ike::LogKeys& log : logger_.logged_keys()) {
    if (log.spi_initiator != parsed.header.initiator_spi || log.spi_responder != parsed.header.responder_spi) continue;
    const ike::v2::DirectionKeys keys = parsed.is_from_initiator() ? ike::v2::DirectionKeys{log.sk_ei, log.sk_ai}
                                                                   : ike::v2::DirectionKeys{log.sk_er, log.sk_ar};
    auto opened = ike::v2::open_message(crypto_, log.suite, keys, message, *sk);
    if (!opened) continue;  // an additional key exchange has changed them
    change(opened->payloads);
    // Far beyond what the sender itself has come to; the same for the same message.
    const std::uint64_t iv =
        (by == 0 ? 1u << 20 : 1u << 21) + 2u * parsed.header.message_id + (parsed.is_response() ? 1 : 0);
    parsed.header.message_id += static_cast<std::uint32_t>(by);
    SeededRandom random(iv);
    return ike::v2::seal_message(crypto_, random, log.suite, keys, iv, parsed.header, opened->payloads).value();
  }
  ADD_FAILURE() << "no keys are known for this message";
  return to_bytes(message);
}

}  // namespace sallyport::scenarios
