// What the programs that play seeded worlds have in common: numbers from the environment, cryptography, and what is
// said and kept of a world that fails.
#pragma once

#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>

#include "crypto/openssl/packet_cipher_openssl.h"
#include "crypto/openssl/provider_openssl.h"
#include "tests/seeded/play.h"

namespace sallyport::seeded {

inline std::optional<std::uint64_t> environment(const char* name) {
  const char* value = std::getenv(name);
  if (!value) return std::nullopt;
  return std::strtoull(value, nullptr, 10);
}

inline sim::Cryptography cryptography() {
  static const auto provider = crypto::make_openssl_provider();
  static const auto ciphers = crypto::make_openssl_factory();
  return {*provider, *ciphers};
}

inline std::string all(const sim::Violations& violations) {
  std::string text;
  for (const std::string& violation : violations) text += "  " + violation + "\n";
  return text;
}

/// As a pcapng file, if a folder for it is named.
inline void save_capture(const Outcome& outcome, const std::string& name) {
  if (const char* directory = std::getenv("SALLYPORT_TRACES"))
    std::ofstream(std::string(directory) + "/" + name + ".pcapng", std::ios::binary) << as_text(outcome.capture);
}

}  // namespace sallyport::seeded
