#include "diagnose/event_text.h"

#include <fmt/format.h>

#include "diagnose/explanation.h"

namespace sallyport::diagnose {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;
using policy::to_string;

std::string hex32(std::uint32_t spi) { return fmt::format("{:08x}", spi); }
std::string hex64(std::uint64_t spi) { return fmt::format("{:016x}", spi); }
std::string yes_no(bool value) { return value ? "yes" : "no"; }

std::string payload_names(const event::MessageSummary& message) {
  std::string names;
  for (const auto& payload : message.payloads) names += (names.empty() ? "" : " ") + payload.name;
  return names;
}

std::string side_name(event::Side side) { return side == event::Side::local ? "local" : "remote"; }

template <class List>
std::string joined(const List& list) {
  std::string text;
  for (const auto& each : list) {
    if (!text.empty()) text += ' ';
    if constexpr (std::is_same_v<std::decay_t<decltype(each)>, std::string>)
      text += printable(each);
    else
      text += to_string(each);
  }
  return text;
}

/// What is said, by its name.
Fields words_of(const policy::NetworkConfig& config) {
  Fields fields;
  const auto add = [&](std::string_view name, std::string text) {
    if (!text.empty()) fields.emplace_back(name, std::move(text));
  };
  add("addresses", joined(config.addresses));
  add("netmask", config.netmask ? to_string(*config.netmask) : std::string());
  add("dns", joined(config.dns));
  add("nbns", joined(config.nbns));
  add("split_include", joined(config.split_include));
  add("split_exclude", joined(config.split_exclude));
  add("default_domain", printable(config.default_domain));
  add("split_dns", joined(config.split_dns));
  add("banner", printable(config.banner));
  return fields;
}

struct Name {
  std::string_view operator()(const event::MessageLogged& e) const {
    return e.direction == event::Direction::sent ? "message-sent" : "message-received";
  }
  std::string_view operator()(const event::Retransmitted&) const { return "retransmitted"; }
  std::string_view operator()(const event::MessageRejected&) const { return "message-rejected"; }
  std::string_view operator()(const event::NatDetected&) const { return "nat-detected"; }
  std::string_view operator()(const event::PeerAddressChanged&) const { return "peer-address-changed"; }
  std::string_view operator()(const event::OwnAddressChanged&) const { return "own-address-changed"; }
  std::string_view operator()(const event::IkeSaEstablished&) const { return "ike-sa-established"; }
  std::string_view operator()(const event::IkeSaClosed&) const { return "ike-sa-closed"; }
  std::string_view operator()(const event::ChildSaInstalled&) const { return "child-sa-installed"; }
  std::string_view operator()(const event::ChildSaRemoved&) const { return "child-sa-removed"; }
  std::string_view operator()(const event::ChildSaRekeyed&) const { return "child-sa-rekeyed"; }
  std::string_view operator()(const event::IkeSaRekeyed&) const { return "ike-sa-rekeyed"; }
  std::string_view operator()(const event::IkeSaReauthenticated&) const { return "ike-sa-reauthenticated"; }
  std::string_view operator()(const event::Redirected&) const { return "redirected"; }
  std::string_view operator()(const event::Resumption&) const { return "resumption"; }
  std::string_view operator()(const event::NegotiationFailed&) const { return "negotiation-failed"; }
  std::string_view operator()(const event::Acquired&) const { return "acquired"; }
  std::string_view operator()(const event::UserAuthenticated&) const { return "user-authenticated"; }
  std::string_view operator()(const event::NetworkConfigured&) const { return "network-configured"; }
};

/// IKEv2's messages are a request and a response, with a number; IKEv1's exchanges have their first, second, third.
std::string message_name(const event::MessageSummary& message) {
  if (message.version == 1) return fmt::format("{} message {}", message.exchange, message.number);
  return fmt::format("{} {} {}", message.exchange, message.request ? "request" : "response", message.message_id);
}

struct Line {
  const policy::Connection* connection;
  const policy::Pad* secrets;

  std::string operator()(const event::MessageLogged& e) const {
    const bool sent = e.direction == event::Direction::sent;
    return fmt::format("{} {} {} {} [{}] ({} octets)", sent ? "sent" : "received", message_name(e.message),
                       sent ? "to" : "from", to_string(e.message.remote), payload_names(e.message), e.message.size);
  }
  std::string operator()(const event::Retransmitted& e) const {
    return fmt::format("request {} sent again, {} time{}", e.message_id, e.attempt, e.attempt == 1 ? "" : "s");
  }
  std::string operator()(const event::MessageRejected& e) const {
    return fmt::format("message from {} not taken: {}", to_string(e.remote), diagnose::to_string(e.reason));
  }
  std::string operator()(const event::NatDetected& e) const {
    return fmt::format("NAT in front of {}", e.local && e.remote ? "both ends" : e.local ? "us" : "the peer");
  }
  std::string operator()(const event::PeerAddressChanged& e) const {
    return fmt::format("peer moved from {} to {}", to_string(e.from), to_string(e.to));
  }
  std::string operator()(const event::OwnAddressChanged& e) const {
    return fmt::format("we moved from {} to {}", to_string(e.from), to_string(e.to));
  }
  std::string operator()(const event::IkeSaEstablished& e) const {
    return fmt::format("IKE SA {} established: {} [{}] ... {} [{}], {}", e.ike_sa.value, to_string(e.local),
                       to_string(e.local_id), to_string(e.remote), to_string(e.remote_id), to_string(e.suite));
  }
  std::string operator()(const event::IkeSaClosed& e) const {
    return fmt::format("IKE SA {} closed: {}", e.ike_sa.value, explain(e.why, nullptr).sentence);
  }
  std::string operator()(const event::ChildSaInstalled& e) const {
    return fmt::format("Child SA {}{{{}}} installed: {} mode, {}, SPIs {} in {} out, {} <-> {}", e.child,
                       e.child_sa.value, to_string(e.mode), to_string(e.suite), hex32(e.spi_in), hex32(e.spi_out),
                       to_string(e.local_ts), to_string(e.remote_ts));
  }
  std::string operator()(const event::ChildSaRemoved& e) const {
    return fmt::format("Child SA {}{{{}}} removed: {}", e.child, e.child_sa.value, explain(e.why, nullptr).sentence);
  }
  std::string operator()(const event::ChildSaRekeyed& e) const {
    return fmt::format("Child SA {}{{{}}} renews {}{{{}}}", e.child, e.to.value, e.child, e.from.value);
  }
  std::string operator()(const event::IkeSaRekeyed& e) const {
    return fmt::format("IKE SA {} renews IKE SA {} and takes over its Child SAs", e.ike_sa.value, e.from.value);
  }
  std::string operator()(const event::IkeSaReauthenticated& e) const {
    return fmt::format("IKE SA {} has the peers' proof of who they are anew, and takes the place of IKE SA {}",
                       e.ike_sa.value, e.from.value);
  }
  std::string operator()(const event::Redirected& e) const {
    return e.side == event::Side::local
               ? fmt::format("the gateway {} sends us to {}", to_string(e.from), to_string(e.to))
               : fmt::format("the client {} is sent to {}", to_string(e.from), to_string(e.to));
  }
  std::string operator()(const event::Resumption& e) const {
    switch (e.outcome) {
      case event::Resumption::Outcome::resumed: return "resumed by a ticket, without another key exchange";
      case event::Resumption::Outcome::refused:
        return fmt::format("{} does not take our ticket: beginning anew", to_string(e.remote));
      case event::Resumption::Outcome::unanswered:
        return fmt::format("{} does not answer to our ticket: beginning anew", to_string(e.remote));
    }
    return {};
  }
  std::string operator()(const event::NegotiationFailed& e) const {
    return explain(e.failure, connection, secrets).text();
  }
  std::string operator()(const event::Acquired& e) const {
    return fmt::format("a packet from {} to {} asks for {}", to_string(e.source), to_string(e.destination), e.child);
  }
  std::string operator()(const event::UserAuthenticated& e) const {
    return fmt::format("{} the user {}", e.side == event::Side::local ? "the peer takes us for" : "the peer is",
                       printable(e.user));
  }
  std::string operator()(const event::NetworkConfigured& e) const {
    return fmt::format("{}: {}", e.side == event::Side::local ? "configured by the peer" : "configured the peer",
                       to_text(e.config));
  }
};

struct ToFields {
  Fields operator()(const event::MessageLogged& e) const {
    return {{"exchange", e.message.exchange},
            {"type", e.message.request ? "request" : "response"},
            {"message_id", std::to_string(e.message.message_id)},
            {"spi_initiator", hex64(e.message.spi_initiator)},
            {"spi_responder", hex64(e.message.spi_responder)},
            {"local", to_string(e.message.local)},
            {"remote", to_string(e.message.remote)},
            {"octets", std::to_string(e.message.size)},
            {"encrypted", yes_no(e.message.encrypted)},
            {"payloads", payload_names(e.message)}};
  }
  Fields operator()(const event::Retransmitted& e) const {
    return {{"message_id", std::to_string(e.message_id)}, {"attempt", std::to_string(e.attempt)}};
  }
  Fields operator()(const event::MessageRejected& e) const {
    return {{"reason", std::string(diagnose::to_string(e.reason))}, {"remote", to_string(e.remote)}};
  }
  Fields operator()(const event::NatDetected& e) const {
    return {{"nat_local", yes_no(e.local)}, {"nat_remote", yes_no(e.remote)}};
  }
  Fields operator()(const event::PeerAddressChanged& e) const {
    return {{"from", to_string(e.from)}, {"to", to_string(e.to)}};
  }
  Fields operator()(const event::OwnAddressChanged& e) const {
    return {{"from", to_string(e.from)}, {"to", to_string(e.to)}};
  }
  Fields operator()(const event::IkeSaEstablished& e) const {
    return {{"initiator", yes_no(e.initiator)},
            {"version", std::to_string(e.version)},
            {"local", to_string(e.local)},
            {"remote", to_string(e.remote)},
            {"local_id", to_string(e.local_id)},
            {"remote_id", to_string(e.remote_id)},
            {"spi_initiator", hex64(e.spi_initiator)},
            {"spi_responder", hex64(e.spi_responder)},
            {"proposal", to_string(e.suite)}};
  }
  Fields operator()(const event::IkeSaClosed& e) const { return of(e.why); }
  Fields operator()(const event::ChildSaInstalled& e) const {
    return {{"child", e.child},
            {"child_id", std::to_string(e.child_sa.value)},
            {"mode", std::string(to_string(e.mode))},
            {"proposal", to_string(e.suite)},
            {"spi_in", hex32(e.spi_in)},
            {"spi_out", hex32(e.spi_out)},
            {"local_ts", to_string(e.local_ts)},
            {"remote_ts", to_string(e.remote_ts)}};
  }
  Fields operator()(const event::ChildSaRemoved& e) const {
    Fields fields = {{"child", e.child}, {"child_id", std::to_string(e.child_sa.value)}};
    for (auto& field : of(e.why)) fields.push_back(std::move(field));
    return fields;
  }
  Fields operator()(const event::ChildSaRekeyed& e) const {
    return {{"child", e.child},
            {"child_id", std::to_string(e.to.value)},
            {"rekeyed_child_id", std::to_string(e.from.value)},
            {"spi_in", hex32(e.spi_in)},
            {"spi_out", hex32(e.spi_out)}};
  }
  Fields operator()(const event::IkeSaRekeyed& e) const {
    return {{"version", std::to_string(e.version)}, {"rekeyed_id", std::to_string(e.from.value)}};
  }
  Fields operator()(const event::IkeSaReauthenticated& e) const {
    return {{"replaced_id", std::to_string(e.from.value)}};
  }
  Fields operator()(const event::Redirected& e) const { return {{"from", to_string(e.from)}, {"to", to_string(e.to)}}; }
  Fields operator()(const event::Resumption& e) const {
    using Outcome = event::Resumption::Outcome;
    return {{"outcome", e.outcome == Outcome::resumed   ? "resumed"
                        : e.outcome == Outcome::refused ? "refused"
                                                        : "unanswered"},
            {"remote", to_string(e.remote)}};
  }
  Fields operator()(const event::NegotiationFailed& e) const {
    Fields fields = of(e.failure);
    if (!e.failure.child.empty()) fields.insert(fields.begin(), {"child", e.failure.child});
    return fields;
  }
  Fields operator()(const event::Acquired& e) const {
    return {{"child", e.child}, {"source", to_string(e.source)}, {"destination", to_string(e.destination)}};
  }
  Fields operator()(const event::UserAuthenticated& e) const {
    return {{"side", side_name(e.side)}, {"user", printable(e.user)}};
  }
  Fields operator()(const event::NetworkConfigured& e) const {
    Fields fields = {{"side", side_name(e.side)}};
    for (auto& field : words_of(e.config)) fields.push_back(std::move(field));
    return fields;
  }

 private:
  static Fields of(const event::Failure& failure) {
    return {{"reason", std::string(diagnose::to_string(failure.kind))},
            {"side", side_name(failure.side)},
            {"why", explain(failure, nullptr).sentence}};
  }
};

}  // namespace

std::string_view name_of(const event::Event& event) { return std::visit(Name{}, event); }

std::string_view connection_of(const event::Event& event) {
  return std::visit(
      [](const auto& e) -> std::string_view {
        if constexpr (requires { e.connection; })
          return e.connection;
        else if constexpr (requires { e.failure; })
          return e.failure.connection;
        else
          return {};
      },
      event);
}

policy::IkeSaId ike_sa_of(const event::Event& event) {
  return std::visit(
      [](const auto& e) -> policy::IkeSaId {
        if constexpr (requires { e.ike_sa; })
          return e.ike_sa;
        else
          return {};
      },
      event);
}

Fields fields_of(const policy::NetworkConfig& config) { return words_of(config); }

std::string to_text(const policy::NetworkConfig& config) {
  std::string text;
  for (const auto& [name, value] : words_of(config))
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, value);
  return text.empty() ? "nothing" : text;
}

std::string to_line(const event::Event& event, const policy::Connection* connection, const policy::Pad* secrets) {
  return std::visit(Line{connection, secrets}, event);
}
Fields fields_of(const event::Event& event) { return std::visit(ToFields{}, event); }

std::string_view to_string(event::MessageRejected::Reason reason) {
  using enum event::MessageRejected::Reason;
  switch (reason) {
    case malformed: return "malformed";
    case wrong_version: return "wrong-version";
    case unknown_spi: return "unknown-spi";
    case not_authentic: return "not-authentic";
    case unexpected_exchange: return "unexpected-exchange";
    case unexpected_message_id: return "unexpected-message-id";
    case missing_payload: return "missing-payload";
    case unsupported_critical_payload: return "unsupported-critical-payload";
    case no_connection: return "no-connection";
    case cookie_demanded: return "cookie-demanded";
    case cookie_invalid: return "cookie-invalid";
    case ticket_refused: return "ticket-refused";
    case half_open_limit: return "half-open-limit";
    case source_limit: return "source-limit";
    case puzzle_demanded: return "puzzle-demanded";
    case puzzle_unsolved: return "puzzle-unsolved";
    case repeated: return "repeated";
    case count_: break;
  }
  return "unknown";
}

int verbosity_of(const event::Event& event) {
  if (std::holds_alternative<event::NegotiationFailed>(event)) return 0;
  if (std::holds_alternative<event::MessageLogged>(event) || std::holds_alternative<event::Retransmitted>(event))
    return 2;
  if (std::holds_alternative<event::MessageRejected>(event)) return 3;
  return 1;
}

}  // namespace sallyport::diagnose
