#include "ike/v1/phase1_proposals.h"

#include "ike/v1/numbers_map.h"
#include "ike/v1/protection.h"

namespace sallyport::ike::v1 {
namespace {

namespace w = wire::ikev1;
using crypto::Encryption;
using crypto::KeyExchangeMethod;
using crypto::Prf;
using policy::Proposal;
using policy::Protocol;

/// By pre-shared key, whatever comes behind.
bool is_known(w::AuthenticationMethod method) {
  return method == w::AuthenticationMethod::pre_shared_key ||
         method == w::AuthenticationMethod::xauth_init_pre_shared ||
         method == w::AuthenticationMethod::xauth_resp_pre_shared;
}

Proposal phase1_meaning(const w::Transform& transform, std::optional<w::AuthenticationMethod> authentication) {
  Proposal meaning{.protocol = Protocol::ike};
  const w::Phase1Transform content = w::read_phase1(transform);
  if (transform.id != w::key_ike || !content.unrecognized.empty() || !content.encryption || !content.hash ||
      !content.group || !content.authentication || !is_known(*content.authentication) ||
      (authentication && content.authentication != authentication))
    return meaning;
  const auto cipher = read_cipher(*content.encryption);
  const auto encryption = cipher ? with_length(*cipher, content.key_length) : std::nullopt;
  const HashRow* hash = hash_row(*content.hash);
  const auto method = read_method(*content.group);
  if (encryption) meaning.encryption = {*encryption};
  if (hash) meaning.integrity = {hash->integrity};
  if (hash) meaning.prf = {hash->prf};
  if (method) meaning.key_exchange = {*method};
  return meaning;
}

}  // namespace

std::vector<Proposal> phase1_proposals(const std::vector<Proposal>& configured) {
  std::vector<Proposal> out;
  for (Proposal proposal : configured) {
    if (!leave_out_additional(proposal)) continue;
    std::erase_if(proposal.encryption, [](Encryption each) { return !encrypts_messages(each); });
    std::erase_if(proposal.key_exchange, [](KeyExchangeMethod method) { return !write_group(method); });
    std::erase_if(proposal.prf, [](Prf prf) { return !hash_row(prf); });
    proposal.integrity.clear();
    for (const Prf prf : proposal.prf) proposal.integrity.push_back(hash_row(prf)->integrity);
    if (!proposal.encryption.empty() && !proposal.key_exchange.empty() && !proposal.prf.empty())
      out.push_back(std::move(proposal));
  }
  return out;
}

KeyExchangeMethod preferred_method(const std::vector<Proposal>& proposals) {
  return proposals.empty() ? KeyExchangeMethod::none : proposals.front().key_exchange.front();
}

w::SaPayload offer_phase1(const std::vector<Proposal>& proposals, w::AuthenticationMethod authentication,
                          std::optional<std::uint64_t> life_seconds, std::optional<KeyExchangeMethod> only) {
  w::Proposal out{.number = 1, .protocol = w::ProtocolId::isakmp, .spi = {}, .transforms = {}};
  for (const Proposal& proposal : proposals)
    for (const Encryption& cipher : proposal.encryption)
      for (const Prf prf : proposal.prf)
        for (const KeyExchangeMethod method : proposal.key_exchange) {
          if (only && method != *only) continue;
          w::Phase1Transform content;
          content.encryption = write_cipher(cipher.cipher);
          content.key_length = written_length(cipher);
          content.hash = hash_row(prf)->hash;
          content.authentication = authentication;
          content.group = write_group(method);
          content.lifetimes.seconds = life_seconds;
          add_transform(out, w::write_phase1(next_number(out), content));
        }
  return {{std::move(out)}};
}

Offer read_phase1_offer(const w::SaPayload& sa, std::optional<w::AuthenticationMethod> authentication) {
  Offer offer;
  for (const w::Proposal& proposal : sa.proposals)
    for (const w::Transform& transform : proposal.transforms)
      offer.add(proposal, transform,
                proposal.protocol == w::ProtocolId::isakmp ? phase1_meaning(transform, authentication) : Proposal{});
  return offer;
}

w::SaPayload accept_phase1(const Offer& offer, std::size_t index) {
  return {{accept({offer.proposals[index], offer.transforms[index], {}}, {})}};
}

}  // namespace sallyport::ike::v1
