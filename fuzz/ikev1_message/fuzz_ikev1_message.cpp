// Any octets as an IKEv1 message: what is read can be written, and is the same when read again. The octets are also
// taken for a decrypted text, whose first type is the first octet, and for the values that have a format of their own.
#include "base/check.h"
#include "wire/ikev1/message.h"
#include "wire/ikev1/phase1_transform.h"
#include "wire/ikev1/phase2_transform.h"
#include "wire/ikev1/unity_network.h"
#include "wire/ikev1/vendor_id.h"

namespace {

using namespace sallyport;
using namespace sallyport::wire;

void check_transform(ikev1::ProtocolId protocol, const ikev1::Transform& transform) {
  const auto phase1 = ikev1::read_phase1(transform);
  ASSERT(ikev1::read_phase1(ikev1::write_phase1(transform.number, phase1)) == phase1);
  ASSERT(!ikev1::to_string(phase1).empty());
  const auto phase2 = ikev1::read_phase2(transform);
  ASSERT(ikev1::read_phase2(ikev1::write_phase2(transform.number, phase2)) == phase2);
  ASSERT(!ikev1::to_string(protocol, phase2).empty());
}

void check_meanings(const ikev1::PayloadChain& chain) {
  for (const auto* sa : chain.all<ikev1::SaPayload>()) {
    std::size_t together = 0;
    for (const auto& alternative : sa->alternatives()) together += alternative.size();
    ASSERT(together == sa->proposals.size());
    for (const auto& proposal : sa->proposals) {
      (void)proposal.child_spi();
      for (const auto& transform : proposal.transforms) check_transform(proposal.protocol, transform);
    }
  }
  for (const auto* vendor : chain.all<ikev1::VendorIdPayload>()) (void)ikev1::recognize_vendor_id(vendor->data);
  for (const auto* notify : chain.all<ikev1::NotifyPayload>()) (void)ikev1::parse_responder_lifetime(notify->data);
}

void check_message(ByteView input) {
  auto message = ikev1::parse_message(input);
  if (!message) {
    ASSERT(message.error().where <= input.size());
    return;
  }
  check_meanings(message->payloads);
  const auto written = ikev1::serialize_message(*message);
  ASSERT(written);
  ASSERT(written->size() <= input.size() && input.size() - written->size() <= ikev1::max_clear_padding);
  message->header.length = static_cast<std::uint32_t>(written->size());
  ASSERT(ikev1::parse_message(*written) == message);
}

/// The same with version, flags and length put right, so that mutations get past the header.
void check_mended_message(ByteView input) {
  if (input.size() < ike_header_size) return;
  Bytes mended = to_bytes(input);
  mended[version_offset] = 0x10;
  mended[ikev1::flags_offset] = 0;
  store_be32(&mended[length_offset], static_cast<std::uint32_t>(mended.size()));
  check_message(mended);
}

void check_decrypted(ByteView input) {
  if (input.empty()) return;
  const ikev1::PayloadType first{input[0]};
  const ByteView text = input.subspan(1);
  const auto raw = ikev1::split_payloads(first, text, ikev1::Protection::decrypted, 1);
  if (!raw) {
    ASSERT(raw.error().where <= input.size());
    return;
  }
  for (std::size_t i = 0; i < raw->payloads.size(); ++i) ASSERT(raw->behind(i).size() < raw->octets.size());
  const auto chain = ikev1::parse_payloads(*raw);
  if (!chain) {
    ASSERT(chain.error().where <= input.size());
    return;
  }
  const auto written = ikev1::serialize_payloads(*chain);
  ASSERT(written);
  ASSERT(written->size() == raw->octets.size());
  ASSERT(ikev1::parse_decrypted(first, *written) == chain);
}

void check_unity_networks(ByteView input) {
  const auto networks = ikev1::parse_unity_networks(input);
  if (networks) ASSERT(equal(ikev1::serialize_unity_networks(*networks), input));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  check_message(input);
  check_mended_message(input);
  check_decrypted(input);
  check_unity_networks(input);
  return 0;
}
