#include "ike/v1/nat_traversal.h"

#include <algorithm>

#include "base/writer.h"

namespace sallyport::ike::v1 {
namespace {

namespace w = wire::ikev1;
using w::VendorId;

/// Best first. Of draft 02 some hash the name with a line feed behind it.
constexpr std::array kVariants = {VendorId::nat_t_rfc3947, VendorId::nat_t_draft_03, VendorId::nat_t_draft_02n,
                                  VendorId::nat_t_draft_02};

void add_vendor_id(w::PayloadChain& payloads, VendorId id) {
  payloads.add(w::VendorIdPayload{to_bytes(w::vendor_id_octets(id))});
}

bool says(const w::PayloadChain& payloads, VendorId id) {
  return std::ranges::any_of(payloads.all<w::VendorIdPayload>(),
                             [&](const w::VendorIdPayload* each) { return w::recognize_vendor_id(each->data) == id; });
}

Bytes endpoint_hash(crypto::Provider& crypto, const NatContext& context, const policy::Endpoint& endpoint) {
  Bytes input;
  Writer writer(input);
  writer.u64(context.cookie_i);
  writer.u64(context.cookie_r);
  writer.bytes(endpoint.address.bytes());
  writer.u16(endpoint.port);
  Bytes hash(crypto::output_size(context.hash));
  const ByteView parts[] = {input};
  crypto.hash(context.hash, parts, hash);
  return hash;
}

w::NatOaPayload original_address(w::NatNumbering numbering, const policy::IpAddress& address) {
  return {numbering, address.is_v6() ? w::IdType::ipv6_addr : w::IdType::ipv4_addr, to_bytes(address.bytes())};
}

}  // namespace

void add_vendor_ids(w::PayloadChain& payloads) {
  add_vendor_id(payloads, VendorId::dpd);
  for (const VendorId variant : kVariants) add_vendor_id(payloads, variant);
}

void add_vendor_ids(w::PayloadChain& payloads, const NatTraversal& shared) {
  add_vendor_id(payloads, VendorId::dpd);
  if (shared) add_vendor_id(payloads, *shared);
}

NatTraversal best_nat_traversal(const w::PayloadChain& payloads) {
  for (const VendorId variant : kVariants)
    if (says(payloads, variant)) return variant;
  return std::nullopt;
}

bool says_dpd(const w::PayloadChain& payloads) { return says(payloads, VendorId::dpd); }

bool is_draft(const NatTraversal& variant) { return variant && *variant != VendorId::nat_t_rfc3947; }

w::NatNumbering numbering(const NatTraversal& variant) {
  return is_draft(variant) ? w::NatNumbering::draft_00 : w::NatNumbering::rfc3947;
}

void add_nat_detection(w::PayloadChain& payloads, crypto::Provider& crypto, const NatTraversal& variant,
                       const NatContext& context, bool pretend) {
  if (!variant) return;
  const policy::Endpoint source =
      pretend ? policy::Endpoint{policy::IpAddress::unspecified(context.local.address.family()), 0} : context.local;
  payloads.add(w::NatDPayload{numbering(variant), endpoint_hash(crypto, context, context.remote)});
  payloads.add(w::NatDPayload{numbering(variant), endpoint_hash(crypto, context, source)});
}

bool keeps_promise(const NatTraversal& variant, const w::PayloadChain& payloads) {
  const auto hashes = payloads.all<w::NatDPayload>().size();
  return variant ? hashes >= 2 : hashes == 0;  // of the destination, and at least one of the source
}

NatFindings detect_nat(const w::PayloadChain& payloads, crypto::Provider& crypto, const NatContext& context) {
  const auto hashes = payloads.all<w::NatDPayload>();
  if (hashes.size() < 2) return {};
  const Bytes ours = endpoint_hash(crypto, context, context.local);
  const Bytes theirs = endpoint_hash(crypto, context, context.remote);
  NatFindings findings;
  findings.local = !equal(hashes.front()->hash, ours);
  // A peer with several addresses sends one for each.
  findings.remote = std::none_of(hashes.begin() + 1, hashes.end(),
                                 [&](const w::NatDPayload* each) { return equal(each->hash, theirs); });
  return findings;
}

void float_ports(policy::Endpoint& local, policy::Endpoint& remote) {
  if (local.port == kIkePort && remote.port == kIkePort) local.port = remote.port = kNatTraversalPort;
}

void add_original_addresses(w::PayloadChain& payloads, const NatTraversal& variant, const policy::IpAddress& initiator,
                            const policy::IpAddress& responder) {
  payloads.add(original_address(numbering(variant), initiator));
  payloads.add(original_address(numbering(variant), responder));
}

}  // namespace sallyport::ike::v1
