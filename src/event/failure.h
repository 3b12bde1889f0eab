// Failure: why something did not come up, as values. Who refused, what we had, what the peer had. diagnose/ makes the
// sentence, and names the line of the configuration that would mend it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "policy/connection.h"
#include "policy/proposal.h"
#include "policy/selector.h"

namespace sallyport::event {

/// Whose decision it was.
enum class Side : std::uint8_t {
  local,
  remote
};

enum class FailureKind : std::uint8_t {
  peer_unreachable,        // no answer to all retransmissions
  no_proposal_chosen,      // no common suite
  no_common_selector,      // traffic selectors do not overlap
  authentication_failed,   // the other's proof does not verify, or ours was refused
  identity_mismatch,       // the peer is authentic, but not whom the connection names
  no_matching_connection,  // a request that no configured connection fits
  secret_missing,          // no shared key for these identities
  mode_mismatch,           // transport against tunnel
  exchange_mismatch,       // the peer begins with another exchange than is configured: Opening
  key_exchange_mismatch,   // the peer insists on a group that we do not accept
  child_refused,           // the peer allows no further Child SA, or not this one
  peer_error,              // a notify that we can only repeat
  protocol_violation,      // an authentic peer that breaks the protocol
  closed_by_peer,
  peer_restarted,  // the peer has lost the IKE SA, and its token proves that (RFC 6290)
  closed_by_user,
  reconfigured,          // the configuration has it otherwise now, or not at all
  replaced,              // a newer IKE SA of the same peer took over
  rekeyed,               // fresh keys took its place
  expired,               // lifetime or sequence numbers ran out
  system_refused,        // the datapath or the system would not install it
  auth_method_mismatch,  // one side wants a user name and a password (XAUTH), the other does not
  password_missing,      // no password for the user that we are to be
  user_refused,          // user name and password are not accepted
  no_virtual_address,    // the gateway has no inner address for its client
  extension_missing,     // what is required here the peer does not do; its notify says what
  puzzle_declined,       // the peer asks for more work (RFC 8019) than we do for it
  redirected,            // the gateway has sent us to another one
  redirected_too_often,  // from one to the next: attempts
  not_resumed,           // the gateway does not take our ticket: it begins anew
  name_unresolved,       // a name in the addresses has none: Failure::name, and why in `message`
  nat_traversal_broken,  // IKEv1: what the peer says of NAT traversal does not fit together
};

/// The exchange that an IKE SA begins with.
enum class Opening : std::uint8_t {
  ike_sa_init,
  main_mode,
  aggressive_mode
};

struct Failure {
  FailureKind kind = FailureKind::peer_error;
  Side side = Side::local;
  std::string connection;                                  // empty: none was found
  std::string child;                                       // empty: the IKE SA as a whole
  std::vector<policy::Proposal> our_proposals;             // no_proposal_chosen, key_exchange_mismatch
  std::vector<policy::Proposal> peer_proposals;            // empty where the peer hides them
  bool our_bundle = false, peer_bundle = false;            // IKEv1: the proposals are of ESP and AH together
  policy::TrafficSelectors our_local_ts, our_remote_ts;    // no_common_selector
  policy::TrafficSelectors peer_local_ts, peer_remote_ts;  // as seen from our side: "local" is our side of the tunnel
  std::optional<policy::Mode> our_mode, peer_mode;
  policy::Identity local_id, remote_id;                   // any: not known yet
  policy::Identity expected_id;                           // identity_mismatch
  policy::Endpoint remote;                                // peer_unreachable: where we tried
  std::uint32_t attempts = 0;                             // peer_unreachable: messages sent
  std::uint32_t zero_bits = 0;                            // puzzle_declined: of the solution that it wants
  std::optional<crypto::KeyExchangeMethod> wanted_group;  // key_exchange_mismatch
  std::string notify;                                     // the peer's notify by its RFC name: "NO_PROPOSAL_CHOSEN"
  std::optional<Opening> opening;                         // IKEv1: what it began with
  std::optional<Opening> our_opening;                     // exchange_mismatch: what is configured
  std::string name;                                       // name_unresolved: which one
  std::string user;                                       // password_missing, user_refused: whose name was said
  std::string message;                                    // the peer's own words, as it sent them to be shown
};

}  // namespace sallyport::event
