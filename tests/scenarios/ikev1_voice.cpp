#include "tests/scenarios/ikev1_voice.h"

#include "ike/v1/exchange_hash.h"
#include "ike/v1/protection.h"

namespace sallyport::scenarios {

namespace w = wire::ikev1;
namespace v1 = ike::v1;

const ike::LogKeys& Ikev1Voice::keys() const { return speaker_.logged_keys().back(); }

std::optional<Bytes> Ikev1Voice::last_message_where(
    const std::function<bool(const sim::Sniffed&, ByteView)>& wanted) const {
  const auto& packets = world_.trace().packets();
  for (auto packet = packets.rbegin(); packet != packets.rend(); ++packet) {
    const auto sniffed = sim::sniff(packet->bytes);
    if (sniffed.kind == sim::Sniffed::Kind::ike && sniffed.ike.initiator_spi == keys().spi_initiator &&
        sniffed.ike.responder_spi == keys().spi_responder && wanted(sniffed, sniffed.content))
      return to_bytes(sniffed.content);
  }
  return std::nullopt;
}

/// It hangs on phase 1's last block alone (RFC 2409 appendix B).
v1::IvChain Ikev1Voice::chain_of(std::uint32_t id) const {
  const auto last = last_message_where([](const sim::Sniffed& packet, ByteView) {
    return (is_ikev1(packet, V1::main_mode) || is_ikev1(packet, V1::aggressive_mode)) &&
           (packet.ike.flags & wire::ikev1::flag_encryption) != 0;
  });
  const auto& suite = keys().suite;
  auto chain = v1::IvChain::of_phase_1(crypto_, crypto::hash_of(suite.prf), suite.encryption, {}, {});
  chain.follow(last.value());
  return chain.of_exchange(crypto_, id);
}

std::uint32_t Ikev1Voice::say(V1 exchange, const PayloadChain& payloads) {
  const auto id = 0x7000'0000u + static_cast<std::uint32_t>(exchanges_.size());
  Exchange said{chain_of(id), {}, {}};
  if (const auto* nonce = payloads.find<w::NoncePayload>()) said.nonce_i = nonce->data;
  const auto octets = w::serialize_payloads(payloads).value();
  send(exchange, id, said.chain, v1::hash_1(crypto_, keys().suite.prf, keys().sk_ai, id, octets), payloads);
  exchanges_.emplace(id, std::move(said));
  return id;
}

std::optional<w::PayloadChain> Ikev1Voice::answer(std::uint32_t id) {
  Exchange& exchange = exchanges_.at(id);
  const policy::Endpoint speaker = speaker_.ike_sas().front().local;
  const auto message = last_message_where([&](const sim::Sniffed& packet, ByteView) {
    return packet.ike.message_id == id && packet.destination == speaker && is_ikev1(packet, V1::quick_mode);
  });
  if (!message) return std::nullopt;
  const auto header = wire::parse_ike_header(*message).value();
  const auto opened =
      v1::open_message(crypto_, keys().suite.encryption, keys().sk_ei, exchange.chain, header, *message).value();
  exchange.chain.follow(*message);
  const auto raw =
      w::split_payloads(w::PayloadType::hash, opened.payloads.view(), w::Protection::decrypted, wire::ike_header_size);
  auto payloads = w::parse_payloads(raw.value()).value();
  if (const auto* nonce = payloads.find<w::NoncePayload>()) exchange.nonce_r = nonce->data;
  return payloads;
}

void Ikev1Voice::confirm(std::uint32_t id) {
  Exchange& exchange = exchanges_.at(id);
  const Secret hash = v1::hash_3(crypto_, keys().suite.prf, keys().sk_ai, id, exchange.nonce_i, exchange.nonce_r);
  send(V1::quick_mode, id, exchange.chain, hash, {});
}

void Ikev1Voice::send(V1 exchange, std::uint32_t id, v1::IvChain& chain, const Secret& hash,
                      const PayloadChain& payloads) {
  w::PayloadChain all;
  all.add(w::HashPayload{to_bytes(hash.view())});
  for (const w::Payload& payload : payloads) all.add(payload);
  const wire::IkeHeader header{.initiator_spi = keys().spi_initiator,
                               .responder_spi = keys().spi_responder,
                               .next_payload = w::number(w::PayloadType::hash),
                               .major_version = w::major_version,
                               .exchange_type = w::number(exchange),
                               .message_id = id};
  const auto message = v1::seal_message(crypto_, keys().suite.encryption, keys().sk_ei, chain, header,
                                        w::serialize_payloads(all).value())
                           .value();
  chain.follow(message);
  const auto sa = speaker_.ike_sas().front();
  tap_.inject(outward, sim::build_udp(sa.local, sa.remote, message));
}

}  // namespace sallyport::scenarios
