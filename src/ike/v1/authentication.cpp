#include "ike/v1/authentication.h"

#include <utility>

#include "ike/core/candidates.h"

namespace sallyport::ike::v1 {
namespace {

namespace w = wire::ikev1;

constexpr std::size_t kNonceOctets = 32;

/// By the names of the connection where it names one peer, else by the peer's address.
const policy::SharedKey* key_of(const policy::Connection& connection, const policy::Endpoint& local,
                                const policy::Endpoint& remote, const policy::Pad& pad) {
  const policy::Identity us = identity_on(connection, local);
  if (policy::is_exact(connection.remote.id)) return pad.find(us, connection.remote.id);
  return pad.find(us, policy::Identity::of(remote.address));
}

Secret proof_of(crypto::Provider& crypto, const ProofContext& context, Role who, ByteView id_body) {
  const Phase1Transcript transcript{context.public_i, context.public_r, context.cookie_i, context.cookie_r,
                                    context.sa_i};
  return who == Role::initiator ? hash_i(crypto, context.prf, context.skeyid, transcript, id_body)
                                : hash_r(crypto, context.prf, context.skeyid, transcript, id_body);
}

}  // namespace

const policy::SharedKey* key_by_address(const policy::Candidates& candidates, const policy::Endpoint& local,
                                        const policy::Endpoint& remote, const policy::Pad& pad) {
  const policy::SharedKey* found = nullptr;
  std::pair<int, std::size_t> best;  // the narrowest addresses, then the first in the configuration
  for (const policy::Candidate& candidate : candidates)
    for (const auto& member : candidate.group->members()) {
      const std::pair claim(-candidate.rank, member.place);
      if (found && claim > best) break;
      const policy::SharedKey* key = key_of(*member.connection, local, remote, pad);
      if (!key) continue;
      found = key;
      best = claim;
      break;
    }
  return found;
}

std::string_view key_name_of(const policy::Connection& connection, const policy::Endpoint& local,
                             const policy::Endpoint& remote, const policy::Pad& pad) {
  const policy::SharedKey* key = key_of(connection, local, remote, pad);
  return key ? std::string_view(key->name) : std::string_view();
}

std::optional<Keyed> derive_keys(crypto::Provider& crypto, const Secret& shared_key, KeyInputs inputs) {
  const auto shared_secret = inputs.ours.shared_secret(inputs.theirs);
  if (!shared_secret) return std::nullopt;
  const Bytes ours = to_bytes(inputs.ours.public_value());
  const Bytes theirs = to_bytes(inputs.theirs);
  const Bytes& public_i = inputs.we_initiated ? ours : theirs;
  const Bytes& public_r = inputs.we_initiated ? theirs : ours;
  const Phase1Inputs phase1{shared_secret->view(), inputs.nonce_i, inputs.nonce_r, inputs.cookie_i, inputs.cookie_r};
  const crypto::Prf prf = inputs.suite.prf;
  auto keys = derive_isakmp_keys(crypto, inputs.suite, skeyid_of_shared_key(crypto, prf, shared_key, phase1), phase1);
  auto chain = IvChain::of_phase_1(crypto, crypto::hash_of(prf), inputs.suite.encryption, public_i, public_r);
  return Keyed{std::move(keys), chain, std::move(inputs.nonce_i), std::move(inputs.nonce_r), public_i, public_r};
}

ProofContext proof_context(const IsakmpSa& sa) {
  return {sa.suite.prf, sa.keys.skeyid, sa.setup->public_i, sa.setup->public_r,
          sa.cookie_i,  sa.cookie_r,    sa.setup->sa_i};
}

w::Payload prove(crypto::Provider& crypto, const ProofContext& context, Role who, ByteView id_body) {
  return w::HashPayload{to_bytes(proof_of(crypto, context, who, id_body).view())};
}

bool is_proof(crypto::Provider& crypto, const w::PayloadChain& payloads, const ProofContext& context, Role who,
              ByteView id_body) {
  const auto* hash = payloads.find<w::HashPayload>();
  return hash && equal_constant_time(hash->data, proof_of(crypto, context, who, id_body).view());
}

Bytes random_nonce(RandomSource& random) {
  Bytes nonce(kNonceOctets);
  random.fill(nonce);
  return nonce;
}

std::uint64_t random_cookie(RandomSource& random) {
  for (;;)
    if (const std::uint64_t cookie = random.u64(); cookie != 0) return cookie;
}

}  // namespace sallyport::ike::v1
