// IANA's numbers of IKEv1's algorithms and the names that policy has for them, each into the other. What has no
// counterpart here is left out, never guessed.
#pragma once

#include <optional>

#include "crypto/algorithms.h"
#include "wire/ikev1/phase1_transform.h"
#include "wire/ikev1/phase2_transform.h"

namespace sallyport::ike::v1 {

/// In phase 1 a hash stands for an integrity algorithm and a PRF at once.
struct HashRow {
  crypto::Integrity integrity;
  crypto::Prf prf;
  wire::ikev1::HashAlgorithm hash;
};
/// nullptr: it has no number.
const HashRow* hash_row(crypto::Prf prf);
const HashRow* hash_row(wire::ikev1::HashAlgorithm hash);

/// In phase 2 an integrity algorithm is an attribute, and in AH the transform's number besides.
struct IntegrityRow {
  crypto::Integrity integrity;
  wire::ikev1::AuthenticationAlgorithm authentication;
  wire::ikev1::AhTransformId ah;
};
/// nullptr: it has no number, as CMAC.
const IntegrityRow* integrity_row(crypto::Integrity integrity);
const IntegrityRow* integrity_row(wire::ikev1::AuthenticationAlgorithm authentication);

std::optional<wire::ikev1::GroupDescription> write_group(crypto::KeyExchangeMethod method);
std::optional<crypto::KeyExchangeMethod> read_method(wire::ikev1::GroupDescription group);

/// Phase 1 has ciphers in CBC mode alone, and numbers of its own for them.
std::optional<crypto::Cipher> read_cipher(wire::ikev1::EncryptionAlgorithm number);
std::optional<wire::ikev1::EncryptionAlgorithm> write_cipher(crypto::Cipher cipher);
/// Phase 2's, by ESP's transforms.
std::optional<crypto::Cipher> read_esp(wire::ikev1::EspTransformId number);
std::optional<wire::ikev1::EspTransformId> write_esp(crypto::Cipher cipher);

/// The attribute Key Length, where the cipher has one.
std::optional<std::uint16_t> written_length(crypto::Encryption encryption);
/// Where AES comes without its length, 128 bits are meant (RFC 3602 §5.2). nullopt: a length that cannot be.
std::optional<crypto::Encryption> with_length(crypto::Cipher cipher, std::optional<std::uint16_t> bits);

}  // namespace sallyport::ike::v1
