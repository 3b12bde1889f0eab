// The engine's beginning with IKEv2: IKE_SA_INIT or IKE_SESSION_RESUME, cookies in front of it when there is much to
// do.
#include "ike/engine/admission.h"
#include "ike/engine/protocol.h"
#include "ike/engine/rate.h"
#include "ike/v2/crash_token.h"
#include "ike/v2/session.h"
#include "ike/v2/session_resume.h"

namespace sallyport::ike {
namespace {

namespace w = wire::ikev2;
using Reason = event::MessageRejected::Reason;

/// A stateless response, in clear.
void answer(Environment& env, const Datagram& datagram, const wire::IkeHeader& request,
            const w::PayloadChain& payloads) {
  wire::IkeHeader header = request;
  header.major_version = w::major_version;
  header.minor_version = w::minor_version;
  header.flags =
      static_cast<std::uint8_t>((request.flags & w::flag_initiator ? 0 : w::flag_initiator) | w::flag_response);
  if (auto message = w::serialize_message(header, payloads))
    env.outbox.push_back(SendDatagram{datagram.local, datagram.remote, std::move(*message)});
}

bool from_initiator(const wire::IkeHeader& header) { return (header.flags & w::flag_initiator) != 0; }

class Ikev2 final : public Protocol {
 public:
  explicit Ikev2(RandomSource& random) : admission_(random) {}

  std::array<std::uint64_t, 2> local_spis(const wire::IkeHeader& header) const override {
    return {from_initiator(header) ? header.responder_spi : header.initiator_spi, 0};
  }
  bool begins(const wire::IkeHeader& header) const override {
    return from_initiator(header) && header.responder_spi == 0;
  }
  std::unique_ptr<Session> accept(Instant now, Environment& env, const Datagram& datagram,
                                  const wire::IkeHeader& header, const Unfinished& unfinished) override;
  std::expected<std::unique_ptr<Session>, event::Failure> initiate(Instant now, Environment& env,
                                                                   Initiation initiation) override {
    return v2::Ikev2Session::initiate(now, env, std::move(initiation));
  }
  void answer_stray(Instant now, Environment& env, const Datagram& datagram, const wire::IkeHeader& header) override;
  void report_spi(Instant now, Environment& env, const policy::Endpoint& local, const policy::Endpoint& remote,
                  std::uint32_t spi) override;
  std::optional<std::uint32_t> read_spi_report(const Datagram& datagram, const wire::IkeHeader& header) override;
  void refuse_version(Environment& env, const Datagram& datagram, const wire::IkeHeader& header) override {
    env.emit(event::MessageRejected{Reason::wrong_version, datagram.remote, {}});
    const bool request = (header.flags & w::flag_response) == 0;
    if (header.major_version > w::major_version && request)  // RFC 7296 §2.5
      answer(env, datagram, header,
             w::PayloadChain().add(w::NotifyPayload{.type = w::NotifyType::invalid_major_version}));
  }

 private:
  Admission admission_;
  Rate strays_;
};

std::unique_ptr<Session> Ikev2::accept(Instant now, Environment& env, const Datagram& datagram,
                                       const wire::IkeHeader& header, const Unfinished& unfinished) {
  const auto reject = [&](Reason reason) {
    env.emit(event::MessageRejected{reason, datagram.remote, {}});
    return nullptr;
  };
  const auto exchange = static_cast<w::ExchangeType>(header.exchange_type);
  const bool resumes = exchange == w::ExchangeType::ike_session_resume;
  if ((exchange != w::ExchangeType::ike_sa_init && !resumes) || header.message_id != 0 ||
      (header.flags & w::flag_response) != 0 || header.initiator_spi == 0)
    return reject(Reason::malformed);
  const auto message = w::parse_message(datagram.message);
  if (!message) return reject(Reason::malformed);
  if (const auto* unknown = message->payloads.find_unsupported_critical()) {
    answer(env, datagram, header,
           w::PayloadChain().add(w::NotifyPayload{.type = w::NotifyType::unsupported_critical_payload,
                                                  .data = {static_cast<std::uint8_t>(unknown->type)}}));
    return reject(Reason::unsupported_critical_payload);
  }
  const v2::Inbound in{now, datagram, header, message->payloads};
  const auto verdict = admission_.judge(in, env, unfinished);
  if (const auto* reason = std::get_if<Reason>(&verdict)) return reject(*reason);
  if (const auto* cookie = std::get_if<w::PayloadChain>(&verdict)) {
    answer(env, datagram, header, *cookie);
    return nullptr;
  }
  auto outcome =
      resumes ? v2::answer_resume(in, env) : v2::answer_init(in, env, std::get<Admission::Admitted>(verdict).zero_bits);
  if (const auto* rejected = std::get_if<v2::InitRejected>(&outcome)) return reject(rejected->reason);
  if (auto* refusal = std::get_if<v2::InitReply>(&outcome)) {
    answer(env, datagram, header, refusal->payloads);
    if (refusal->failure) env.emit(event::NegotiationFailed{{}, std::move(*refusal->failure)});
    return nullptr;
  }
  return v2::Ikev2Session::accept(in, env, std::move(std::get<v2::InitAccepted>(outcome)));
}

/// Only whom we might have had an IKE SA with, and only a request: an answer would be answered by none (RFC 6290 §4.5).
void Ikev2::answer_stray(Instant now, Environment& env, const Datagram& datagram, const wire::IkeHeader& header) {
  if (!env.settings.crash_secret || (header.flags & w::flag_response) != 0 || header.initiator_spi == 0 ||
      header.responder_spi == 0 || static_cast<w::ExchangeType>(header.exchange_type) == w::ExchangeType::ike_sa_init ||
      !strays_.allows(now, env.settings.stray_answers_per_second) ||
      env.connections.between(policy::IkeVersion::v1, datagram.local.address, datagram.remote.address).empty())
    return;
  answer(env, datagram, header, v2::build_crash_proof(header.initiator_spi, header.responder_spi, env));
}

/// No IKE SPI would mean anything to the peer: ours is one of no IKE SA (RFC 7296 §1.5).
void Ikev2::report_spi(Instant now, Environment& env, const policy::Endpoint& local, const policy::Endpoint& remote,
                       std::uint32_t spi) {
  if (!env.settings.crash_secret || !strays_.allows(now, env.settings.stray_answers_per_second)) return;
  const auto known = env.connections.between(policy::IkeVersion::v1, local.address, remote.address);
  if (known.empty()) return;
  const policy::Connection& connection = known.front().alike();
  policy::Endpoint from = local, to = remote;
  if (from.port == 0) from.port = connection.local_port;  // it came as IP protocol 50 or 51
  if (to.port == 0) to.port = connection.remote_port;
  wire::IkeHeader header;
  header.initiator_spi = v2::random_ike_spi(env.random);
  header.major_version = w::major_version;
  header.minor_version = w::minor_version;
  header.exchange_type = static_cast<std::uint8_t>(w::ExchangeType::informational);
  header.flags = w::flag_initiator;
  Bytes octets(4);
  store_be32(octets.data(), spi);
  const auto payloads =
      w::PayloadChain().add(w::NotifyPayload{.type = w::NotifyType::invalid_spi, .data = std::move(octets)});
  if (auto message = w::serialize_message(header, payloads))
    env.outbox.push_back(SendDatagram{from, to, std::move(*message)});
}

std::optional<std::uint32_t> Ikev2::read_spi_report(const Datagram& datagram, const wire::IkeHeader& header) {
  if (static_cast<w::ExchangeType>(header.exchange_type) != w::ExchangeType::informational ||
      (header.flags & w::flag_response) != 0)
    return std::nullopt;
  const auto message = w::parse_message(datagram.message);
  if (!message) return std::nullopt;
  const auto* notify = message->payloads.find_notify(w::NotifyType::invalid_spi);
  if (!notify || notify->data.size() != 4) return std::nullopt;
  return load_be32(notify->data.data());
}

}  // namespace

std::unique_ptr<Protocol> make_ikev2(RandomSource& random) { return std::make_unique<Ikev2>(random); }

}  // namespace sallyport::ike
