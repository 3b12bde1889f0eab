#include "sim/event_words.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/check.h"

namespace sallyport::sim {
namespace {

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};

std::string of(std::string_view connection) {
  return connection.empty() ? std::string() : fmt::format(" ({})", connection);
}

std::string message_words(const event::MessageLogged& logged) {
  const event::MessageSummary& message = logged.message;
  std::vector<std::string> payloads;
  for (const event::PayloadSummary& payload : message.payloads) payloads.push_back(payload.name);
  return fmt::format("IKE SA {}{} {} {} {} [{}]", logged.ike_sa.value, of(logged.connection),
                     logged.direction == event::Direction::sent ? "sends" : "gets", message.exchange,
                     message.request ? "request" : "response", fmt::join(payloads, " "));
}

std::string failure_words(const event::Failure& failure) {
  std::string words = fmt::format("{}, decided by {}", failure_word(failure.kind),
                                  failure.side == event::Side::local ? "us" : "the peer");
  if (!failure.notify.empty()) words += ", " + failure.notify;
  return words;
}

std::string_view reason_word(event::MessageRejected::Reason reason) {
  using Reason = event::MessageRejected::Reason;
  switch (reason) {
    case Reason::malformed: return "malformed";
    case Reason::wrong_version: return "wrong version";
    case Reason::unknown_spi: return "unknown SPI";
    case Reason::not_authentic: return "not authentic";
    case Reason::unexpected_exchange: return "unexpected exchange";
    case Reason::unexpected_message_id: return "unexpected message id";
    case Reason::missing_payload: return "missing payload";
    case Reason::unsupported_critical_payload: return "unsupported critical payload";
    case Reason::no_connection: return "no connection";
    case Reason::cookie_demanded: return "cookie demanded";
    case Reason::cookie_invalid: return "cookie invalid";
    case Reason::ticket_refused: return "ticket refused";
    case Reason::half_open_limit: return "half-open limit";
    case Reason::source_limit: return "limit of one source";
    case Reason::puzzle_demanded: return "puzzle demanded";
    case Reason::puzzle_unsolved: return "puzzle unsolved";
    case Reason::repeated: return "repeated";
    case Reason::count_: break;
  }
  return "unknown";
}

}  // namespace

std::string_view failure_word(event::FailureKind kind) {
  using Kind = event::FailureKind;
  switch (kind) {
    case Kind::peer_unreachable: return "peer unreachable";
    case Kind::no_proposal_chosen: return "no proposal chosen";
    case Kind::no_common_selector: return "no common selector";
    case Kind::authentication_failed: return "authentication failed";
    case Kind::identity_mismatch: return "identity mismatch";
    case Kind::no_matching_connection: return "no matching connection";
    case Kind::secret_missing: return "secret missing";
    case Kind::mode_mismatch: return "mode mismatch";
    case Kind::exchange_mismatch: return "exchange mismatch";
    case Kind::key_exchange_mismatch: return "key exchange mismatch";
    case Kind::child_refused: return "child refused";
    case Kind::peer_error: return "peer error";
    case Kind::protocol_violation: return "protocol violation";
    case Kind::closed_by_peer: return "closed by peer";
    case Kind::peer_restarted: return "peer restarted";
    case Kind::closed_by_user: return "closed by user";
    case Kind::reconfigured: return "reconfigured";
    case Kind::replaced: return "replaced";
    case Kind::rekeyed: return "rekeyed";
    case Kind::expired: return "expired";
    case Kind::system_refused: return "system refused";
    case Kind::auth_method_mismatch: return "authentication method mismatch";
    case Kind::password_missing: return "password missing";
    case Kind::user_refused: return "user refused";
    case Kind::no_virtual_address: return "no virtual address";
    case Kind::extension_missing: return "an extension is missing";
    case Kind::puzzle_declined: return "puzzle declined";
    case Kind::redirected: return "redirected";
    case Kind::redirected_too_often: return "redirected too often";
    case Kind::not_resumed: return "not resumed";
    case Kind::name_unresolved: return "name unresolved";
    case Kind::nat_traversal_broken: return "NAT traversal broken";
  }
  return "unknown";
}

std::string_view event_name(const event::Event& event) {
  static constexpr std::array<std::string_view, std::variant_size_v<event::Event>> names = {"message",
                                                                                            "retransmission",
                                                                                            "message rejected",
                                                                                            "NAT detected",
                                                                                            "peer address changed",
                                                                                            "own address changed",
                                                                                            "IKE SA established",
                                                                                            "IKE SA closed",
                                                                                            "Child SA installed",
                                                                                            "Child SA removed",
                                                                                            "Child SA rekeyed",
                                                                                            "IKE SA rekeyed",
                                                                                            "IKE SA reauthenticated",
                                                                                            "negotiation failed",
                                                                                            "acquired",
                                                                                            "user authenticated",
                                                                                            "network configured"};
  return names[event.index()];
}

std::string event_words(const event::Event& event) {
  return std::visit(
      Overloaded{
          [](const event::MessageLogged& e) { return message_words(e); },
          [](const event::Retransmitted& e) {
            return fmt::format("IKE SA {}{} repeats request {}, the {}. time", e.ike_sa.value, of(e.connection),
                               e.message_id, e.attempt);
          },
          [](const event::MessageRejected& e) {
            return fmt::format("rejects a message from {}: {}", policy::to_string(e.remote), reason_word(e.reason));
          },
          [](const event::NatDetected& e) {
            return fmt::format("IKE SA {}{} finds a NAT in front of {}", e.ike_sa.value, of(e.connection),
                               e.local && e.remote ? "both"
                               : e.local           ? "us"
                                                   : "the peer");
          },
          [](const event::PeerAddressChanged& e) {
            return fmt::format("IKE SA {}{}: the peer moved from {} to {}", e.ike_sa.value, of(e.connection),
                               policy::to_string(e.from), policy::to_string(e.to));
          },
          [](const event::OwnAddressChanged& e) {
            return fmt::format("IKE SA {}{}: we moved from {} to {}", e.ike_sa.value, of(e.connection),
                               policy::to_string(e.from), policy::to_string(e.to));
          },
          [](const event::IkeSaEstablished& e) {
            return fmt::format("IKE SA {}{} established as {}", e.ike_sa.value, of(e.connection),
                               e.initiator ? "initiator" : "responder");
          },
          [](const event::IkeSaClosed& e) {
            return fmt::format("IKE SA {}{} closed: {}", e.ike_sa.value, of(e.connection), failure_words(e.why));
          },
          [](const event::ChildSaInstalled& e) {
            return fmt::format("Child SA {} ({}/{}) installed, in {:08x}, out {:08x}", e.child_sa.value, e.connection,
                               e.child, e.spi_in, e.spi_out);
          },
          [](const event::ChildSaRemoved& e) {
            return fmt::format("Child SA {} ({}/{}) removed, in {:08x}, out {:08x}: {}", e.child_sa.value, e.connection,
                               e.child, e.spi_in, e.spi_out, failure_words(e.why));
          },
          [](const event::ChildSaRekeyed& e) {
            return fmt::format("Child SA {} ({}/{}) takes the place of {}", e.to.value, e.connection, e.child,
                               e.from.value);
          },
          [](const event::IkeSaRekeyed& e) {
            return fmt::format("IKE SA {}{} takes the place of {}", e.ike_sa.value, of(e.connection), e.from.value);
          },
          [](const event::IkeSaReauthenticated& e) {
            return fmt::format("IKE SA {}{} is to stand in the place of {}", e.ike_sa.value, of(e.connection),
                               e.from.value);
          },
          [](const event::Redirected& e) {
            return fmt::format("IKE SA {}{}: {} {} sent to {}", e.ike_sa.value, of(e.connection), to_string(e.from),
                               e.side == event::Side::local ? "has us" : "is", policy::to_string(e.to));
          },
          [](const event::Resumption& e) {
            using Outcome = event::Resumption::Outcome;
            return fmt::format("IKE SA {}{}: {}", e.ike_sa.value, of(e.connection),
                               e.outcome == Outcome::resumed   ? "resumed by a ticket"
                               : e.outcome == Outcome::refused ? "the ticket is refused"
                                                               : "the ticket is not answered");
          },
          [](const event::NegotiationFailed& e) {
            return fmt::format("IKE SA {} ({}/{}) failed: {}", e.ike_sa.value, e.failure.connection, e.failure.child,
                               failure_words(e.failure));
          },
          [](const event::Acquired& e) { return fmt::format("a packet asks for {}/{}", e.connection, e.child); },
          [](const event::UserAuthenticated& e) {
            return fmt::format("IKE SA {}{}: {} the user {}", e.ike_sa.value, of(e.connection),
                               e.side == event::Side::local ? "we are" : "the peer is", e.user);
          },
          [](const event::NetworkConfigured& e) {
            return fmt::format("IKE SA {}{}: {} an inner address", e.ike_sa.value, of(e.connection),
                               e.side == event::Side::local ? "we have" : "the peer has");
          },
      },
      event);
}

}  // namespace sallyport::sim
