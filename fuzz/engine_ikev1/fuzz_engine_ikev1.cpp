// The IKE engine in IKEv1 against a stream of datagrams: from strangers, from whoever knows the cookies, from the path
// between it and an honest peer, and from a peer that has the keys and writes nonsense. Whatever comes, the engine's
// state stays bounded, its timers end, and what it says is well formed.
//
// The first octet sets the stage:
//   bit 0      Aggressive Mode instead of Main Mode
//   bit 1      the engine under test initiates; else it responds, to anybody in either mode
//   bits 2-5   so many datagrams of the honest exchange go by before the rest begins; 15: all there are
//   bit 6      the gateway wants a user (XAUTH) and gives an inner address (Mode Config)
// Then come records: kind (1 octet), size (2 octets), that many octets. By kind modulo 6:
//   0  a datagram as it is, from a stranger; kinds from 128 come to port 4500
//   1  the payloads of a phase 2 message that the peer of an established ISAKMP SA authenticates and encrypts: the
//      first octet is the exchange type, the second the type of the payload behind HASH
//   2  a datagram from the peer's address, with the right cookies put in
//   3  the text of a phase 2 message, HASH and all: its exchange type, first payload's type, and then the text
//   4  time passes, as many seconds as the first two octets say
//   5  the next honest datagram; the octet at the place that the first two octets name is changed by the third
#include <algorithm>

#include "base/reader.h"
#include "fuzz/common/engine_end.h"
#include "ike/v1/exchange_hash.h"
#include "ike/v1/protection.h"
#include "wire/ikev1/message.h"
#include "wire/ikev2/message.h"

namespace sallyport {
namespace {

using fuzz::kClient, fuzz::kGateway, fuzz::kStranger, fuzz::provider;
using End = fuzz::EngineEnd;
namespace v1 = ike::v1;
namespace w = wire::ikev1;

/// To a version that nobody has, the engine says INVALID_MAJOR_VERSION in the newest that it has (RFC 7296 §2.5).
bool is_readable(ByteView message) {
  const auto header = wire::parse_ike_header(message);
  if (header && header->major_version == wire::ikev2::major_version)
    return wire::ikev2::parse_message(message).has_value();
  const auto envelope = w::parse_envelope(message);
  return envelope && (envelope->is_encrypted() || w::parse_message(message));
}

std::vector<policy::Connection> connections(const char* local_id, const char* remote_id,
                                            const policy::IpAddress& remote, bool aggressive, bool responds,
                                            bool access) {
  policy::Connection made = fuzz::connection(local_id, remote_id, remote, policy::IkeVersion::v1);
  made.aggressive = aggressive;
  made.proposals = {*policy::parse_proposal(policy::Protocol::ike, "aes128-sha256-ecp256")};
  policy::AuthRound user{.method = policy::AuthMethod::xauth};
  if (access && responds) {
    made.further_remote = {user};
    made.pools = {"p"};
  } else if (access) {
    user.xauth_id = policy::Identity::fqdn("u");
    made.further_local = {user};
    made.vips = {policy::IpAddress::unspecified(policy::Family::ipv4)};
  }
  if (!responds) return {made};
  policy::Connection anybody = made;
  anybody.name = "anybody";
  anybody.aggressive = true;
  anybody.remote_addrs.clear();
  anybody.remote.id = policy::Identity::any();
  return {made, anybody};
}

/// The engine under test, the honest peer, and what is between them.
class Wire {
 public:
  Wire(bool aggressive, bool initiates, bool access)
      : client_(1, kClient, connections("client", "gateway", kGateway, aggressive, false, access), is_readable),
        gateway_(2, kGateway, connections("gateway", "client", kClient, aggressive, true, access), is_readable),
        initiates_(initiates) {
    ASSERT(client_.engine().initiate({}, "c", {"t"}));
    collect();
  }

  End& tested() { return initiates_ ? client_ : gateway_; }
  End& peer() { return initiates_ ? gateway_ : client_; }
  const policy::IpAddress& peer_address() const { return initiates_ ? kGateway : kClient; }
  const policy::IpAddress& own_address() const { return initiates_ ? kClient : kGateway; }

  /// Carries the next honest datagram; false: there is none.
  bool step(Instant now, const std::function<void(Bytes&)>& change) {
    if (waiting_.empty()) return false;
    auto [to, datagram] = std::move(waiting_.front());
    waiting_.pop_front();
    note(datagram.message);
    if (to == &tested()) change(datagram.message);
    to->engine().on_datagram(now, {datagram.remote, datagram.local, datagram.message});
    collect();
    return true;
  }
  /// What the two have said; an answer to anybody else is nobody's.
  void collect() {
    for (auto [from, to, address] : {std::tuple{&client_, &gateway_, kGateway}, {&gateway_, &client_, kClient}})
      for (auto& datagram : from->drain())
        if (datagram.remote.address == address && waiting_.size() < 100) waiting_.push_back({to, std::move(datagram)});
  }

  /// As the peer would write it; nullopt while the two share no ISAKMP SA. With `hash`, HASH(1) is put in front.
  std::optional<Bytes> seal(std::uint8_t exchange, std::uint8_t first, ByteView payloads, bool hash) {
    const ike::LogKeys& keys = peer().keys();
    if (keys.sk_ei.empty() || !last_of_phase_1_) return std::nullopt;
    const std::uint32_t id = ++next_id_;
    Bytes text;
    if (hash) {
      const Secret proof = v1::hash_1(provider(), keys.suite.prf, keys.sk_ai, id, payloads);
      text = {first, 0, 0, static_cast<std::uint8_t>(4 + proof.size())};
      append(text, proof.view());
    }
    append(text, payloads);
    if (text.empty()) return std::nullopt;
    // The IV of phase 2 hangs on phase 1's last block alone (RFC 2409 appendix B).
    auto chain = v1::IvChain::of_phase_1(provider(), crypto::hash_of(keys.suite.prf), keys.suite.encryption, {}, {});
    chain.follow(*last_of_phase_1_);
    wire::IkeHeader header{.initiator_spi = keys.spi_initiator,
                           .responder_spi = keys.spi_responder,
                           .next_payload = hash ? w::number(w::PayloadType::hash) : first,
                           .major_version = w::major_version,
                           .exchange_type = exchange,
                           .message_id = id};
    auto message = v1::seal_message(provider(), keys.suite.encryption, keys.sk_ei, chain.of_exchange(provider(), id),
                                    header, text);
    if (!message) return std::nullopt;
    return std::move(*message);
  }
  /// Cookies as the peer would write them.
  void put_cookies(Bytes& message) const {
    if (message.size() >= 16) std::ranges::copy(cookies_, message.begin());
  }

 private:
  void note(ByteView message) {
    const auto envelope = w::parse_envelope(message);
    ASSERT(envelope);
    std::ranges::copy(message.first(16), cookies_.begin());
    const bool phase_1 =
        envelope->exchange() == w::ExchangeType::main_mode || envelope->exchange() == w::ExchangeType::aggressive_mode;
    if (phase_1 && envelope->is_encrypted()) last_of_phase_1_ = to_bytes(message);
  }

  End client_, gateway_;
  bool initiates_;
  std::deque<std::pair<End*, ike::SendDatagram>> waiting_;
  std::array<std::uint8_t, 16> cookies_{};
  std::optional<Bytes> last_of_phase_1_;
  std::uint32_t next_id_ = 0x7000'0000;
};

void play(Wire& wire, Instant& now, std::uint8_t kind, ByteView octets) {
  End& tested = wire.tested();
  const std::uint16_t port = kind >= 128 ? 4500 : 500;
  const auto receive = [&](const policy::IpAddress& from, ByteView message) {
    tested.engine().on_datagram(now, {{wire.own_address(), port}, {from, port}, message});
  };
  switch (kind % 6) {
    case 0: return receive(kStranger, octets);
    case 1:
    case 3: {
      if (octets.size() < 2) return;
      const auto message = wire.seal(octets[0], octets[1], octets.subspan(2), kind % 6 == 1);
      if (message) receive(wire.peer_address(), *message);
      return;
    }
    case 2: {
      Bytes message = to_bytes(octets);
      wire.put_cookies(message);
      return receive(wire.peer_address(), message);
    }
    case 4:
      if (octets.size() >= 2) now += std::chrono::seconds(load_be16(octets.data()));
      for (int i = 0; i < 100 && tested.engine().next_timeout() && *tested.engine().next_timeout() <= now; ++i)
        tested.engine().on_timeout(now);
      return;
    default:
      wire.step(now, [&](Bytes& message) {
        if (octets.size() >= 3 && !message.empty()) message[load_be16(octets.data()) % message.size()] ^= octets[2];
      });
  }
}

void run(Reader reader) {
  const std::uint8_t flags = reader.u8().value_or(0);
  Wire wire((flags & 1) != 0, (flags & 2) != 0, (flags & 0x40) != 0);
  const int honest = flags >> 2 & 0xf;
  Instant now{};
  for (int i = 0; i < (honest == 15 ? 40 : honest); ++i)
    if (!wire.step(now, [](Bytes&) {})) break;

  for (int records = 0; records < 64 && !reader.empty(); ++records) {
    const auto kind = reader.u8();
    const auto size = reader.u16();
    if (!kind || !size) break;
    now += std::chrono::milliseconds(100);
    play(wire, now, *kind, *reader.bytes(std::min<std::size_t>(*size, reader.remaining())));
    wire.collect();
    const ike::Engine& engine = wire.tested().engine();
    ASSERT(engine.half_open() <= fuzz::kHalfOpenLimit);
    // The honest one, and those that it made place for and that are still closing.
    ASSERT(engine.sessions() <= fuzz::kHalfOpenLimit + 8);
  }
  wire.tested().run_out(now);
  ASSERT(wire.tested().engine().half_open() == 0);
}

}  // namespace
}  // namespace sallyport

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size <= 65536) sallyport::run(sallyport::Reader({data, size}));
  return 0;
}
