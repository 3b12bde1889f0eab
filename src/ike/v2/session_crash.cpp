// A peer that may have lost the IKE SA: it says so, and proves it, or it gets ESP that it knows nothing of.
#include "ike/v2/crash_token.h"
#include "ike/v2/session.h"

namespace sallyport::ike::v2 {
namespace {

/// What a stranger can make us ask of a peer that is there.
constexpr Duration kDoubtAgain = std::chrono::seconds(10);

}  // namespace

/// An answer in clear where one on the IKE SA is due. With the peer's token nobody is told anything: nobody is there to
/// hear it (RFC 6290 §4.5).
void Ikev2Session::on_clear_message(Instant now, Environment& env, const Received& received,
                                    const wire::ikev2::PayloadChain& payloads) {
  const bool answers = !received.request && sa_.window.answers_outstanding(received.header.message_id);
  if (!sa_.established || !answers || !proves_crash(payloads, sa_.crash_token))
    return reject(env, event::MessageRejected::Reason::unexpected_exchange, received.datagram);
  log_message(env, event::Direction::received, received.header, payloads, false, received.datagram.message.size());
  // What was being closed anyway closes for the reason that it had.
  close_now(now, env, sa_.failure ? *sa_.failure : failure(event::FailureKind::peer_restarted, event::Side::remote));
}

/// Somebody says that the peer does not know a Child SA of ours (INVALID_SPI). Whoever it is, it is no more than a
/// reason to ask (RFC 7296 §1.5).
void Ikev2Session::doubt_peer(Instant now, Environment& env) {
  if (sa_.state != State::established || sa_.window.request_outstanding() || sa_.wants<CheckLiveness>()) return;
  if (doubted_ && now - *doubted_ < kDoubtAgain) return;
  doubted_ = now;
  want(CheckLiveness{});
  run_next_task(now, env);
}

/// Our token for an IKE SA that we have made in the place of another.
bool Ikev2Session::run(Instant now, Environment& env, const TellCrashToken&) {
  wire::ikev2::PayloadChain payloads;
  add_crash_token(payloads, sa_.spi_i, sa_.spi_r, env);
  return send_request(now, env, wire::ikev2::ExchangeType::informational, payloads);
}

}  // namespace sallyport::ike::v2
