// The IKE engine against a stream of datagrams: from strangers, and from an authentic peer that writes nonsense.
// Whatever comes, the engine's state stays bounded, its timers end, and what it says is well formed.
//
// The input is a list of records: kind (1 octet), size (2 octets), that many octets.
//   even kinds   a datagram as it is, from a stranger; kind 2 comes to port 4500
//   odd kinds    the payloads of a message that the peer of an established IKE SA encrypts properly: the first octet is
//                the exchange type, the second the type of the first payload
#include <deque>

#include "base/check.h"
#include "base/reader.h"
#include "crypto/openssl/provider_openssl.h"
#include "ike/engine/engine.h"
#include "wire/ikev2/message.h"
#include "wire/ikev2/sk_payload.h"

namespace sallyport {
namespace {

using policy::IpAddress;
namespace w = wire::ikev2;

constexpr IpAddress kClient = IpAddress::v4(192, 0, 2, 1);
constexpr IpAddress kGateway = IpAddress::v4(192, 0, 2, 2);
constexpr IpAddress kStranger = IpAddress::v4(198, 51, 100, 7);

policy::ConnectionPtr connection(const char* local_id, const char* remote_id, const IpAddress& remote) {
  policy::Connection made;
  made.name = "c";
  made.remote_addrs = {policy::AddressRange::host(remote)};
  made.local.id = policy::Identity::fqdn(local_id);
  made.remote.id = policy::Identity::fqdn(remote_id);
  policy::Child tunnel;
  tunnel.name = "t";
  tunnel.local_ts = tunnel.remote_ts = {*policy::SelectorTemplate::parse("10.0.0.0/8")};
  policy::Child transport;
  transport.name = "h";
  transport.mode = policy::Mode::transport;
  made.children = {tunnel, transport};
  return std::make_shared<const policy::Connection>(std::move(made));
}

crypto::Provider& provider() {
  static const auto instance = crypto::make_openssl_provider();
  return *instance;
}

class End final : public ike::HostView {
 public:
  End(std::uint64_t seed, const IpAddress& address, policy::ConnectionPtr connection)
      : random_(seed), address_(address), engine_(settings(), provider(), random_, *this) {
    policy::Pad pad;
    pad.add({.name = "k", .secret = Secret::copy_of(as_bytes("k"))});
    engine_.load({std::move(connection)}, std::move(pad));
  }
  std::optional<Instant> last_inbound(policy::ChildSaId) const override { return std::nullopt; }
  std::optional<IpAddress> source_address(const IpAddress&) const override { return address_; }
  ike::Engine& engine() { return engine_; }

  /// Takes what the engine says; every datagram must be one that we would read ourselves.
  std::deque<ike::SendDatagram> drain() {
    std::deque<ike::SendDatagram> sent;
    while (auto output = engine_.poll_output()) {
      if (auto* keys = std::get_if<ike::LogKeys>(&*output)) keys_ = std::move(*keys);
      if (auto* datagram = std::get_if<ike::SendDatagram>(&*output)) {
        ASSERT(w::parse_message(datagram->message));
        sent.push_back(std::move(*datagram));
      }
    }
    return sent;
  }
  const ike::LogKeys& keys() const { return keys_; }

 private:
  static const ike::Settings& settings() {
    static const ike::Settings all = [] {
      ike::Settings small;
      small.log_keys = true;
      small.half_open_limit = 40;
      small.children_per_ike_sa = 8;
      return small;
    }();
    return all;
  }
  SeededRandom random_;
  IpAddress address_;
  ike::LogKeys keys_;
  ike::Engine engine_;
};

void handshake(End& client, End& gateway) {
  ASSERT(client.engine().initiate({}, "c", {"t"}));
  for (bool busy = true; busy;) {
    busy = false;
    for (auto [from, to] : {std::pair{&client, &gateway}, std::pair{&gateway, &client}})
      for (const auto& datagram : from->drain()) {
        busy = true;
        to->engine().on_datagram({}, {datagram.remote, datagram.local, datagram.message});
      }
  }
}

/// What the client would send, had it written these octets as its payloads.
std::optional<Bytes> seal(const ike::LogKeys& keys, std::uint32_t id, std::uint8_t exchange, std::uint8_t first,
                          ByteView inner) {
  wire::IkeHeader header{.initiator_spi = keys.spi_initiator,
                         .responder_spi = keys.spi_responder,
                         .major_version = w::major_version,
                         .exchange_type = exchange,
                         .flags = w::flag_initiator,
                         .message_id = id};
  auto layout =
      w::lay_out_sk(header, static_cast<w::PayloadType>(first), {8, w::padded_text_size(inner.size(), 1), 16});
  if (!layout) return std::nullopt;
  store_be64(layout->iv().data(), 0x8000000000000000u + id);  // away from the client's own counter
  std::ranges::copy(inner, layout->text().begin());
  w::write_padding(layout->text(), inner.size());
  const ByteView material = keys.sk_ei.view();
  const std::size_t key_size = keys.suite.encryption.key_bits / 8u;
  Bytes nonce = to_bytes(material.subspan(key_size));
  append(nonce, layout->iv());
  const Bytes aad = to_bytes(layout->associated_data());
  provider().seal(keys.suite.encryption, material.first(key_size), nonce, aad, layout->text(), layout->icv());
  return std::move(layout->message);
}

void run(ByteView input) {
  End client(1, kClient, connection("client", "gateway", kGateway));
  End gateway(2, kGateway, connection("gateway", "client", kClient));
  handshake(client, gateway);

  Instant now{};
  std::uint32_t next_id = 2;
  Reader reader(input);
  for (int records = 0; records < 64 && !reader.empty(); ++records) {
    const auto kind = reader.u8();
    const auto size = reader.u16();
    if (!kind || !size) break;
    const ByteView octets = *reader.bytes(std::min<std::size_t>(*size, reader.remaining()));
    now += std::chrono::milliseconds(100);
    if (*kind % 2 == 0) {
      const std::uint16_t port = *kind == 2 ? 4500 : 500;
      gateway.engine().on_datagram(now, {{kGateway, port}, {kStranger, port}, octets});
    } else if (octets.size() >= 2) {
      const auto message = seal(client.keys(), next_id, octets[0], octets[1], octets.subspan(2));
      if (message) gateway.engine().on_datagram(now, {{kGateway, 500}, {kClient, 500}, *message});
    }
    for (const auto& answer : gateway.drain())
      if (answer.remote.address == kClient && w::parse_message(answer.message)->header.message_id == next_id) {
        ++next_id;
        break;
      }
    ASSERT(gateway.engine().half_open() <= 40);
    ASSERT(gateway.engine().sessions() <= 41);
  }
  // In the end the timers must let go of everything that nobody keeps alive.
  for (int i = 0; i < 2000 && gateway.engine().next_timeout(); ++i) {
    const Instant next = *gateway.engine().next_timeout();
    now = std::max(now, next);
    gateway.engine().on_timeout(now);
    gateway.drain();
  }
  ASSERT(gateway.engine().half_open() == 0);
}

}  // namespace
}  // namespace sallyport

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size <= 65536) sallyport::run({data, size});
  return 0;
}
