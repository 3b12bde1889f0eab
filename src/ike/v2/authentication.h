// AUTH: how one end proves to the other who it is (RFC 7296 §2.15): by a shared key, or not at all (RFC 7619), which
// proves that it is the one who began, and nothing else; or by the keys of an IKE SA that is resumed (RFC 5723).
#pragma once

#include "ike/core/environment.h"
#include "ike/v2/ike_sa.h"
#include "wire/ikev2/payload.h"

namespace sallyport::ike::v2 {

/// What the AUTH of one end is made over; the views live as long as the IKE SA's setup and whatever else they are of.
struct AuthInputs {
  const policy::AuthRound& round;  // its round, ours or the peer's
  ByteView message, nonce;         // its first message, and the other's nonce
  const Secret& sk_p;
  ByteView id_body;
  Bytes int_auth;  // of IKE_INTERMEDIATE exchanges (intermediate.h)
};
AuthInputs auth_of_initiator(const IkeSa& sa, const policy::AuthRound& round, ByteView id_body);
AuthInputs auth_of_responder(const IkeSa& sa, const policy::AuthRound& round, ByteView id_body);

/// nullopt: there is no shared key for these identities.
std::optional<wire::ikev2::AuthPayload> make_auth(const AuthInputs& inputs, const IkeSa& sa,
                                                  const policy::Identity& local_id, const policy::Identity& remote_id,
                                                  Environment& env);
/// By the method of the round, and no other.
bool proves(const wire::ikev2::AuthPayload& auth, const AuthInputs& inputs, const IkeSa& sa,
            const policy::Identity& local_id, const policy::Identity& remote_id, Environment& env);

/// Needs a shared key, and has none.
bool lacks_key(const policy::Connection& connection, const policy::Identity& local_id,
               const policy::Identity& remote_id, const policy::Pad& pad);

/// Whom an ID payload stands for on this connection: where nothing is proved, nobody, whatever it says (RFC 7619 §3).
std::optional<policy::Identity> read_peer(const policy::Connection& connection, const wire::ikev2::Identification& id);

}  // namespace sallyport::ike::v2
