#include "crypto/packet_layout.h"

namespace sallyport::crypto {

Result<void> check(const PacketKeys& keys) {
  const bool combined = is_combined(keys.encryption.cipher);
  if (combined != (keys.integrity == Integrity::none)) return fail(ErrorCode::unsupported);
  if (is_gmac(keys.integrity) && keys.encryption.cipher != Cipher::null) return fail(ErrorCode::unsupported);
  if (!has_valid_key_size(keys.encryption)) return fail(ErrorCode::unsupported);
  if (keys.encryption_key.size() != keying_size(keys.encryption)) return fail(ErrorCode::out_of_range);
  if (keys.integrity_key.size() != key_size(keys.integrity)) return fail(ErrorCode::out_of_range);
  return {};
}

}  // namespace sallyport::crypto
