#include "crypto/test_vectors.h"

#include <fstream>
#include <sstream>

namespace sallyport::crypto {

TestVector::TestVector(std::string place, std::string_view line) : place_(std::move(place)) {
  std::istringstream input{std::string(line)};
  for (std::string field; input >> field;) {
    const auto equals = field.find('=');
    if (equals == std::string::npos || !fields_.emplace(field.substr(0, equals), field.substr(equals + 1)).second)
      throw std::runtime_error(place_ + ": not a vector");
  }
}

const std::string& TestVector::word(const std::string& field) const {
  const auto found = fields_.find(field);
  if (found == fields_.end()) throw std::runtime_error(place_ + ": no field " + field);
  return found->second;
}

Bytes TestVector::bytes(const std::string& field) const {
  auto bytes = from_hex(word(field));
  if (!bytes) throw std::runtime_error(place_ + ": " + field + " is not hexadecimal");
  return *std::move(bytes);
}

std::vector<TestVector> load_test_vectors(const std::string& file) {
  std::ifstream input(SALLYPORT_SOURCE_DIR "/tests/vectors/" + file);
  std::vector<TestVector> vectors;
  std::string line;
  for (int number = 1; std::getline(input, line); ++number)
    if (!line.empty() && line[0] != '#') vectors.emplace_back(file + ":" + std::to_string(number), line);
  if (vectors.empty()) throw std::runtime_error(file + ": no vectors");
  return vectors;
}

Encryption encryption_of(const TestVector& vector) {
  const auto bits = static_cast<std::uint16_t>(vector.bytes("key").size() * 8);
  const bool is_ccm = vector.word("cipher") == "aes-ccm";
  if (!is_ccm && vector.word("cipher") != "aes-gcm")
    return {named(vector, "cipher", Cipher::null, Cipher::chacha20_poly1305_iiv), bits};
  const auto icv = vector.bytes("icv").size();
  if (is_ccm) return {icv == 8 ? Cipher::aes_ccm_8 : icv == 12 ? Cipher::aes_ccm_12 : Cipher::aes_ccm_16, bits};
  return {icv == 8 ? Cipher::aes_gcm_8 : icv == 12 ? Cipher::aes_gcm_12 : Cipher::aes_gcm_16, bits};
}

}  // namespace sallyport::crypto
