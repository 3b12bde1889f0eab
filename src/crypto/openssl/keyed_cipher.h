// KeyedCipher: one of EVP's ciphers with its key in it, so that per packet only the IV is set. Internal to this folder.
#pragma once

#include "base/bytes.h"
#include "crypto/openssl/owned.h"

namespace sallyport::crypto::openssl {

class KeyedCipher {
 public:
  KeyedCipher(const EVP_CIPHER* cipher, ByteView key, bool encrypting) : encrypting_(encrypting) {
    must(EVP_CipherInit_ex2(context_.get(), cipher, key.data(), nullptr, encrypting, nullptr));
  }

  void start(const std::uint8_t* iv) {
    must(EVP_CipherInit_ex2(context_.get(), nullptr, nullptr, iv, encrypting_, nullptr));
    EVP_CIPHER_CTX_set_padding(context_.get(), 0);
  }
  void add_aad(ByteView aad) {
    int done = 0;
    must(EVP_CipherUpdate(context_.get(), nullptr, &done, aad.data(), static_cast<int>(aad.size())));
  }
  void transform(std::uint8_t* text, std::size_t size) {
    int done = 0;
    must(EVP_CipherUpdate(context_.get(), text, &done, text, static_cast<int>(size)));
  }
  bool finish() {
    std::uint8_t nothing_more[EVP_MAX_BLOCK_LENGTH];
    int done = 0;
    return EVP_CipherFinal_ex(context_.get(), nothing_more, &done) == 1;
  }
  void get_icv(std::uint8_t* icv, std::size_t size) {
    must(EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_GET_TAG, static_cast<int>(size), icv));
  }
  void set_icv(std::uint8_t* icv, std::size_t size) {
    must(EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_SET_TAG, static_cast<int>(size), icv));
  }

 private:
  bool encrypting_;
  CipherContext context_{must(EVP_CIPHER_CTX_new())};
};

}  // namespace sallyport::crypto::openssl
