// What the stories about XAUTH and Mode Config have in common: alice as a client, bob as her gateway.
#pragma once

#include "tests/scenarios/ikev1.h"

namespace sallyport::scenarios {

inline policy::AuthRound xauth_of(std::string_view user = {}) {
  policy::AuthRound round{.method = policy::AuthMethod::xauth};
  if (!user.empty()) round.xauth_id = *policy::Identity::parse(user);
  return round;
}
inline sim::PresharedKey password_of(std::string_view user, std::string_view password) {
  return {{*policy::Identity::parse(user)}, std::string(password), policy::SecretKind::user};
}

class RemoteAccess : public Stage {
 protected:
  /// bob asks alice for the name of a user and a password.
  static void ask_for_user(Pairing& pairing, std::string_view user = "carol") {
    pairing.left.further_local = {xauth_of(user)};
    pairing.right.further_remote = {xauth_of()};
  }
  /// bob gives alice an address of 10.3.0.0/24, and his network is behind him.
  static void give_address(Pairing& pairing) {
    pairing.left.vips = {IpAddress::unspecified(policy::Family::ipv4)};
    pairing.left.children[0].local_ts = pairing.right.children[0].remote_ts = sim::selectors({"dynamic"});
    pairing.right.pools = {"clients"};
  }
  static policy::Pool pool(std::string_view range = "10.3.0.1-10.3.0.9") {
    policy::Pool clients{.name = "clients", .addresses = *policy::AddressRange::parse(range)};
    clients.config.dns = {IpAddress::v4(10, 2, 0, 53)};
    return clients;
  }
  /// With the passwords that each end knows, and bob's pools.
  void load_with(const Pairing& pairing, std::vector<sim::PresharedKey> alices, std::vector<sim::PresharedKey> bobs,
                 std::vector<policy::Pool> pools = {pool()}) {
    sim::Configuration left = pairing.left_configuration(), right = pairing.right_configuration();
    left.keys.insert(left.keys.end(), alices.begin(), alices.end());
    right.keys.insert(right.keys.end(), bobs.begin(), bobs.end());
    right.pools = std::move(pools);
    alice.load(std::move(left));
    bob.load(std::move(right));
  }
  std::size_t messages(V1 exchange) const {
    return static_cast<std::size_t>(std::ranges::count_if(world.trace().packets(), [&](const auto& packet) {
      return world.trace().links()[packet.link.value].a == "alice" && is_ikev1(sim::sniff(packet.bytes), exchange);
    }));
  }
  /// The first failure that was told.
  static const event::Failure* failed(const Host& host) {
    for (const event::Event& each : host.events())
      if (const auto* failure = std::get_if<event::NegotiationFailed>(&each)) return &failure->failure;
    return nullptr;
  }
  bool gives_up() {
    return eventually([&] { return is_all_gone(); }, 10min) && alice.installed().empty() && bob.installed().empty();
  }
};

}  // namespace sallyport::scenarios
