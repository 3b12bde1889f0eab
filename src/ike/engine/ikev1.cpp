// The engine's beginning with IKEv1: Main Mode and Aggressive Mode.
#include <algorithm>

#include "ike/engine/protocol.h"
#include "ike/engine/rate.h"
#include "ike/v1/aggressive_mode.h"
#include "ike/v1/fragmentation.h"
#include "ike/v1/informational.h"
#include "ike/v1/session.h"

namespace sallyport::ike {
namespace {

namespace w1 = wire::ikev1;
using Reason = event::MessageRejected::Reason;

class Ikev1 final : public Protocol {
 public:
  std::array<std::uint64_t, 2> local_spis(const wire::IkeHeader& header) const override {
    return {header.responder_spi, header.initiator_spi};
  }
  bool begins(const wire::IkeHeader& header) const override {
    const auto exchange = static_cast<w1::ExchangeType>(header.exchange_type);
    return header.responder_spi == 0 &&
           (exchange == w1::ExchangeType::main_mode || exchange == w1::ExchangeType::aggressive_mode);
  }
  std::unique_ptr<Session> accept(Instant now, Environment& env, const Datagram& datagram,
                                  const wire::IkeHeader& header, const Unfinished& unfinished) override;
  std::expected<std::unique_ptr<Session>, event::Failure> initiate(Instant now, Environment& env,
                                                                   Initiation initiation) override {
    return v1::Ikev1Session::initiate(now, env, std::move(initiation));
  }
  void refuse_version(Environment& env, const Datagram& datagram, const wire::IkeHeader&) override {
    env.emit(event::MessageRejected{Reason::wrong_version, datagram.remote, {}});
  }

 private:
  std::unique_ptr<Session> accept_fragment(Instant now, Environment& env, const Datagram& datagram,
                                           const wire::IkeHeader& header, const Unfinished& unfinished);

  Rate aggressive_;
  v1::Reassembly first_fragments_;  // of first messages, for which there is no ISAKMP SA yet
};

/// There is no cookie exchange in IKEv1: a bound on half-open sessions, and a rate where a first message costs work.
std::unique_ptr<Session> Ikev1::accept(Instant now, Environment& env, const Datagram& datagram,
                                       const wire::IkeHeader& header, const Unfinished& unfinished) {
  const auto reject = [&](Reason reason) {
    env.emit(event::MessageRejected{reason, datagram.remote, {}});
    return nullptr;
  };
  const auto envelope = w1::parse_envelope(datagram.message);
  if (!envelope || envelope->is_encrypted() || header.message_id != 0 || header.initiator_spi == 0)
    return reject(Reason::malformed);
  if (envelope->first_type() == w1::PayloadType::fragment)
    return accept_fragment(now, env, datagram, header, unfinished);
  const auto raw =
      w1::split_payloads(envelope->first_type(), envelope->body, w1::Protection::clear, wire::ike_header_size);
  const auto payloads = raw ? w1::parse_payloads(*raw) : fail(ErrorCode::malformed);
  if (!payloads) return reject(Reason::malformed);
  // Of a source whose address has answered, each time, and which has finished nothing.
  if (crowds_others(unfinished, env.settings)) return reject(Reason::source_limit);
  if (unfinished.all >= env.settings.half_open_limit) return reject(Reason::half_open_limit);
  const bool aggressive = envelope->exchange() == w1::ExchangeType::aggressive_mode;
  if (aggressive && !aggressive_.allows(now, env.settings.aggressive_per_second))
    return reject(Reason::half_open_limit);

  const v1::Inbound in{now, datagram, header, *raw, *payloads, false};
  auto answered = aggressive ? v1::answer_aggressive_1(in, env) : v1::answer_main_1(in, env);
  if (answered) return v1::Ikev1Session::accept(in, env, std::move(*answered));
  v1::Refused& refused = answered.error();
  if (refused.rejected) return reject(*refused.rejected);
  if (refused.hint)
    env.outbox.push_back(
        SendDatagram{datagram.local, datagram.remote,
                     v1::serialize_hint(header.initiator_spi, env.random.u64(), *refused.hint, env.random)});
  if (refused.failure) env.emit(event::NegotiationFailed{{}, std::move(*refused.failure)});
  return nullptr;
}

/// Peers that are told to (swanctl's fragmentation = force) send even their first message in fragments. Anybody can, so
/// what is kept of all of them together is bounded; fragments of the same message say the same cookie.
std::unique_ptr<Session> Ikev1::accept_fragment(Instant now, Environment& env, const Datagram& datagram,
                                                const wire::IkeHeader& header, const Unfinished& unfinished) {
  constexpr std::size_t kMessages = 64;
  auto limits = v1::fragment_limits(env.settings);
  limits.messages = kMessages;
  limits.octets = kMessages / 4 * env.settings.max_packet;
  const auto message = first_fragments_.take(now, limits, datagram.remote, datagram.message);
  if (!message) env.emit(event::MessageRejected{Reason::malformed, datagram.remote, {}});
  if (!message || !*message) return nullptr;
  const auto whole = wire::parse_ike_header(**message);
  if (!whole || whole->initiator_spi != header.initiator_spi || !begins(*whole)) {
    env.emit(event::MessageRejected{Reason::malformed, datagram.remote, {}});
    return nullptr;
  }
  return accept(now, env, {datagram.local, datagram.remote, **message}, *whole, unfinished);
}

}  // namespace

std::unique_ptr<Protocol> make_ikev1() { return std::make_unique<Ikev1>(); }

}  // namespace sallyport::ike
