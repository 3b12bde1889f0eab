// Event: every noteworthy thing that happens, typed. The one source of log lines, counters, `sallyport events`, traces
// and test assertions: whoever wants text makes it from these.
#pragma once

#include <string>
#include <variant>

#include "base/time.h"
#include "event/failure.h"
#include "event/message_summary.h"
#include "policy/child_sa.h"
#include "policy/gateway.h"
#include "policy/network_config.h"

namespace sallyport::event {

/// An IKE message left or came in, was authentic (where it is encrypted) and understood.
struct MessageLogged {
  Direction direction = Direction::sent;
  policy::IkeSaId ike_sa;
  std::string connection;  // empty while the responder does not know it
  MessageSummary message;
};
/// The same request again: no answer came in time.
struct Retransmitted {
  policy::IkeSaId ike_sa;
  std::string connection;
  std::uint32_t message_id = 0;
  std::uint32_t attempt = 0;  // 1 for the first repetition
};
/// A datagram or message that was not taken, for this reason. Unauthenticated input ends here and nowhere else.
struct MessageRejected {
  enum class Reason : std::uint8_t {
    malformed,
    wrong_version,
    unknown_spi,
    not_authentic,
    unexpected_exchange,
    unexpected_message_id,
    missing_payload,
    unsupported_critical_payload,
    no_connection,
    cookie_demanded,
    cookie_invalid,
    ticket_refused,
    half_open_limit,
    source_limit,  // too many half-open ones of one source
    puzzle_demanded,
    puzzle_unsolved,
    repeated,
    count_
  };
  Reason reason = Reason::malformed;
  policy::Endpoint remote;
  policy::IkeSaId ike_sa;  // 0: none
};
struct NatDetected {
  policy::IkeSaId ike_sa;
  std::string connection;
  bool local = false;   // we are behind one
  bool remote = false;  // the peer is
};
struct PeerAddressChanged {
  policy::IkeSaId ike_sa;
  std::string connection;
  policy::Endpoint from, to;
};
struct OwnAddressChanged {
  policy::IkeSaId ike_sa;
  std::string connection;
  policy::Endpoint from, to;
};
struct IkeSaEstablished {
  policy::IkeSaId ike_sa;
  std::string connection;
  bool initiator = false;
  std::uint8_t version = 2;
  policy::Endpoint local, remote;
  policy::Identity local_id, remote_id;
  std::uint64_t spi_initiator = 0, spi_responder = 0;
  policy::Suite suite;
};
struct IkeSaClosed {
  policy::IkeSaId ike_sa;
  std::string connection;
  Failure why;
};
struct ChildSaInstalled {
  policy::IkeSaId ike_sa;
  policy::ChildSaId child_sa;
  std::string connection, child;
  policy::Mode mode = policy::Mode::tunnel;
  policy::Suite suite;
  std::uint32_t spi_in = 0, spi_out = 0;
  policy::TrafficSelectors local_ts, remote_ts;
};
struct ChildSaRemoved {
  policy::IkeSaId ike_sa;
  policy::ChildSaId child_sa;
  std::string connection, child;
  std::uint32_t spi_in = 0, spi_out = 0;
  Failure why;
};
/// A Child SA has got a successor with fresh keys, which carries our traffic as soon as the peer can take it.
struct ChildSaRekeyed {
  policy::IkeSaId ike_sa;
  policy::ChildSaId from, to;
  std::string connection, child;
  std::uint32_t spi_in = 0, spi_out = 0;  // the successor's
};
/// An IKE SA has got a successor with fresh keys, which has taken over its Child SAs.
struct IkeSaRekeyed {
  policy::IkeSaId from, ike_sa;
  std::string connection;
  std::uint8_t version = 2;
};
/// The peers have proved anew who they are: an IKE SA from scratch, with Child SAs of its own, has taken the place of
/// an older one, which is closed after a grace.
struct IkeSaReauthenticated {
  policy::IkeSaId from, ike_sa;
  std::string connection;
};
/// A gateway has sent its client to another one.
struct Redirected {
  policy::IkeSaId ike_sa;
  std::string connection;
  Side side = Side::local;  // local: it is we who are sent
  policy::Endpoint from;    // local: the gateway; remote: the client
  policy::GatewayId to;
  // Local: what is to go on there, by name, and the lineage that the IKE SA was to replace (ike/core/session.h).
  std::vector<std::string> children;
  std::optional<policy::IkeSaId> reauthenticates;
};
/// An IKE SA began by a ticket of an older one (RFC 5723), or would have, and begins anew.
struct Resumption {
  enum class Outcome : std::uint8_t {
    resumed,
    refused,    // by the gateway, in its answer to the ticket or to the proof
    unanswered  // there is no answer
  };
  policy::IkeSaId ike_sa;
  std::string connection;
  Outcome outcome = Outcome::resumed;
  policy::Endpoint remote;
};
/// An attempt, ours or the peer's, that came to nothing.
struct NegotiationFailed {
  policy::IkeSaId ike_sa;
  Failure failure;
};
/// A packet found its policy without an SA.
struct Acquired {
  std::string connection, child;
  policy::TrafficSelector source, destination;
};
/// A user name and a password were accepted, behind the IKE SA's own authentication (XAUTH).
struct UserAuthenticated {
  policy::IkeSaId ike_sa;
  std::string connection;
  Side side = Side::local;  // local: it was ours that the peer accepted
  std::string user;
};
/// A client got its inner addresses, and what there is to know of the network behind the gateway.
struct NetworkConfigured {
  policy::IkeSaId ike_sa;
  std::string connection;
  Side side = Side::local;  // local: we are the client
  policy::NetworkConfig config;
};

using Event = std::variant<MessageLogged, Retransmitted, MessageRejected, NatDetected, PeerAddressChanged,
                           OwnAddressChanged, IkeSaEstablished, IkeSaClosed, ChildSaInstalled, ChildSaRemoved,
                           ChildSaRekeyed, IkeSaRekeyed, IkeSaReauthenticated, Redirected, Resumption,
                           NegotiationFailed, Acquired, UserAuthenticated, NetworkConfigured>;

}  // namespace sallyport::event
