// The IKE engine in IKEv2 against a stream of datagrams: from strangers, and from an authentic peer that writes
// nonsense. Whatever comes, the engine's state stays bounded, its timers end, and what it says is well formed.
//
// The input is a list of records: kind (1 octet), size (2 octets), that many octets.
//   even kinds   a datagram as it is, from a stranger; kind 2 comes to port 4500
//   odd kinds    the payloads of a message that the peer of an established IKE SA encrypts properly: the first octet is
//                the exchange type, the second the type of the first payload; with bit 0x40 it comes from elsewhere
//   kind 3       a fragment of such a message: behind these two its number and how many there are
// With bit 0x20 of the first kind, both ends have additional key exchanges (RFC 9370).
// With the top bit of the first kind, the peer is a client that has an inner address and may move (MOBIKE).
#include "base/reader.h"
#include "fuzz/common/engine_end.h"
#include "wire/ikev2/message.h"
#include "wire/ikev2/sk_payload.h"

namespace sallyport {
namespace {

using fuzz::kClient, fuzz::kGateway, fuzz::kStranger, fuzz::provider;
using End = fuzz::EngineEnd;
namespace w = wire::ikev2;

bool is_answer_to(ByteView message, std::uint32_t id) {
  const auto header = w::parse_message(message)->header;
  return (header.flags & w::flag_response) != 0 && header.message_id == id &&
         static_cast<w::ExchangeType>(header.exchange_type) != w::ExchangeType::ike_sa_init;
}
bool is_readable(ByteView message) { return w::parse_message(message).has_value(); }

policy::Connection connection(const char* local_id, const char* remote_id, const policy::IpAddress& remote) {
  return fuzz::connection(local_id, remote_id, remote, policy::IkeVersion::v2);
}

void make_mobile(policy::Connection& client, policy::Connection& gateway) {
  for (policy::Connection* each : {&client, &gateway})
    each->children.pop_back(), each->mobike = true;  // the one in transport mode
  client.vips = {policy::IpAddress::unspecified(policy::Family::ipv4)};
  client.children[0].local_ts = gateway.children[0].remote_ts = {policy::SelectorTemplate{.dynamic = true}};
  gateway.pools = {"p"};
  gateway.remote_addrs.clear();
}

/// By methods that cost little.
void use_additional(policy::Connection& client, policy::Connection& gateway) {
  using policy::Protocol;
  for (policy::Connection* each : {&client, &gateway}) {
    each->proposals = {*policy::parse_proposal(Protocol::ike, "aes128gcm16-prfsha256-x25519-ke1_ecp256")};
    for (policy::Child& child : each->children)
      child.esp_proposals = {*policy::parse_proposal(Protocol::esp, "aes128gcm16-x25519-none-ke1_ecp256-ke1_none")};
  }
}

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

struct FragmentNumbers {
  std::uint16_t number, total;
};

/// What the client would send, had it written these octets as its payloads. `iv` is never the same twice.
std::optional<Bytes> seal(const ike::LogKeys& keys, std::uint32_t id, std::uint64_t iv, std::uint8_t exchange,
                          std::uint8_t first, std::optional<FragmentNumbers> fragment, ByteView inner) {
  wire::IkeHeader header{.initiator_spi = keys.spi_initiator,
                         .responder_spi = keys.spi_responder,
                         .major_version = w::major_version,
                         .exchange_type = exchange,
                         .flags = w::flag_initiator,
                         .message_id = id};
  const w::SkSizes sizes{8, w::padded_text_size(inner.size(), 1), 16};
  const auto type = static_cast<w::PayloadType>(first);
  auto layout = fragment ? w::lay_out_skf(header, {type, fragment->number, fragment->total, {}}, sizes)
                         : w::lay_out_sk(header, type, sizes);
  if (!layout) return std::nullopt;
  store_be64(layout->iv().data(), 0x8000000000000000u + iv);  // away from the client's own counter
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
  auto of_client = connection("client", "gateway", kGateway), of_gateway = connection("gateway", "client", kClient);
  if (!input.empty() && (input.front() & 0x80) != 0) make_mobile(of_client, of_gateway);
  const bool additional = !input.empty() && (input.front() & 0x20) != 0;
  if (additional) use_additional(of_client, of_gateway);
  End client(1, kClient, {std::move(of_client)}, is_readable);
  End gateway(2, kGateway, {std::move(of_gateway)}, is_readable);
  handshake(client, gateway);

  Instant now{};
  std::uint32_t next_id = additional ? 3 : 2;  // behind IKE_INTERMEDIATE
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
    } else if (*kind == 3 ? octets.size() >= 4 : octets.size() >= 2) {
      const auto fragment = *kind == 3 ? std::optional(FragmentNumbers{octets[2], octets[3]}) : std::nullopt;
      const auto message = seal(client.keys(), next_id, static_cast<std::uint64_t>(records), octets[0], octets[1],
                                fragment, octets.subspan(fragment ? 4 : 2));
      const bool elsewhere = (*kind & 0x40) != 0;
      const std::uint16_t port = elsewhere ? 4500 : 500;
      if (message)
        gateway.engine().on_datagram(now, {{kGateway, port}, {elsewhere ? kStranger : kClient, port}, *message});
    }
    for (const auto& answer : gateway.drain())
      if (is_answer_to(answer.message, next_id)) {
        ++next_id;
        break;
      }
    ASSERT(gateway.engine().half_open() <= fuzz::kHalfOpenLimit);
    ASSERT(gateway.engine().sessions() <= fuzz::kHalfOpenLimit + 1);
  }
  // In the end the timers must let go of everything that nobody keeps alive.
  gateway.run_out(now);
  ASSERT(gateway.engine().half_open() == 0);
}

}  // namespace
}  // namespace sallyport

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size <= 65536) sallyport::run({data, size});
  return 0;
}
