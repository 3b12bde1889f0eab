// Explainer: what an explanation is made from. The kinds of failure are explained by subject, each in a file of its
// own; explanation.cpp says which is whose. Internal to this folder.
#pragma once

#include <fmt/format.h>

#include <string>

#include "diagnose/explanation.h"

namespace sallyport::diagnose {

/// One failure, with the names of keys as the configuration has them.
class Explainer {
 public:
  /// All of them outlive it.
  Explainer(const event::Failure& failure, const policy::Connection* connection, const policy::Pad* secrets)
      : f_(failure), connection_(connection), secrets_(secrets) {
    if (connection) child_ = connection->find_child(failure.child);
  }

  Explanation explain() const;

 private:
  bool ours() const { return f_.side == event::Side::local; }
  bool of_child() const { return !f_.child.empty(); }
  bool is_ikev1() const { return f_.opening && *f_.opening != event::Opening::ike_sa_init; }
  bool speaks_ah() const {
    return !f_.our_proposals.empty() && f_.our_proposals.front().protocol == policy::Protocol::ah;
  }
  /// Of the failure's child.
  std::string_view child_protocol() const { return speaks_ah() ? "AH" : "ESP"; }
  std::string_view child_proposals() const { return speaks_ah() ? "ah_proposals" : "esp_proposals"; }
  std::string peer() const { return policy::to_string(f_.remote.address); }
  std::string key(std::string_view name) const {
    return of_child() ? fmt::format("connections.{}.children.{}.{}", f_.connection, f_.child, name)
                      : fmt::format("connections.{}.{}", f_.connection, name);
  }
  /// `key_name`: of the child where the failure is about one, else of the connection.
  Explanation about(std::string sentence, std::string_view key_name, std::string advice) const;
  Explanation plain(std::string sentence) const { return {std::move(sentence), {}, {}}; }

  // explain_reach.cpp: whether, and how, the two speak with each other
  Explanation unreachable() const;
  Explanation no_connection() const;
  Explanation no_such_name() const;
  Explanation goes_in_circles() const;
  Explanation other_exchange() const;
  Explanation puzzle_declined() const;

  // explain_proposals.cpp: algorithms
  Explanation no_proposal() const;
  Explanation no_bundle() const;
  Explanation other_group() const;
  std::string differences() const;
  std::string all_that_may_differ() const;

  // explain_identity.cpp: who is who, and who says so
  Explanation other_identity() const;
  Explanation not_authentic() const;
  Explanation refused_proof() const;
  Explanation secret_missing() const;
  Explanation other_method() const;
  Explanation extension_missing() const;
  Explanation password_missing() const;
  Explanation user_refused() const;
  Explanation expects_other_identity(std::string sentence) const;
  Explanation other_secret(std::string sentence, std::string_view hint = {}) const;
  const policy::SharedKey* secret() const;

  // explain_traffic.cpp: what the Child SA is for
  Explanation no_selector() const;
  Explanation other_mode() const;
  Explanation no_address() const;
  Explanation system_refused() const;

  const event::Failure& f_;
  const policy::Connection* connection_;
  const policy::Pad* secrets_;
  const policy::Child* child_ = nullptr;
};

/// "IKEv1's Main Mode".
std::string_view name_of(event::Opening opening);

}  // namespace sallyport::diagnose
