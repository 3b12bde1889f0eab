// Any octets as an IKEv2 message: what is read can be written, and is the same when read again. The octets are also
// taken for a chain of decrypted payloads, whose first type is the first octet.
#include "base/check.h"
#include "wire/ikev2/message.h"

namespace {

using namespace sallyport;
using namespace sallyport::wire;

void check_message(ByteView input) {
  const auto message = ikev2::parse_message(input);
  if (!message) {
    ASSERT(message.error().where <= input.size());
    return;
  }
  const auto written = ikev2::serialize_message(*message);
  ASSERT(written);
  ASSERT(written->size() == input.size());
  const auto again = ikev2::parse_message(*written);
  ASSERT(again);
  ASSERT(*again == *message);
}

/// The same with version and length put right, so that mutations get past the header.
void check_mended_message(ByteView input) {
  if (input.size() < ike_header_size) return;
  Bytes mended = to_bytes(input);
  mended[version_offset] = 0x20;
  store_be32(&mended[length_offset], static_cast<std::uint32_t>(mended.size()));
  check_message(mended);
}

void check_inner_payloads(ByteView input) {
  if (input.empty()) return;
  const ikev2::PayloadType first{input[0]};
  const auto chain = ikev2::parse_inner_payloads(first, input.subspan(1), 1);
  if (!chain) {
    ASSERT(chain.error().where <= input.size());
    return;
  }
  ASSERT(chain->find<ikev2::SkPayload>() == nullptr);
  const auto written = ikev2::serialize_payloads(*chain);
  ASSERT(written);
  const auto again = ikev2::parse_inner_payloads(first, *written);
  ASSERT(again);
  ASSERT(*again == *chain);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  check_message(input);
  check_mended_message(input);
  check_inner_payloads(input);
  (void)ikev2::strip_padding(input);
  return 0;
}
