// How the two sides of phase 1 prove who they are. The method shapes two things: SKEYID, and what proves an identity
// (RFC 2409 §5). Pre-shared keys are the method so far; signatures differ in just these functions, and in which key is
// looked for.
#pragma once

#include "ike/core/environment.h"
#include "ike/v1/exchange_hash.h"
#include "ike/v1/isakmp_sa.h"
#include "ike/v1/step.h"

namespace sallyport::ike::v1 {

/// Main Mode's responder needs the key before it knows whom it speaks to: the addresses have to do. The first
/// connection that has a key decides; those with another key, or none, the peer cannot mean. nullptr: there is no key.
const policy::SharedKey* key_by_address(const policy::Candidates& candidates, const policy::Endpoint& local,
                                        const policy::Endpoint& remote, const policy::Pad& pad);
/// Of the key of this connection; empty: it has none.
std::string_view key_name_of(const policy::Connection& connection, const policy::Endpoint& local,
                             const policy::Endpoint& remote, const policy::Pad& pad);

/// All that phase 1's keys are made of. `ours` has made one public value, `theirs` is the peer's.
struct KeyInputs {
  const policy::Suite& suite;
  crypto::KeyExchange& ours;
  ByteView theirs;
  Bytes nonce_i, nonce_r;
  std::uint64_t cookie_i = 0, cookie_r = 0;
  bool we_initiated = false;
};
/// nullopt when the peer's public value is none.
std::optional<Keyed> derive_keys(crypto::Provider& crypto, const Secret& shared_key, KeyInputs inputs);

/// What the proofs of one phase 1 have in common.
struct ProofContext {
  crypto::Prf prf;
  const Secret& skeyid;
  ByteView public_i, public_r;
  std::uint64_t cookie_i = 0, cookie_r = 0;
  ByteView sa_i;
};
/// Of an ISAKMP SA that has its keys.
ProofContext proof_context(const IsakmpSa& sa);
/// The payload by which `who` proves that it is the identity of `id_body`.
wire::ikev1::Payload prove(crypto::Provider& crypto, const ProofContext& context, Role who, ByteView id_body);
bool is_proof(crypto::Provider& crypto, const wire::ikev1::PayloadChain& payloads, const ProofContext& context,
              Role who, ByteView id_body);

/// RFC 2409 §5: at least 8 octets; as many here as the largest hash wants half of.
Bytes random_nonce(RandomSource& random);
/// A cookie that is not zero, which means "none yet".
std::uint64_t random_cookie(RandomSource& random);

}  // namespace sallyport::ike::v1
