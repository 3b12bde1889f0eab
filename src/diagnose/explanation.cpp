#include "diagnose/explanation.h"

#include <fmt/format.h>

#include "diagnose/short_proposals.h"
#include "policy/proposal.h"

namespace sallyport::diagnose {
namespace {

using event::Failure;
using event::FailureKind;
using event::Opening;
using event::Side;
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

std::string_view name_of(Opening opening) {
  switch (opening) {
    case Opening::ike_sa_init: return "IKEv2";
    case Opening::main_mode: return "IKEv1's Main Mode";
    case Opening::aggressive_mode: return "IKEv1's Aggressive Mode";
  }
  return "?";
}

/// What an explanation is made from, with the names of keys as the configuration has them.
class Explainer {
 public:
  Explainer(const Failure& failure, const policy::Connection* connection, const policy::Pad* secrets)
      : f_(failure), connection_(connection), secrets_(secrets) {
    if (connection) child_ = connection->find_child(failure.child);
  }

  Explanation explain() const;

 private:
  bool ours() const { return f_.side == Side::local; }
  bool of_child() const { return !f_.child.empty(); }
  bool is_ikev1() const { return f_.opening && *f_.opening != Opening::ike_sa_init; }
  bool speaks_ah() const {
    return !f_.our_proposals.empty() && f_.our_proposals.front().protocol == policy::Protocol::ah;
  }
  std::string_view child_protocol() const { return speaks_ah() ? "AH" : "ESP"; }
  std::string_view child_proposals() const { return speaks_ah() ? "ah_proposals" : "esp_proposals"; }
  std::string peer() const { return to_string(f_.remote.address); }
  std::string key(std::string_view name) const {
    return of_child() ? fmt::format("connections.{}.children.{}.{}", f_.connection, f_.child, name)
                      : fmt::format("connections.{}.{}", f_.connection, name);
  }
  Explanation about(std::string sentence, std::string_view key_name, std::string advice) const {
    policy::Origin where;
    if (child_)
      where = origin_of(child_->origins, std::string(key_name));
    else if (connection_)
      where = origin_of(connection_->origins, std::string(key_name));
    return {std::move(sentence), std::move(advice), std::move(where)};
  }
  Explanation plain(std::string sentence) const { return {std::move(sentence), {}, {}}; }

  Explanation unreachable() const;
  Explanation no_bundle() const;
  Explanation no_proposal() const;
  Explanation no_selector() const;
  Explanation not_authentic() const;
  Explanation no_connection() const;
  Explanation other_mode() const;
  Explanation other_exchange() const;
  Explanation other_group() const;
  Explanation other_method() const;
  Explanation user_refused() const;
  Explanation no_address() const;
  std::string differences() const;

  Explanation other_secret(std::string sentence, std::string_view hint = {}) const;
  Explanation other_identity(std::string sentence) const;
  Explanation refused_proof() const;
  const policy::SharedKey* secret() const;

  const Failure& f_;
  const policy::Connection* connection_;
  const policy::Pad* secrets_;
  const policy::Child* child_ = nullptr;
};

Explanation Explainer::unreachable() const {
  if (f_.attempts == 0) return plain(fmt::format("{} began, and then fell silent.", to_string(f_.remote)));
  return about(
      fmt::format("{} did not answer: {} messages were sent and none came back.", to_string(f_.remote), f_.attempts),
      "remote_addrs",
      fmt::format("Check that {} is the peer's address (connections.{}.remote_addrs), that an IKE daemon runs there, "
                  "and that UDP 500 and 4500 pass on the way.",
                  peer(), f_.connection));
}

/// "encryption: we have aes256, the peer has aes128": of the two proposals that are nearest.
std::string Explainer::differences() const {
  const auto miss = policy::nearest_miss(f_.our_proposals, f_.peer_proposals, of_child() && !is_ikev1());
  if (!miss) return {};
  std::string text;
  for (const auto& difference : miss->differences) {
    // In IKEv1 the PRF is that of the hash, which is named already.
    if (is_ikev1() && difference.kind == policy::Difference::Kind::prf) continue;
    const auto words = [](const std::string& list) { return list.empty() ? std::string("none") : list; };
    text += fmt::format("{}{}: we have {}, the peer has {}", text.empty() ? "" : "; ", to_string(difference.kind),
                        words(difference.ours), words(difference.theirs));
  }
  return text;
}

/// One side wants ESP and AH together, the other does not.
Explanation Explainer::no_bundle() const {
  if (f_.our_bundle)
    return about(fmt::format("{} does not offer ESP and AH together, and that is what we are configured for.", peer()),
                 "ah_proposals",
                 fmt::format("Leave {} out, or configure both protocols at the peer.", key("ah_proposals")));
  return about(
      fmt::format("{} offers ESP and AH together, and we are configured for {} alone.", peer(), child_protocol()),
      std::string(child_proposals()),
      fmt::format("Write both esp_proposals and ah_proposals in connections.{}.children.{}, or leave one of the "
                  "two protocols out at the peer.",
                  f_.connection, f_.child));
}

Explanation Explainer::no_proposal() const {
  if (ours() && f_.our_bundle != f_.peer_bundle && !f_.peer_proposals.empty()) return no_bundle();
  const std::string_view what = f_.our_bundle ? "ESP and AH" : of_child() ? child_protocol() : "IKE";
  const std::string name(of_child() ? child_proposals() : "proposals");
  const std::string ours_text = to_string(f_.our_proposals);
  if (f_.peer_proposals.empty() && ours())
    return about(
        fmt::format("Nothing of our {} proposals ({}) can be said in IKEv1.", what, ours_text), name,
        fmt::format("Add to {} one such as aes128-sha256-modp2048{}.", key(name), of_child() ? " or aes128gcm16" : ""));
  if (f_.peer_proposals.empty()) {
    // In IKEv1 the same error also says that nothing is configured for this peer, or in this mode.
    const std::string in = is_ikev1() && !of_child()   ? fmt::format(" in {}", name_of(*f_.opening))
                           : of_child() && f_.our_mode ? fmt::format(" in {} mode", to_string(*f_.our_mode))
                                                       : std::string();
    const std::string or_else = is_ikev1() && !of_child()   ? ", and is configured for it from our address"
                                : of_child() && f_.our_mode ? ", and compare mode and forward secrecy"
                                                            : "";
    return about(fmt::format("{} accepts none of our {} proposals ({}){}, and does not say which it would accept.",
                             peer(), what, ours_text, in),
                 name, fmt::format("Add to {} one that the peer is configured for{}.", key(name), or_else));
  }
  const auto in_words = in_short(f_.peer_proposals);
  const std::string theirs = to_string(in_words);
  const std::string near = differences();
  return about(fmt::format("No common {} proposal: {} offers {}, and we accept {}{}{}.", what, peer(), theirs,
                           ours_text, near.empty() ? "" : "; nearest, ", near),
               name, fmt::format("Add to {} one of the peer's, such as {}.", key(name), to_string(in_words.front())));
}

Explanation Explainer::no_selector() const {
  const auto both = [](const policy::TrafficSelectors& local, const policy::TrafficSelectors& remote) {
    return fmt::format("{} <-> {}", to_string(local), to_string(remote));
  };
  const std::string configured = both(f_.our_local_ts, f_.our_remote_ts);
  if (f_.peer_local_ts.empty() && f_.peer_remote_ts.empty())
    return about(
        fmt::format("{} refuses our traffic selectors {}{}.", peer(), configured,
                    f_.our_mode == policy::Mode::transport ? " in transport mode" : ""),
        "remote_ts",
        fmt::format("Make {} and remote_ts, seen from the other side, agree with what is configured at the peer.",
                    key("local_ts")));
  const std::string wanted = both(f_.peer_local_ts, f_.peer_remote_ts);
  return about(fmt::format("No common traffic selectors: {} asks for {}, and {} is configured.", peer(), wanted,
                           f_.our_local_ts.empty() ? "none of that mode" : configured),
               "local_ts",
               fmt::format("Make connections.{}.children.{}.local_ts and remote_ts overlap with {}.", f_.connection,
                           f_.child.empty() ? "NAME" : f_.child, wanted));
}

const policy::SharedKey* Explainer::secret() const {
  return secrets_ ? secrets_->find(f_.local_id, f_.remote_id) : nullptr;
}

Explanation Explainer::other_secret(std::string sentence, std::string_view hint) const {
  const auto* key_of_us = secret();
  const std::string pair = fmt::format("the secret for {} and {}", to_string(f_.local_id), to_string(f_.remote_id));
  auto explanation = about(std::move(sentence), "remote.id",
                           fmt::format("Make {} the same on both sides ({}){}.", pair,
                                       key_of_us ? "secrets." + key_of_us->name : std::string("secrets.ike-…"), hint));
  if (key_of_us) explanation.where = key_of_us->origin;
  return explanation;
}

Explanation Explainer::other_identity(std::string sentence) const {
  return about(std::move(sentence), "remote.id",
               fmt::format("Set connections.{}.remote.id to \"{}\" if that is the right peer.", f_.connection,
                           to_string(f_.remote_id)));
}

/// IKEv1's errors before a key proves itself come without protection, or not at all.
Explanation Explainer::refused_proof() const {
  const std::string us = to_string(f_.local_id);
  if (f_.notify == "INVALID-ID-INFORMATION")
    return about(fmt::format("{} knows us by another identity than {}.", peer(), us), "local.id",
                 fmt::format("Make connections.{}.local.id what the peer expects as its remote id.", f_.connection));
  const bool main_mode = f_.opening == Opening::main_mode;
  const std::string_view by_address =
      main_mode ? "; in Main Mode the peer finds its secret by the address that we come from" : "";
  if (main_mode && f_.notify.empty() && f_.attempts > 0)
    return other_secret(fmt::format("{} falls silent at our proof of identity as {} ({} messages were sent): most "
                                    "likely its pre-shared key for us is another.",
                                    peer(), us, f_.attempts),
                        by_address);
  if (f_.opening == Opening::aggressive_mode && f_.notify.empty())
    return other_secret(
        fmt::format("{} says that it is {}, and falls silent at our proof of identity as {}: most "
                    "likely its pre-shared key for us is another.",
                    peer(), to_string(f_.remote_id), us));
  return other_secret(
      fmt::format("{} refused our proof of identity as {}{}: its pre-shared key for us differs, or it does not know "
                  "this identity.",
                  peer(), us, f_.notify.empty() ? "" : fmt::format(" ({})", f_.notify)),
      by_address);
}

Explanation Explainer::not_authentic() const {
  const std::string us = to_string(f_.local_id);
  const std::string them = to_string(f_.remote_id);
  if (!ours() && is_ikev1()) return refused_proof();
  if (!ours())
    return about(
        fmt::format("{} refused our proof of identity as {}: its pre-shared key for us differs, or it does not know "
                    "this identity.",
                    peer(), us),
        "local.id",
        fmt::format("Make the secret for {} and {} the same on both sides, and connections.{}.local.id what the "
                    "peer expects; its log names the cause.",
                    us, them, f_.connection));
  // Main Mode's identities are encrypted with a key that the pre-shared one is in.
  if (f_.opening == Opening::main_mode)
    return other_secret(
        fmt::format("The proof of identity of {} cannot be read: most likely its pre-shared key is "
                    "not ours for {}.",
                    peer(), them));
  return other_secret(
      fmt::format("{} says that it is {}, but its proof does not fit our pre-shared key.", peer(), them));
}

Explanation Explainer::no_connection() const {
  if (f_.remote_id.kind == policy::Identity::Kind::any)
    return plain(fmt::format("No connection is configured for {}: none has it in remote_addrs.", peer()));
  if (f_.expected_id.kind != policy::Identity::Kind::any)
    return other_identity(fmt::format("{} says that it is {}, and connections.{} expects {}.", peer(),
                                      to_string(f_.remote_id), f_.connection, to_string(f_.expected_id)));
  const std::string asked =
      f_.local_id.kind == policy::Identity::Kind::any ? "" : fmt::format(" and asks for {}", to_string(f_.local_id));
  return {fmt::format("{} says that it is {}{}, and no connection names these identities.", peer(),
                      to_string(f_.remote_id), asked),
          fmt::format("Set remote.id of its connection to \"{}\".", to_string(f_.remote_id)),
          {}};
}

Explanation Explainer::other_mode() const {
  const auto name = [](std::optional<policy::Mode> mode) {
    return mode ? std::string(to_string(*mode)) : std::string("another");
  };
  return about(
      fmt::format("{} wants {} mode, and {} mode is configured.", peer(), name(f_.peer_mode), name(f_.our_mode)),
      "mode", fmt::format("Set {} to \"{}\", or change the peer's.", key("mode"), name(f_.peer_mode)));
}

Explanation Explainer::other_exchange() const {
  const auto theirs = name_of(f_.opening.value_or(Opening::ike_sa_init));
  const auto ours_is = name_of(f_.our_opening.value_or(Opening::ike_sa_init));
  const bool other_version = f_.our_opening == Opening::ike_sa_init || f_.opening == Opening::ike_sa_init;
  if (other_version)
    return about(
        fmt::format("{} begins with {}, and connections.{} is for {}.", peer(), theirs, f_.connection, ours_is),
        "version", fmt::format("Set connections.{}.version to 0 to accept both, or change the peer's.", f_.connection));
  return about(fmt::format("{} begins with {}, and {} is configured.", peer(), theirs, ours_is), "aggressive",
               fmt::format("Set connections.{}.aggressive to {}, or change the peer's.", f_.connection,
                           f_.opening == Opening::aggressive_mode));
}

Explanation Explainer::other_group() const {
  const std::string group =
      f_.wanted_group ? std::string(crypto::to_string(*f_.wanted_group)) : "a group that we do not have";
  const std::string name(of_child() ? child_proposals() : "proposals");
  return about(fmt::format("{} insists on key exchange by {}, which our proposals do not offer.", peer(), group), name,
               fmt::format("Add {} to {}.", group, key(name)));
}

Explanation Explainer::other_method() const {
  const bool we_want = connection_ && (connection_->remote_xauth() || connection_->local_xauth());
  if (we_want)
    return about(fmt::format("connections.{} wants a user name and a password (XAUTH) behind phase 1, and {} offers to "
                             "do without.",
                             f_.connection, peer()),
                 "", "Configure XAUTH at the peer, or leave the second round out here.");
  return about(
      fmt::format("{} wants a user name and a password (XAUTH) behind phase 1, and connections.{} knows nothing "
                  "of it.",
                  peer(), f_.connection),
      "", fmt::format("Add [connections.{}.remote2] with auth = \"xauth\".", f_.connection));
}

/// Of the user's name the peer is told nothing: neither whether there is such a user.
Explanation Explainer::user_refused() const {
  const std::string said = f_.message.empty() ? "" : fmt::format(" It says: {}", printable(f_.message));
  if (!ours())
    return about(
        fmt::format("{} refused the user {}: the name or the password is wrong.{}", peer(), printable(f_.user), said),
        "further_local", fmt::format("Check the name and its password, and who is configured at {}.", peer()));
  if (f_.user.empty()) return plain(fmt::format("{} did not say a user name and a password.", peer()));
  return plain(
      fmt::format("{} says that its user is {}, with a password that is not that user's, or nobody is called so "
                  "(secrets.xauth-…).",
                  peer(), printable(f_.user)));
}

Explanation Explainer::no_address() const {
  if (!ours())
    return about(fmt::format("{} gave us no inner address.", peer()), "vips",
                 fmt::format("Its pool may be used up: its log names the cause. Or leave connections.{}.vips out.",
                             f_.connection));
  const bool client = connection_ && !connection_->vips.empty();
  if (client)
    return about(fmt::format("{} gave us no inner address that we can use.", peer()), "vips",
                 fmt::format("Ask for another one in connections.{}.vips.", f_.connection));
  return about(fmt::format("There is no address left for {} in the pools of connections.{}.", peer(), f_.connection),
               "pools", "Make the pool larger, or add another one.");
}

Explanation Explainer::explain() const {
  switch (f_.kind) {
    case FailureKind::peer_unreachable: return unreachable();
    case FailureKind::no_proposal_chosen: return no_proposal();
    case FailureKind::no_common_selector: return no_selector();
    case FailureKind::authentication_failed: return not_authentic();
    case FailureKind::identity_mismatch:
      return other_identity(fmt::format("{} {} {}, but {} is expected.", peer(),
                                        f_.opening == Opening::aggressive_mode ? "says that it is" : "is authentic as",
                                        to_string(f_.remote_id), to_string(f_.expected_id)));
    case FailureKind::no_matching_connection: return no_connection();
    case FailureKind::secret_missing:
      return about(fmt::format("No pre-shared key is configured for {} and {}.", to_string(f_.local_id),
                               to_string(f_.remote_id)),
                   "remote.id",
                   fmt::format("Add a section [secrets.ike-{}] with id = [\"{}\", \"{}\"] and a secret.", f_.connection,
                               to_string(f_.local_id), to_string(f_.remote_id)));
    case FailureKind::mode_mismatch: return other_mode();
    case FailureKind::exchange_mismatch: return other_exchange();
    case FailureKind::key_exchange_mismatch: return other_group();
    case FailureKind::child_refused:
      return plain(fmt::format("{} refuses a further Child SA for {} ({}).", peer(), f_.child, f_.notify));
    case FailureKind::peer_error: return plain(fmt::format("{} answered with the error {}.", peer(), f_.notify));
    case FailureKind::protocol_violation:
      return plain(fmt::format("{} broke the protocol; nothing here can mend that.", peer()));
    case FailureKind::closed_by_peer: return plain(fmt::format("{} closed it.", peer()));
    case FailureKind::closed_by_user: return plain("It was closed by hand.");
    case FailureKind::replaced: return plain("A newer IKE SA with the same peer took its place.");
    case FailureKind::rekeyed: return plain("It was renewed: another with fresh keys took its place.");
    case FailureKind::expired: return plain("Its lifetime ended.");
    case FailureKind::system_refused:
      if (speaks_ah())
        return about("There is a NAT on the way, or encap is on, and AH does not pass: it covers the addresses.",
                     "ah_proposals", fmt::format("Write esp_proposals instead of {}.", key("ah_proposals")));
      return plain("This system could not set it up; the daemon's log says why.");
    case FailureKind::auth_method_mismatch: return other_method();
    case FailureKind::password_missing:
      return about(fmt::format("There is no password for the user {}.", printable(f_.user)), "further_local",
                   fmt::format("Add [secrets.xauth-{}] with id = \"{}\" and a secret, or run `sallyport up {}` on a "
                               "terminal: it asks for one.",
                               f_.connection, printable(f_.user), f_.connection));
    case FailureKind::user_refused: return user_refused();
    case FailureKind::no_virtual_address: return no_address();
  }
  return {};
}

}  // namespace

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
    case FailureKind::closed_by_user: return "closed-by-user";
    case FailureKind::replaced: return "replaced";
    case FailureKind::rekeyed: return "rekeyed";
    case FailureKind::expired: return "expired";
    case FailureKind::system_refused: return "system-refused";
    case FailureKind::auth_method_mismatch: return "auth-method-mismatch";
    case FailureKind::password_missing: return "password-missing";
    case FailureKind::user_refused: return "user-refused";
    case FailureKind::no_virtual_address: return "no-virtual-address";
  }
  return "unknown";
}

}  // namespace sallyport::diagnose
