#include "diagnose/explanation.h"

#include <fmt/format.h>

#include <utility>

#include "diagnose/explainer.h"

namespace sallyport::diagnose {
namespace {

using event::Failure;
using event::FailureKind;
using event::Opening;
using policy::to_string;

/// The place of a key, or of the nearest above it that was written; at last, of the section itself.
policy::Origin origin_of(const policy::Origins& origins, std::string key) {
  for (;;) {
    if (const auto found = origins.find(key); found != origins.end()) return found->second;
    const auto dot = key.rfind('.');
    if (key.empty()) return {};
    key.resize(dot == std::string::npos ? 0 : dot);
  }
}

}  // namespace

std::string_view name_of(Opening opening) {
  switch (opening) {
    case Opening::ike_sa_init: return "IKEv2";
    case Opening::main_mode: return "IKEv1's Main Mode";
    case Opening::aggressive_mode: return "IKEv1's Aggressive Mode";
  }
  return "?";
}

Explanation Explainer::about(std::string sentence, std::string_view key_name, std::string advice) const {
  policy::Origin where;
  if (child_)
    where = origin_of(child_->origins, std::string(key_name));
  else if (connection_)
    where = origin_of(connection_->origins, std::string(key_name));
  return {std::move(sentence), std::move(advice), std::move(where)};
}

Explanation Explainer::explain() const {
  switch (f_.kind) {
    case FailureKind::peer_unreachable: return unreachable();
    case FailureKind::no_proposal_chosen: return no_proposal();
    case FailureKind::no_common_selector: return no_selector();
    case FailureKind::authentication_failed: return not_authentic();
    case FailureKind::identity_mismatch: return other_identity();
    case FailureKind::no_matching_connection: return no_connection();
    case FailureKind::secret_missing: return secret_missing();
    case FailureKind::mode_mismatch: return other_mode();
    case FailureKind::exchange_mismatch: return other_exchange();
    case FailureKind::key_exchange_mismatch: return other_group();
    case FailureKind::child_refused:
      return plain(fmt::format("{} refuses a further Child SA for {} ({}).", peer(), f_.child, f_.notify));
    case FailureKind::peer_error: return plain(fmt::format("{} answered with the error {}.", peer(), f_.notify));
    case FailureKind::protocol_violation:
      return plain(fmt::format("{} broke the protocol; nothing here can mend that.", peer()));
    case FailureKind::closed_by_peer: return plain(fmt::format("{} closed it.", peer()));
    case FailureKind::peer_restarted:
      return plain(
          fmt::format("{} has lost it, and proves that with its token: it was restarted, or had a crash.", peer()));
    case FailureKind::closed_by_user: return plain("It was closed by hand.");
    case FailureKind::reconfigured: return plain("It was closed because the configuration has changed.");
    case FailureKind::replaced: return plain("A newer IKE SA with the same peer took its place.");
    case FailureKind::rekeyed: return plain("It was renewed: another with fresh keys took its place.");
    case FailureKind::expired: return plain("Its lifetime ended.");
    case FailureKind::system_refused: return system_refused();
    case FailureKind::auth_method_mismatch: return other_method();
    case FailureKind::password_missing: return password_missing();
    case FailureKind::user_refused: return user_refused();
    case FailureKind::no_virtual_address: return no_address();
    case FailureKind::extension_missing: return extension_missing();
    case FailureKind::puzzle_declined: return puzzle_declined();
    case FailureKind::redirected: return plain(fmt::format("{} has sent us to another gateway.", peer()));
    case FailureKind::redirected_too_often: return goes_in_circles();
    case FailureKind::not_resumed:
      return plain(fmt::format("{} does not take the ticket of an older IKE SA: another one is begun.", peer()));
    case FailureKind::name_unresolved: return no_such_name();
    case FailureKind::nat_traversal_broken:
      return plain(
          fmt::format("What {} says of NAT traversal does not fit together: a message was changed on the way, "
                      "and the next attempt begins afresh; or the peer breaks RFC 3947.",
                      peer()));
  }
  return {};
}

std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c >= ' ' && c <= '~')
      out += c;
    else
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  }
  return out;
}

std::string Explanation::text() const {
  std::string all = sentence;
  if (!advice.empty()) all += " " + advice;
  if (const std::string place = to_string(where); !place.empty()) all += fmt::format(" [{}]", place);
  return all;
}

Explanation explain(const Failure& failure, const policy::Connection* connection, const policy::Pad* secrets) {
  return Explainer(failure, connection, secrets).explain();
}

std::string_view to_string(FailureKind kind) {
  switch (kind) {
    case FailureKind::peer_unreachable: return "peer-unreachable";
    case FailureKind::no_proposal_chosen: return "no-proposal-chosen";
    case FailureKind::no_common_selector: return "no-common-selector";
    case FailureKind::authentication_failed: return "authentication-failed";
    case FailureKind::identity_mismatch: return "identity-mismatch";
    case FailureKind::no_matching_connection: return "no-matching-connection";
    case FailureKind::secret_missing: return "secret-missing";
    case FailureKind::mode_mismatch: return "mode-mismatch";
    case FailureKind::exchange_mismatch: return "exchange-mismatch";
    case FailureKind::key_exchange_mismatch: return "key-exchange-mismatch";
    case FailureKind::child_refused: return "child-refused";
    case FailureKind::peer_error: return "peer-error";
    case FailureKind::protocol_violation: return "protocol-violation";
    case FailureKind::closed_by_peer: return "closed-by-peer";
    case FailureKind::peer_restarted: return "peer-restarted";
    case FailureKind::closed_by_user: return "closed-by-user";
    case FailureKind::reconfigured: return "reconfigured";
    case FailureKind::replaced: return "replaced";
    case FailureKind::rekeyed: return "rekeyed";
    case FailureKind::expired: return "expired";
    case FailureKind::system_refused: return "system-refused";
    case FailureKind::auth_method_mismatch: return "auth-method-mismatch";
    case FailureKind::password_missing: return "password-missing";
    case FailureKind::user_refused: return "user-refused";
    case FailureKind::no_virtual_address: return "no-virtual-address";
    case FailureKind::extension_missing: return "extension-missing";
    case FailureKind::puzzle_declined: return "puzzle-declined";
    case FailureKind::redirected: return "redirected";
    case FailureKind::redirected_too_often: return "redirected-too-often";
    case FailureKind::not_resumed: return "not-resumed";
    case FailureKind::name_unresolved: return "name-unresolved";
    case FailureKind::nat_traversal_broken: return "nat-traversal-broken";
  }
  return "unknown";
}

}  // namespace sallyport::diagnose
