#include "ike/v1/describe.h"

#include <fmt/format.h>

#include "ike/v1/identification.h"
#include "ike/v1/phase1_proposals.h"
#include "ike/v1/phase2_proposals.h"
#include "ike/v1/quick_match.h"
#include "wire/ikev1/vendor_id.h"

namespace sallyport::ike::v1 {
namespace {

namespace w = wire::ikev1;
using event::PayloadSummary;

/// Proposals as far as they mean something to us.
std::vector<policy::Proposal> meanings_of(const w::SaPayload& sa) {
  const bool phase1 = !sa.proposals.empty() && sa.proposals.front().protocol == w::ProtocolId::isakmp;
  auto meanings = phase1 ? read_phase1_offer(sa).meanings : phase2_meanings(sa);
  std::erase_if(meanings,
                [](const policy::Proposal& each) { return each.encryption.empty() && each.integrity.empty(); });
  return meanings;
}

/// "in transport mode, for 3600 s": of what is offered first, as the others have it as well.
std::string conditions_of(const w::SaPayload& sa) {
  if (sa.proposals.empty() || sa.proposals.front().transforms.empty()) return {};
  const w::Transform& first = sa.proposals.front().transforms.front();
  const bool phase1 = sa.proposals.front().protocol == w::ProtocolId::isakmp;
  const auto encapsulation = phase1 ? std::nullopt : read_encapsulation(first);
  const auto life = phase1 ? w::read_phase1(first).lifetimes : w::read_phase2(first).lifetimes;
  std::string text;
  const auto add = [&](std::string_view words) { text += fmt::format("{}{}", text.empty() ? "" : ", ", words); };
  if (encapsulation)
    add(fmt::format("in {} mode{}", policy::to_string(encapsulation->mode), encapsulation->udp ? " over UDP" : ""));
  if (life.seconds) add(fmt::format("for {} s", *life.seconds));
  if (life.kilobytes) add(fmt::format("for {} kilobytes", *life.kilobytes));
  return text;
}

class Describe {
 public:
  Describe(w::ExchangeType exchange, const Told& told) : exchange_(exchange), told_(told) {}

  PayloadSummary operator()(const w::SaPayload& sa) {
    std::string detail = conditions_of(sa);
    if (has_bundle(sa)) detail.insert(0, detail.empty() ? "ESP and AH together" : "ESP and AH together, ");
    return {.name = "SA", .proposals = meanings_of(sa), .detail = std::move(detail)};
  }
  PayloadSummary operator()(const w::KePayload&) { return {.name = "KE"}; }
  PayloadSummary operator()(const w::IdPayload& id) {
    if (exchange_ == w::ExchangeType::quick_mode) {
      PayloadSummary summary{.name = ids_++ == 0 ? "IDci" : "IDcr"};
      if (const auto selector = read_selector(id)) summary.selectors = {*selector};
      return summary;
    }
    return {.name = told_.from_initiator ? "IDii" : "IDir", .identity = read_identity(id)};
  }
  PayloadSummary operator()(const w::CertPayload&) { return {.name = "CERT"}; }
  PayloadSummary operator()(const w::CertReqPayload&) { return {.name = "CERTREQ"}; }
  PayloadSummary operator()(const w::HashPayload&) {
    if (exchange_ == w::ExchangeType::quick_mode) return {.name = fmt::format("HASH({})", told_.number)};
    if (exchange_ != w::ExchangeType::main_mode && exchange_ != w::ExchangeType::aggressive_mode)
      return {.name = "HASH(1)"};
    return {.name = told_.from_initiator ? "HASH_I" : "HASH_R", .detail = "pre-shared key"};
  }
  PayloadSummary operator()(const w::SignaturePayload&) {
    return {.name = told_.from_initiator ? "SIG_I" : "SIG_R", .detail = "signature"};
  }
  PayloadSummary operator()(const w::NoncePayload&) { return {.name = "Nonce"}; }
  PayloadSummary operator()(const w::NotifyPayload& notify) { return {.name = "N(" + w::to_string(notify.type) + ")"}; }
  PayloadSummary operator()(const w::DeletePayload& del) {
    PayloadSummary summary{.name = "D"};
    if (del.protocol == w::ProtocolId::isakmp) {
      summary.detail = "this ISAKMP SA";
    } else {
      summary.detail = del.protocol == w::ProtocolId::ah ? "AH" : "ESP";
      for (const Bytes& spi : del.spis) summary.detail += " " + to_hex(spi);
    }
    return summary;
  }
  PayloadSummary operator()(const w::VendorIdPayload& vendor) {
    const auto known = w::recognize_vendor_id(vendor.data);
    return {.name = "V", .detail = known ? std::string(w::name_of(*known)) : std::string()};
  }
  PayloadSummary operator()(const w::AttributesPayload& message) {
    return {.name = "ATTR", .detail = describe_attributes(message)};
  }
  /// The receiver's address comes first (RFC 3947 §3.2).
  PayloadSummary operator()(const w::NatDPayload&) {
    return {.name = "NAT-D",
            .detail = nat_ds_++ == 0 ? "the address I send to, hashed" : "the address I send from, hashed"};
  }
  PayloadSummary operator()(const w::NatOaPayload&) { return {.name = "NAT-OA"}; }
  PayloadSummary operator()(const w::FragmentPayload&) { return {.name = "FRAG"}; }
  PayloadSummary operator()(const w::UnknownPayload& unknown) { return {.name = w::to_string(unknown.type)}; }

 private:
  w::ExchangeType exchange_;
  const Told& told_;
  int ids_ = 0, nat_ds_ = 0;
};

}  // namespace

event::MessageSummary describe(const wire::IkeHeader& header, const w::PayloadChain& payloads, const Told& told,
                               const policy::Endpoint& local, const policy::Endpoint& remote) {
  const auto exchange = static_cast<w::ExchangeType>(header.exchange_type);
  event::MessageSummary summary;
  summary.version = header.major_version;
  summary.exchange = w::to_string(exchange);
  summary.number = told.number;
  summary.request = told.number % 2 == 1;
  summary.from_initiator = told.from_initiator;
  summary.message_id = header.message_id;
  summary.spi_initiator = header.initiator_spi;
  summary.spi_responder = header.responder_spi;
  summary.local = local;
  summary.remote = remote;
  summary.size = static_cast<std::uint32_t>(told.size);
  summary.encrypted = told.encrypted;
  Describe retell(exchange, told);
  for (const w::Payload& payload : payloads) summary.payloads.push_back(std::visit(retell, payload));
  return summary;
}

}  // namespace sallyport::ike::v1
