// AES-CCM, whose calls are others than those of EVP's other combined modes: sizes come before keys, a message's size
// comes before the message, and the last call of opening is the one that decrypts.
#pragma once

#include <memory>

#include "crypto/openssl/owned.h"
#include "crypto/packet_cipher.h"

namespace sallyport::crypto::openssl {

inline bool is_ccm(Cipher cipher) {
  return cipher == Cipher::aes_ccm_8 || cipher == Cipher::aes_ccm_12 || cipher == Cipher::aes_ccm_16 ||
         cipher == Cipher::aes_ccm_8_iiv;
}

/// One key and one direction.
class Ccm {
 public:
  enum class Direction : std::uint8_t {
    open,
    seal
  };
  Ccm(const EVP_CIPHER* cipher, ByteView key, std::size_t nonce_size, std::size_t icv_size, Direction direction);

  void seal(ByteView nonce, ByteView aad, ByteSpan text, ByteSpan icv);
  /// False: not authentic, and the text is in an unspecified state.
  bool open(ByteView nonce, ByteView aad, ByteSpan text, ByteView icv);

 private:
  void start(ByteView nonce, ByteView aad, std::size_t text_size);
  bool transform(ByteSpan text);

  Direction direction_;
  CipherContext context_{must(EVP_CIPHER_CTX_new())};
};

/// RFC 4309; the keys have been checked.
std::unique_ptr<PacketCipher> make_ccm(const PacketKeys& keys, const EVP_CIPHER* cipher);

}  // namespace sallyport::crypto::openssl
