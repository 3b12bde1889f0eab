#include "ike/v2/ppk.h"

#include <algorithm>

namespace sallyport::ike::v2 {
namespace {

namespace w = wire::ikev2;

/// PPK_ID_FIXED: the name as both ends have it configured (RFC 8784 §5.1). The other type, PPK_ID_OPAQUE, means
/// something to whoever runs out of keys on purpose; it is looked up in the same way.
constexpr std::uint8_t kFixed = 2;

Secret mixed(crypto::Provider& crypto, crypto::Prf prf, const Secret& ppk, const Secret& key) {
  return crypto::prf_plus(crypto, prf, ppk.view(), key.view(), key.size());
}

}  // namespace

PpkKeys mix_ppk(crypto::Provider& crypto, crypto::Prf prf, const Secret& ppk, const IkeKeys& keys) {
  return {mixed(crypto, prf, ppk, keys.sk_d), mixed(crypto, prf, ppk, keys.sk_pi), mixed(crypto, prf, ppk, keys.sk_pr)};
}

bool wants_ppk(const policy::Candidates& candidates) {
  return std::ranges::any_of(candidates, [](const policy::Candidate& each) { return wants_ppk(each.alike()); });
}

void announce_ppk(w::PayloadChain& payloads) { payloads.add(w::NotifyPayload{.type = w::NotifyType::use_ppk}); }

bool says_ppk(const w::PayloadChain& payloads) { return payloads.find_notify(w::NotifyType::use_ppk) != nullptr; }

void add_ppk_identity(w::PayloadChain& payloads, const policy::Identity& id) {
  Bytes data = {kFixed};
  append(data, id.data);
  payloads.add(w::NotifyPayload{.type = w::NotifyType::ppk_identity, .data = std::move(data)});
}

const Secret* find_ppk(const policy::Connection& connection, const w::PayloadChain& payloads, const policy::Pad& pad) {
  const auto* notify = payloads.find_notify(w::NotifyType::ppk_identity);
  if (!notify || notify->data.size() < 2 || !wants_ppk(connection)) return nullptr;
  // On the wire a name has no type: it is taken for one of the type that is configured.
  const policy::Identity named{connection.ppk_id.kind, to_bytes(ByteView(notify->data).subspan(1))};
  if (!matches(connection.ppk_id, named)) return nullptr;
  const policy::SharedKey* key = pad.find_ppk(named);
  return key ? &key->secret : nullptr;
}

void confirm_ppk(w::PayloadChain& payloads) { payloads.add(w::NotifyPayload{.type = w::NotifyType::ppk_identity}); }

bool confirms_ppk(const w::PayloadChain& payloads) {
  return payloads.find_notify(w::NotifyType::ppk_identity) != nullptr;
}

}  // namespace sallyport::ike::v2
