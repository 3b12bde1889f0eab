// Reads the vectors under tests/vectors/: one a line, as fields `name=value` in hexadecimal or words; `#` comments.
// For tests only: what is not as it should be throws.
#pragma once

#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "crypto/algorithms.h"

namespace sallyport::crypto {

class TestVector {
 public:
  TestVector(std::string place, std::string_view line);

  bool has(const std::string& field) const { return fields_.contains(field); }
  const std::string& word(const std::string& field) const;
  Bytes bytes(const std::string& field) const;
  /// File and line, to say which vector failed.
  const std::string& place() const { return place_; }

 private:
  std::string place_;
  std::map<std::string, std::string> fields_;
};

/// All vectors of a file, named relative to tests/vectors/; there is at least one.
std::vector<TestVector> load_test_vectors(const std::string& file);

/// The algorithm that a vector names by its word.
template <class Algorithm>
Algorithm named(const TestVector& vector, const char* field, Algorithm first, Algorithm last) {
  for (int i = static_cast<int>(first); i <= static_cast<int>(last); ++i)
    if (to_string(static_cast<Algorithm>(i)) == vector.word(field)) return static_cast<Algorithm>(i);
  throw std::runtime_error(vector.place() + ": unknown " + field);
}

/// By the words in `cipher`, and the sizes of key and ICV.
Encryption encryption_of(const TestVector& vector);

}  // namespace sallyport::crypto
