#include "sim/off_path_attacker.h"

#include "sim/world.h"
#include "wire/ike_header.h"
#include "wire/ikev2/numbers.h"

namespace sallyport::sim {
namespace {

std::uint16_t random_port(RandomSource& random) { return static_cast<std::uint16_t>(1024 + random.below(64512)); }

Bytes random_bytes(std::size_t size, RandomSource& random) {
  Bytes bytes(size);
  random.fill(bytes);
  return bytes;
}

// An IKEv2 header of this length, with everything else by chance, and random bytes behind it.
Bytes something_like_ike(std::size_t body, RandomSource& random) {
  Bytes message;
  Writer writer(message);
  wire::serialize_ike_header(writer, {.initiator_spi = random.u64(),
                                      .responder_spi = random.below(2) == 0 ? 0 : random.u64(),
                                      .next_payload = static_cast<std::uint8_t>(33 + random.below(16)),
                                      .major_version = static_cast<std::uint8_t>(random.below(8) == 0 ? 1 : 2),
                                      .exchange_type = static_cast<std::uint8_t>(34 + random.below(4)),
                                      .flags = static_cast<std::uint8_t>(random.below(8) << 3),
                                      .message_id = static_cast<std::uint32_t>(random.below(3)),
                                      .length = static_cast<std::uint32_t>(wire::ike_header_size + body)});
  append(message, random_bytes(body, random));
  return message;
}

}  // namespace

policy::IpAddress random_address(policy::Family family, RandomSource& random) {
  if (family == policy::Family::ipv4) {
    // 11.0.0.0 to 99.255.255.255: all of it is unicast, none of it private.
    return policy::IpAddress::v4(
        static_cast<std::uint8_t>(11 + random.below(89)), static_cast<std::uint8_t>(random.below(256)),
        static_cast<std::uint8_t>(random.below(256)), static_cast<std::uint8_t>(1 + random.below(254)));
  }
  Bytes octets = random_bytes(16, random);
  octets[0] = 0x20;  // global unicast
  return *policy::IpAddress::from_bytes(octets);
}

OffPathAttacker::OffPathAttacker(World& world, std::string name)
    : Device(world, std::move(name)), random_(world.random_for("attacker " + this->name())) {}

void OffPathAttacker::flood(std::uint64_t count, Duration duration, std::function<Bytes(RandomSource&)> make) {
  if (count == 0) return;
  flood_next(count, duration / static_cast<std::int64_t>(count), std::move(make));
}

void OffPathAttacker::flood_next(std::uint64_t left, Duration pause, std::function<Bytes(RandomSource&)> make) {
  send(0, make(random_));
  ++sent_;
  if (left == 1) return;
  world().after(
      pause, [this, left, pause, make = std::move(make)]() mutable { flood_next(left - 1, pause, std::move(make)); });
}

Bytes OffPathAttacker::spoofed_ike_sa_init(ByteView original, RandomSource& random) {
  const auto udp = parse_udp(original);
  if (!udp || udp->payload.size() < wire::ike_header_size) return to_bytes(original);
  Bytes message = to_bytes(udp->payload);
  random.fill(ByteSpan(message).first(8));  // the initiator's SPI
  const policy::Endpoint somebody{random_address(udp->source.address.family(), random), random_port(random)};
  return build_udp(somebody, udp->destination, message, udp->fields);
}

Bytes OffPathAttacker::garbage(const policy::Endpoint& target, RandomSource& random) {
  const policy::Endpoint somebody{random_address(target.address.family(), random), random_port(random)};
  const std::size_t size = random.below(200);
  switch (random.below(4)) {
    case 0: {
      const IpFields fields{
          .source = somebody.address, .destination = target.address, .protocol = wire::IpProtocol::esp};
      return build_ip(fields, random_bytes(size, random));
    }
    case 1: {
      Bytes behind_marker(4);
      append(behind_marker, something_like_ike(size, random));
      return build_udp(somebody, target, behind_marker);
    }
    case 2: return build_udp(somebody, target, something_like_ike(size, random));
    default: return build_udp(somebody, target, random_bytes(size, random));
  }
}

void OffPathAttacker::on_packet(PortNumber, Bytes) { ++answers_; }

}  // namespace sallyport::sim
