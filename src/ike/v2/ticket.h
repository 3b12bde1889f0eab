// Tickets (RFC 5723 §4.1, §4.2, §6): a client asks for one while its IKE SA is up, and gets it sealed so that nobody
// but the gateway that made it can read it. How an IKE SA is resumed by it is session_resume.h.
//
//   IKE_AUTH, INFORMATIONAL     HDR, SK {…, N(TICKET_REQUEST)}  -->
//                                      <--  HDR, SK {…, N(TICKET_LT_OPAQUE: lifetime, ticket) | N(TICKET_NACK)}
#pragma once

#include "ike/core/tickets.h"
#include "ike/v2/step.h"

namespace sallyport::ike::v2 {

/// Configured for it, and the peers prove who they are: nobody's tickets are for nobody.
bool wants_tickets(const policy::Connection& connection);

/// What a ticket is to stand for. `now`: how long it may do so counts from then.
ResumableSa resumable(const IkeSa& sa, const policy::ConnectionPtr& connection, const Secret& sk_d, Instant now,
                      Environment& env);
/// The same of the shared key alone; empty: there is none.
Secret print_of_key(const policy::Identity& local_id, const policy::Identity& remote_id, Environment& env);

/// A ticket's content, as octets and back; the connection is known by name there.
Secret write_resumable(const ResumableSa& sa);
struct ReadSa {
  ResumableSa sa;
  std::string connection;
};
Result<ReadSa> read_resumable(ByteView content);

void add_ticket_request(wire::ikev2::PayloadChain& payloads);
bool requests_ticket(const wire::ikev2::PayloadChain& payloads);
/// A gateway's answer to it: a ticket, or none if that would be good for no time at all.
wire::ikev2::NotifyPayload make_ticket(const ResumableSa& sa, Instant now, Environment& env);
wire::ikev2::NotifyPayload refuse_ticket();
/// nullopt: there is none, or none that could be used.
std::optional<GrantedTicket> read_ticket(const wire::ikev2::PayloadChain& payloads);

}  // namespace sallyport::ike::v2
