// Algorithms that do not meet: what each side has, and in what the nearest two differ.
#include "diagnose/explainer.h"
#include "diagnose/short_proposals.h"
#include "policy/proposal.h"

namespace sallyport::diagnose {

using policy::to_string;

/// "encryption: we have aes256, the peer has aes128": of the two proposals that are nearest.
std::string Explainer::differences() const {
  const auto miss = policy::nearest_miss(f_.our_proposals, f_.peer_proposals, of_child() && !is_ikev1());
  if (!miss) return {};
  std::string text;
  for (const auto& difference : miss->differences) {
    // In IKEv1 the PRF is that of the hash, which is named already.
    if (is_ikev1() && difference.kind == policy::Difference::Kind::prf) continue;
    const auto words = [](const std::string& list) { return list.empty() ? std::string("none") : list; };
    const bool again = of_child() && difference.kind == policy::Difference::Kind::key_exchange;
    text += fmt::format("{}{}{}: we have {}, the peer has {}", text.empty() ? "" : "; ", to_string(difference.kind),
                        again ? " for forward secrecy" : "", words(difference.ours), words(difference.theirs));
  }
  return text;
}

/// What IKEv1 refuses with one and the same error, each by the key that it has here, and with its value.
std::string Explainer::all_that_may_differ() const {
  if (!of_child())
    return fmt::format("its proposals (here {}), {} too (here {} = {}), and a connection for our address.",
                       key("proposals"), name_of(*f_.opening), key("aggressive"),
                       *f_.opening == event::Opening::aggressive_mode);
  std::string groups;
  for (const auto& proposal : f_.our_proposals)
    for (const auto group : proposal.key_exchange) {
      const auto word = crypto::to_string(group);
      if (groups.find(word) == std::string::npos) groups += fmt::format("{}{}", groups.empty() ? "" : ", ", word);
    }
  return fmt::format(
      "its algorithms (here {}), the group for forward secrecy at their end (here {}), and {} (here {}).",
      key(child_proposals()), groups.empty() ? "none" : groups, "tunnel or transport mode",
      key("mode") + (f_.our_mode ? fmt::format(" = {}", to_string(*f_.our_mode)) : ""));
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
    return about(fmt::format("{} accepts none of our {} proposals ({}){}, and does not say which it would accept.",
                             peer(), what, ours_text, in),
                 name,
                 is_ikev1() ? "Compare with what is configured at the peer: " + all_that_may_differ()
                            : fmt::format("Add to {} one that the peer is configured for.", key(name)));
  }
  const auto in_words = in_short(f_.peer_proposals);
  const std::string theirs = to_string(in_words);
  const std::string near = differences();
  return about(fmt::format("No common {} proposal: {} offers {}, and we accept {}{}{}.", what, peer(), theirs,
                           ours_text, near.empty() ? "" : "; nearest, ", near),
               name, fmt::format("Add to {} one of the peer's, such as {}.", key(name), to_string(in_words.front())));
}

Explanation Explainer::other_group() const {
  const std::string group =
      f_.wanted_group ? std::string(crypto::to_string(*f_.wanted_group)) : "a group that we do not have";
  const std::string name(of_child() ? child_proposals() : "proposals");
  return about(fmt::format("{} insists on key exchange by {}, which our proposals do not offer.", peer(), group), name,
               fmt::format("Add {} to {}.", group, key(name)));
}

}  // namespace sallyport::diagnose
