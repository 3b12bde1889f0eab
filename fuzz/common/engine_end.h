// EngineEnd: an ike::Engine with what it needs around it, for fuzz targets: small bounds, keys that the target may
// know, and a look at every datagram that it sends.
#pragma once

#include <deque>

#include "base/check.h"
#include "crypto/openssl/provider_openssl.h"
#include "ike/engine/engine.h"

namespace sallyport::fuzz {

inline constexpr policy::IpAddress kClient = policy::IpAddress::v4(192, 0, 2, 1);
inline constexpr policy::IpAddress kGateway = policy::IpAddress::v4(192, 0, 2, 2);
inline constexpr policy::IpAddress kStranger = policy::IpAddress::v4(198, 51, 100, 7);
inline constexpr std::size_t kHalfOpenLimit = 40;

/// With a child "t" in tunnel mode and a child "h" in transport mode.
inline policy::Connection connection(const char* local_id, const char* remote_id, const policy::IpAddress& remote,
                                     policy::IkeVersion version) {
  policy::Connection made;
  made.name = "c";
  made.version = version;
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
  return made;
}

inline crypto::Provider& provider() {
  static const auto instance = crypto::make_openssl_provider();
  return *instance;
}

class EngineEnd final : public ike::HostView {
 public:
  /// Would we read this ourselves?
  using Check = bool (*)(ByteView message);

  EngineEnd(std::uint64_t seed, const policy::IpAddress& address, std::vector<policy::Connection> connections,
            Check check)
      : random_(seed), address_(address), check_(check), engine_(settings(), provider(), random_, *this) {
    policy::Pad pad;
    pad.add({.name = "k", .secret = Secret::copy_of(as_bytes("k"))});
    pad.add({.name = "u",
             .owners = {policy::Identity::fqdn("u")},
             .secret = Secret::copy_of(as_bytes("u")),
             .kind = policy::SecretKind::user});
    std::vector<policy::ConnectionPtr> shared;
    for (policy::Connection& each : connections)
      shared.push_back(std::make_shared<const policy::Connection>(std::move(each)));
    engine_.load(Instant{}, std::move(shared), std::move(pad),
                 {{.name = "p", .addresses = *policy::AddressRange::parse("10.9.0.1-10.9.0.9")}});
  }
  std::optional<Instant> last_inbound(policy::ChildSaId) const override { return std::nullopt; }
  std::optional<policy::IpAddress> source_address(const policy::IpAddress&) const override { return address_; }
  std::vector<policy::IpAddress> addresses() const override { return {address_}; }
  ike::Engine& engine() { return engine_; }

  /// Takes what the engine says.
  std::deque<ike::SendDatagram> drain() {
    std::deque<ike::SendDatagram> sent;
    while (auto output = engine_.poll_output()) {
      if (auto* keys = std::get_if<ike::LogKeys>(&*output)) keys_ = std::move(*keys);
      if (auto* datagram = std::get_if<ike::SendDatagram>(&*output)) {
        ASSERT(check_(datagram->message));
        sent.push_back(std::move(*datagram));
      }
    }
    return sent;
  }
  /// Of the IKE SA that was made last.
  const ike::LogKeys& keys() const { return keys_; }

  /// Lets all timers run until there are none, or so many have.
  void run_out(Instant now, int most = 2000) {
    for (int i = 0; i < most && engine_.next_timeout(); ++i) {
      now = std::max(now, *engine_.next_timeout());
      engine_.on_timeout(now);
      drain();
    }
  }

 private:
  static const ike::Settings& settings() {
    static const ike::Settings all = [] {
      ike::Settings small;
      small.log_keys = true;
      small.cookie_threshold_ip = small.cookie_threshold;  // all of them are of one
      small.puzzle_threshold = 35;
      small.puzzle_difficulty = 1;
      small.half_open_limit = kHalfOpenLimit;
      small.children_per_ike_sa = 8;
      return small;
    }();
    return all;
  }
  SeededRandom random_;
  policy::IpAddress address_;
  Check check_;
  ike::LogKeys keys_;
  ike::Engine engine_;
};

}  // namespace sallyport::fuzz
