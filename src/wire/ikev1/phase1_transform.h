// What a transform of phase 1 says: the algorithms and the lifetime of an ISAKMP SA (RFC 2409 appendix A).
#pragma once

#include "wire/ikev1/lifetime.h"
#include "wire/ikev1/sa_payload.h"

namespace sallyport::wire::ikev1 {

struct Phase1Transform {
  std::optional<EncryptionAlgorithm> encryption{};
  std::optional<std::uint16_t> key_length{};  // in bits, for ciphers that come with several
  std::optional<HashAlgorithm> hash{};
  std::optional<AuthenticationMethod> authentication{};
  std::optional<GroupDescription> group{};
  Lifetimes lifetimes{};
  /// What is not read, or not well formed, or there again. With any of these the transform must not be chosen.
  Attributes unrecognized{};

  friend bool operator==(const Phase1Transform&, const Phase1Transform&) = default;
};

Phase1Transform read_phase1(const Transform& transform);
/// A transform of the number, with all that is set.
Transform write_phase1(std::uint8_t transform_number, const Phase1Transform& content);
/// "3DES-CBC, SHA, MODP_1024, pre-shared key".
std::string to_string(const Phase1Transform& transform);

}  // namespace sallyport::wire::ikev1
