#include "daemon/library_checks.h"

#include <fmt/format.h>

#include <set>

namespace sallyport::daemon {
namespace {

using crypto::KeyExchangeMethod;

std::set<KeyExchangeMethod> methods_of(const std::vector<policy::Proposal>& proposals) {
  std::set<KeyExchangeMethod> methods;
  for (const policy::Proposal& proposal : proposals) {
    methods.insert(proposal.key_exchange.begin(), proposal.key_exchange.end());
    for (const auto& each : proposal.additional) methods.insert(each.methods.begin(), each.methods.end());
  }
  methods.erase(KeyExchangeMethod::none);
  return methods;
}

class LibraryCheck {
 public:
  LibraryCheck(const crypto::Provider& crypto, std::vector<config::Diagnostic>& found)
      : crypto_(crypto), found_(found) {}

  void look(const std::string& section, const policy::Origins& origins, const char* key,
            const std::vector<policy::Proposal>& proposals) {
    for (const auto method : methods_of(proposals)) {
      if (crypto_.supports(method)) continue;
      const auto place = origins.find(key);
      found_.push_back({.severity = config::Severity::error,
                        .where = place == origins.end() ? policy::Origin{} : place->second,
                        .message = fmt::format("{}.{}: the OpenSSL of this machine has no {}{}", section, key,
                                               to_string(method), is_ml_kem(method) ? ": that came with 3.5" : ""),
                        .suggestion = "leave it out, or update OpenSSL"});
    }
  }

 private:
  static bool is_ml_kem(KeyExchangeMethod method) {
    return method >= KeyExchangeMethod::ml_kem_512 && method <= KeyExchangeMethod::ml_kem_1024;
  }

  const crypto::Provider& crypto_;
  std::vector<config::Diagnostic>& found_;
};

}  // namespace

std::vector<config::Diagnostic> check_library(const policy::Connection& connection, const crypto::Provider& crypto) {
  std::vector<config::Diagnostic> found;
  LibraryCheck check(crypto, found);
  const std::string section = "connections." + connection.name;
  check.look(section, connection.origins, "proposals", connection.proposals);
  for (const policy::Child& child : connection.children) {
    const std::string of_child = section + ".children." + child.name;
    check.look(of_child, child.origins, "esp_proposals", child.esp_proposals);
    check.look(of_child, child.origins, "ah_proposals", child.ah_proposals);
  }
  return found;
}

}  // namespace sallyport::daemon
