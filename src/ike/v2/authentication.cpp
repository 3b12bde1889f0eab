#include "ike/v2/authentication.h"

#include "ike/v2/intermediate.h"
#include "ike/v2/numbers_map.h"

namespace sallyport::ike::v2 {

namespace w = wire::ikev2;
using policy::AuthMethod;
using policy::Identity;

AuthInputs auth_of_initiator(const IkeSa& sa, const policy::AuthRound& round, ByteView id_body) {
  return {round, sa.setup->init_request, sa.setup->nonce_r, sa.keys.sk_pi, id_body, int_auth_of(*sa.setup)};
}

AuthInputs auth_of_responder(const IkeSa& sa, const policy::AuthRound& round, ByteView id_body) {
  return {round, sa.setup->init_response, sa.setup->nonce_i, sa.keys.sk_pr, id_body, int_auth_of(*sa.setup)};
}

std::optional<w::AuthPayload> make_auth(const AuthInputs& inputs, const IkeSa& sa, const Identity& local_id,
                                        const Identity& remote_id, Environment& env) {
  if (sa.setup->resumes)
    return w::AuthPayload{
        w::AuthMethod::shared_key_mic,
        to_bytes(resumption_auth(env.crypto, sa.suite.prf, inputs.message, inputs.nonce, inputs.sk_p, inputs.id_body)
                     .view())};
  const bool null = inputs.round.method == AuthMethod::null;
  const policy::SharedKey* const key = null ? nullptr : env.pad.find(local_id, remote_id);
  if (!null && !key) return std::nullopt;
  const Secret proof = shared_key_auth(env.crypto, sa.suite.prf, null ? inputs.sk_p : key->secret, inputs.message,
                                       inputs.nonce, inputs.sk_p, inputs.id_body, inputs.int_auth);
  return w::AuthPayload{null ? w::AuthMethod::null : w::AuthMethod::shared_key_mic, to_bytes(proof.view())};
}

bool proves(const w::AuthPayload& auth, const AuthInputs& inputs, const IkeSa& sa, const Identity& local_id,
            const Identity& remote_id, Environment& env) {
  const auto expected = make_auth(inputs, sa, local_id, remote_id, env);
  return expected && auth.method == expected->method && equal_constant_time(auth.data, expected->data);
}

bool lacks_key(const policy::Connection& connection, const Identity& local_id, const Identity& remote_id,
               const policy::Pad& pad) {
  const bool needs_one = connection.local.method != AuthMethod::null || connection.remote.method != AuthMethod::null;
  return needs_one && !pad.find(local_id, remote_id);
}

std::optional<Identity> read_peer(const policy::Connection& connection, const w::Identification& id) {
  if (connection.remote.method == AuthMethod::null) return Identity::null();
  auto named = read_identity(id);
  if (named && named->kind == Identity::Kind::null) return std::nullopt;  // nobody has proved anything
  return named;
}

}  // namespace sallyport::ike::v2
