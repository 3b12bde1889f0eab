// Who is who, and what proves it: identities, pre-shared keys, users and their passwords.
#include "diagnose/explainer.h"

namespace sallyport::diagnose {

using event::Opening;
using policy::to_string;

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

Explanation Explainer::expects_other_identity(std::string sentence) const {
  return about(std::move(sentence), "remote.id",
               fmt::format("Set connections.{}.remote.id to \"{}\" if that is the right peer.", f_.connection,
                           to_string(f_.remote_id)));
}

/// IKEv1's errors before a key proves itself come without protection, or not at all.
Explanation Explainer::refused_proof() const {
  const std::string us = to_string(f_.local_id);
  if (f_.notify == "INVALID-ID-INFORMATION")
    return about(
        fmt::format("{} knows us by another identity than {}.", peer(), us), "local.id",
        fmt::format("Make connections.{}.local.id what is configured as remote.id at the peer, or change it there.",
                    f_.connection));
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

Explanation Explainer::other_identity() const {
  const bool proved = f_.opening != Opening::aggressive_mode;
  return expects_other_identity(fmt::format("{} {} {}, but {} is expected.", peer(),
                                            proved ? "is authentic as" : "says that it is", to_string(f_.remote_id),
                                            to_string(f_.expected_id)));
}

Explanation Explainer::secret_missing() const {
  const std::string us = to_string(f_.local_id), them = to_string(f_.remote_id);
  return about(
      fmt::format("No pre-shared key is configured for {} and {}.", us, them), "remote.id",
      fmt::format("Add a section [secrets.ike-{}] with id = [\"{}\", \"{}\"] and a secret.", f_.connection, us, them));
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

/// What we require and the peer does not do.
Explanation Explainer::extension_missing() const {
  if (f_.notify == "USE_PPK")
    return about(fmt::format("{} uses no postquantum preshared key of that name, and ppk_required is set.", peer()),
                 "ppk_required", fmt::format("Give {} the key of ppk_id, or leave ppk_required out here.", peer()));
  if (f_.notify == "INTERMEDIATE_EXCHANGE_SUPPORTED")
    return about(fmt::format("{} chose additional key exchanges, and has no IKE_INTERMEDIATE to carry them out "
                             "(INTERMEDIATE_EXCHANGE_SUPPORTED is missing in its answer).",
                             peer()),
                 "proposals", "Add a proposal without ke1_ to ke7_, or update the peer.");
  return about(fmt::format("{} does not begin an IKE SA without a child, and here it has to be so.", peer()),
               "childless", "Write childless = \"allow\" here and name a child, or let the peer do it.");
}

Explanation Explainer::password_missing() const {
  const std::string user = printable(f_.user);
  return about(fmt::format("There is no password for the user {}.", user), "further_local",
               fmt::format("Add [secrets.xauth-{}] with id = \"{}\" and a secret, or run `sallyport up {}` on a "
                           "terminal: it asks for one.",
                           f_.connection, user, f_.connection));
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

}  // namespace sallyport::diagnose
