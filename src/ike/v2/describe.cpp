#include "ike/v2/describe.h"

#include <fmt/format.h>

#include "ike/v2/configuration.h"
#include "ike/v2/numbers_map.h"

namespace sallyport::ike::v2 {
namespace {

namespace w = wire::ikev2;
using event::PayloadSummary;

std::string describe_auth_method(w::AuthMethod method) {
  if (method == w::AuthMethod::null) return "nothing at all";
  return method == w::AuthMethod::shared_key_mic ? "pre-shared key" : w::to_string(method);
}

std::string hex_spi(std::uint32_t spi) { return fmt::format("{:08x}", spi); }

struct Describe {
  PayloadSummary operator()(const w::SaPayload& sa) const { return {.name = "SA", .proposals = read_offer(sa)}; }
  PayloadSummary operator()(const w::KePayload& ke) const { return {.name = "KE", .group = read_method(ke.method)}; }
  PayloadSummary operator()(const w::IdiPayload& id) const { return {.name = "IDi", .identity = read_identity(id.id)}; }
  PayloadSummary operator()(const w::IdrPayload& id) const { return {.name = "IDr", .identity = read_identity(id.id)}; }
  PayloadSummary operator()(const w::CertPayload&) const { return {.name = "CERT"}; }
  PayloadSummary operator()(const w::CertReqPayload&) const { return {.name = "CERTREQ"}; }
  PayloadSummary operator()(const w::AuthPayload& auth) const {
    return {.name = "AUTH", .detail = describe_auth_method(auth.method)};
  }
  PayloadSummary operator()(const w::NoncePayload&) const { return {.name = "Nonce"}; }
  PayloadSummary operator()(const w::NotifyPayload& notify) const {
    PayloadSummary summary{.name = "N(" + w::to_string(notify.type) + ")"};
    if (notify.type == w::NotifyType::invalid_ke_payload && notify.data.size() == 2)
      summary.group = read_method(static_cast<w::KeyExchangeId>(load_be16(notify.data.data())));
    if (notify.type == w::NotifyType::set_window_size && notify.data.size() == 4)
      summary.detail = fmt::format("{} requests at once", load_be32(notify.data.data()));
    if (notify.type == w::NotifyType::puzzle && notify.data.size() == 3)
      summary.detail = fmt::format("{} zero bits", notify.data[2]);
    return summary;
  }
  PayloadSummary operator()(const w::DeletePayload& del) const {
    PayloadSummary summary{.name = "D"};
    if (del.protocol == w::ProtocolId::ike) summary.detail = "this IKE SA";
    for (const std::uint32_t spi : del.spis) summary.detail += (summary.detail.empty() ? "ESP " : " ") + hex_spi(spi);
    return summary;
  }
  PayloadSummary operator()(const w::VendorIdPayload&) const { return {.name = "V"}; }
  PayloadSummary operator()(const w::TsiPayload& ts) const {
    return {.name = "TSi", .selectors = read_selectors(ts.selectors)};
  }
  PayloadSummary operator()(const w::TsrPayload& ts) const {
    return {.name = "TSr", .selectors = read_selectors(ts.selectors)};
  }
  PayloadSummary operator()(const w::SkPayload&) const { return {.name = "SK"}; }
  PayloadSummary operator()(const w::SkfPayload&) const { return {.name = "SKF"}; }
  PayloadSummary operator()(const w::CpPayload& cp) const {
    return {.name = "CP", .detail = describe_configuration(cp)};
  }
  PayloadSummary operator()(const w::EapPayload&) const { return {.name = "EAP"}; }
  PayloadSummary operator()(const w::PuzzleSolutionPayload& solution) const {
    return {.name = "PS",
            .detail = fmt::format("four keys of {} octets", solution.data.size() / w::PuzzleSolutionPayload::keys)};
  }
  PayloadSummary operator()(const w::UnknownPayload& unknown) const { return {.name = w::to_string(unknown.type)}; }
};

}  // namespace

event::MessageSummary describe(const wire::IkeHeader& header, const w::PayloadChain& payloads, bool encrypted,
                               std::size_t size, std::size_t fragments, const policy::Endpoint& local,
                               const policy::Endpoint& remote) {
  event::MessageSummary summary;
  summary.version = header.major_version;
  summary.exchange = w::to_string(static_cast<w::ExchangeType>(header.exchange_type));
  summary.request = (header.flags & w::flag_response) == 0;
  summary.from_initiator = (header.flags & w::flag_initiator) != 0;
  summary.message_id = header.message_id;
  summary.spi_initiator = header.initiator_spi;
  summary.spi_responder = header.responder_spi;
  summary.local = local;
  summary.remote = remote;
  summary.size = static_cast<std::uint32_t>(size);
  summary.encrypted = encrypted;
  summary.payloads.reserve(payloads.size() + 1);
  if (fragments > 1)
    summary.payloads.push_back(
        {.name = "SKF", .detail = fmt::format("in {} pieces, each protected by itself", fragments)});
  for (const w::Payload& payload : payloads) summary.payloads.push_back(std::visit(Describe{}, payload.body));
  return summary;
}

}  // namespace sallyport::ike::v2
