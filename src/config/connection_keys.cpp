// The keys of a connection and of its authentication rounds.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "config/connection_draft.h"
#include "config/policy_values.h"
#include "config/values.h"
#include "policy/gateway.h"
#include "policy/spelling.h"
#include "policy/text_error.h"

namespace sallyport::config {
namespace {

using policy::AuthRound;
using policy::Connection;
using policy::Fragmentation;
using policy::UniquePolicy;

constexpr bool is_built(std::uint64_t version) {
  return version == 0 || (version == 1 && SALLYPORT_HAS_IKEV1) || (version == 2 && SALLYPORT_HAS_IKEV2);
}

void read_version(Connection& c, const ConfigNode& node, Diagnostics& diagnostics) {
  const auto version = read_number(node, diagnostics, 0, 2);
  if (!version) return;
  if (!is_built(*version))
    diagnostics.error(node.origin(), fmt::format("{}: this build does not speak IKEv{} (SALLYPORT_IKEV{} is OFF)",
                                                 node.path(), *version, *version));
  c.version = static_cast<policy::IkeVersion>(*version);
}

constexpr auto kUniqueWords = std::to_array<Word<UniquePolicy>>({{"no", UniquePolicy::no},
                                                                 {"never", UniquePolicy::never},
                                                                 {"keep", UniquePolicy::keep},
                                                                 {"replace", UniquePolicy::replace}});

constexpr auto kFragmentationWords = std::to_array<Word<Fragmentation>>({{"yes", Fragmentation::yes},
                                                                         {"accept", Fragmentation::accept},
                                                                         {"force", Fragmentation::force},
                                                                         {"no", Fragmentation::no}});

constexpr auto kChildlessWords = std::to_array<Word<policy::Childless>>({{"allow", policy::Childless::allow},
                                                                         {"prefer", policy::Childless::prefer},
                                                                         {"force", policy::Childless::force},
                                                                         {"never", policy::Childless::never}});

constexpr auto kRedirectWords =
    std::to_array<Word<policy::RedirectAt>>({{"init", policy::RedirectAt::init}, {"auth", policy::RedirectAt::auth}});

void read_redirect_to(Connection& c, const ConfigNode& node, Diagnostics& diagnostics) {
  const auto text = read_text(node, diagnostics);
  if (!text) return;
  if (!text->empty() && !policy::GatewayId::parse(*text))
    return diagnostics.error(node.origin(), fmt::format("{}: {} is no gateway", node.path(), policy::quoted(*text)),
                             "an address, or a name with its domain such as gate.example.org");
  c.redirect_to = *text;
}

constexpr std::uint64_t kMostTries = 1000000;

void read_vips(Connection& c, const ConfigNode& node, Diagnostics& diagnostics) {
  for (const Item& item : read_list(node, diagnostics)) {
    const auto address = policy::IpAddress::parse(item.text);
    const bool second = address && std::ranges::any_of(c.vips, [&](const policy::IpAddress& other) {
                          return other.family() == address->family();
                        });
    if (!address || second)
      diagnostics.error(item.origin(),
                        fmt::format("{}: {} {}", node.path(), policy::quoted(item.text),
                                    second ? "is a second address of its family" : "is no address"),
                        "write \"0.0.0.0\" for whichever the gateway gives");
    else
      c.vips.push_back(*address);
  }
}

constexpr auto kConnectionKeys = std::to_array<Key<Connection>>({
    {{"version", "0, 1, 2", "0", "IKE version; 0 offers 2 and accepts every supported one"}, read_version},
    {{"local_addrs", "addresses", "%any", "own addresses: hosts, networks, ranges, names, %any"},
     [](Connection& c, const ConfigNode& n, Diagnostics& d) {
       assign(c.local_addrs, read_addresses(n, d, c.local_names));
     }},
    {{"remote_addrs", "addresses", "%any",
      "the peer's addresses, or names; the first must be a host's, or a name, for us to initiate"},
     [](Connection& c, const ConfigNode& n, Diagnostics& d) {
       assign(c.remote_addrs, read_addresses(n, d, c.remote_names));
     }},
    {{"local_port", "port", "500", "own UDP port for IKE"},
     [](Connection& c, const ConfigNode& n, Diagnostics& d) { assign(c.local_port, read_number(n, d, 1, 65535)); }},
    {{"remote_port", "port", "500", "the peer's UDP port; behind a NAT the exchange moves from 500 to 4500"},
     [](Connection& c, const ConfigNode& n, Diagnostics& d) { assign(c.remote_port, read_number(n, d, 1, 65535)); }},
    {{"proposals", "proposals", "default", "algorithms of the IKE SA, best first"},
     [](Connection& c, const ConfigNode& n, Diagnostics& d) {
       assign(c.proposals, read_proposals(n, policy::Protocol::ike, d));
     }},
    {{"encap", "boolean", "no", "UDP encapsulation of ESP even without a NAT"},
     [](Connection& c, const ConfigNode& n, Diagnostics& d) { assign(c.encap, read_boolean(n, d)); }},
    {{"mobike", "boolean", "yes",
      "IKEv2: addresses of either end may change while an SA is up (RFC 4555); not with a child in transport mode"},
     [](Connection& c, const ConfigNode& n, Diagnostics& d) { assign(c.mobike, read_boolean(n, d)); }},
    {{"fragmentation", "yes, accept, force, no", "yes",
      "long IKE messages in fragments: to peers that know them; taken alone; in IKEv1 to all peers; not at all"},
     [](Connection& c, const ConfigNode& n, Diagnostics& d) {
       assign(c.fragmentation, read_word(n, d, kFragmentationWords));
     }},
    {{"childless", "allow, prefer, force, never", "allow",
      "IKEv2: IKE SAs that begin without a child are accepted; begun where the peer can; nothing else is; they are "
      "not"},
     [](Connection& c, const ConfigNode& n, Diagnostics& d) { assign(c.childless, read_word(n, d, kChildlessWords)); }},
    {{"ppk_id", "identity", "", "IKEv2: the postquantum preshared key that is used, of [secrets.ppk…]; * for any text"},
     [](Connection& c, const ConfigNode& n, Diagnostics& d) { assign(c.ppk_id, read_identity(n, d)); }},
    {{"ppk_required", "boolean", "no", "no IKE SA without that key"},
     [](Connection& c, const ConfigNode& n, Diagnostics& d) { assign(c.ppk_required, read_boolean(n, d)); }},
    {{"follow_redirects", "boolean", "no", "IKEv2: as a client, go where a gateway sends us (RFC 5685)"},
     [](Connection& c, const ConfigNode& n, Diagnostics& d) { assign(c.follow_redirects, read_boolean(n, d)); }},
    {{"redirect_to", "address or name", "", "IKEv2: clients that come by this connection are sent to that gateway"},
     read_redirect_to},
    {{"redirect_at", "init, auth", "init", "when: at once, or after they have proved who they are"},
     [](Connection& c, const ConfigNode& n, Diagnostics& d) {
       assign(c.redirect_at, read_word(n, d, kRedirectWords));
     }},
    {{"resumption", "boolean", "no", "IKEv2: lost IKE SAs go on by tickets, without another key exchange (RFC 5723)"},
     [](Connection& c, const ConfigNode& n, Diagnostics& d) { assign(c.resumption, read_boolean(n, d)); }},
    {{"dpd_delay", "time", "0s", "after so much silence the peer is asked whether it lives; 0: never"},
     [](Connection& c, const ConfigNode& n, Diagnostics& d) { assign(c.dpd_delay, read_time(n, d)); }},
    {{"keyingtries", "number", "1", "how often an initiation is tried; 0: for ever"},
     [](Connection& c, const ConfigNode& n, Diagnostics& d) {
       assign(c.keyingtries, read_number(n, d, 0, kMostTries));
     }},
    {{"unique", "no, never, keep, replace", "no", "what a second IKE SA between the same identities does to the first"},
     [](Connection& c, const ConfigNode& n, Diagnostics& d) { assign(c.unique, read_word(n, d, kUniqueWords)); }},
    {{"rekey_time", "time", "4h; with reauth_time: 0s", "when the IKE SA gets fresh keys; 0: never"},
     [](Connection& c, const ConfigNode& n, Diagnostics& d) { assign(c.rekey_time, read_time(n, d)); }},
    {{"reauth_time", "time", "0s",
      "when the peers prove anew who they are, on another IKE SA with Child SAs of its own; 0: never"},
     [](Connection& c, const ConfigNode& n, Diagnostics& d) { assign(c.reauth_time, read_time(n, d)); }},
    {{"over_time", "time", "rekey_time / 10",
      "so long after rekey_time or reauth_time an IKE SA that could not be renewed is closed"},
     [](Connection& c, const ConfigNode& n, Diagnostics& d) { assign(c.over_time, read_time(n, d)); }},
    {{"rand_time", "time", "over_time", "up to so much is taken off rekey_time and reauth_time at random"},
     [](Connection& c, const ConfigNode& n, Diagnostics& d) { assign(c.rand_time, read_time(n, d)); }},

    {{"aggressive", "boolean", "no", "IKEv1: phase 1 in three messages, with the identities in clear"},
     [](Connection& c, const ConfigNode& n, Diagnostics& d) { assign(c.aggressive, read_boolean(n, d)); }},
    {{"pull", "boolean", "yes", "IKEv1: clients ask for their configuration; no: the gateway sets it (push)"},
     [](Connection& c, const ConfigNode& n, Diagnostics& d) { assign(c.pull, read_boolean(n, d)); }},
    {{"vips", "addresses", "",
      "inner addresses to ask the gateway for: 0.0.0.0, :: or certain ones; \"dynamic\" in local_ts is what it gives"},
     read_vips},
    {{"pools", "names", "", "pools that give clients inner addresses; \"dynamic\" in remote_ts is what they got"},
     [](Connection& c, const ConfigNode& n, Diagnostics& d) {
       for (const Item& item : read_list(n, d)) c.pools.emplace_back(item.text);
     }},
    {{"dscp", "6 bits", "000000", "DSCP of outgoing IKE packets", "0"}},
    {{"dpd_timeout", "time", "0s", "IKEv1's patience with a silent peer", "0",
      "retransmit_tries, which IKEv2 goes by"}},
    {{"send_certreq", "boolean", "yes", "asking for certificates", "no"}},
    {{"send_cert", "always, never, ifasked", "ifasked", "sending certificates", "never"}},
    {{"ocsp", "never, reply, request, both", "reply", "OCSP within IKE (RFC 4806)", "never"}},
    {{"if_id_in", "number", "0", "XFRM interface", "0"}},
    {{"if_id_out", "number", "0", "XFRM interface", "0"}},
    {{"mediation", "boolean", "no", "mediation server", "no"}},
    {{"mediated_by", "name", "", "mediation connection"}},
    {{"mediation_peer", "identity", "", "identity at the mediation server"}},
});

void read_auth(AuthRound& round, const ConfigNode& node, Diagnostics& diagnostics) {
  const auto method = read_text(node, diagnostics);
  if (!method) return;
  if (*method == "psk") {
    round.method = policy::AuthMethod::psk;
    return;
  }
  if (*method == "null") {
    round.method = policy::AuthMethod::null;
    return;
  }
  if (*method == "xauth" || *method == "xauth-generic") {
    round.method = policy::AuthMethod::xauth;
    return;
  }
  // Each may have a variant or constraints behind it: "eap-tls", "rsa-3072-sha256".
  constexpr std::array<std::string_view, 8> later = {"pubkey", "eap",   "xauth", "kerberos",
                                                     "rsa",    "ecdsa", "ike:",  "any"};
  for (const std::string_view word : later)
    if (method->starts_with(word)) {
      diagnostics.error(node.origin(), fmt::format("{}: {} is not supported yet", node.path(), policy::quoted(*method)),
                        "write \"psk\"");
      return;
    }
  constexpr std::array<std::string_view, 4> known = {"psk", "null", "xauth", "pubkey"};
  diagnostics.error(node.origin(),
                    fmt::format("{}: {} is no way to authenticate", node.path(), policy::quoted(*method)),
                    policy::did_you_mean(*method, known));
}

void read_id(AuthRound& round, const ConfigNode& node, Diagnostics& diagnostics) {
  assign(round.id, read_identity(node, diagnostics));
}

void read_xauth_id(AuthRound& round, const ConfigNode& node, Diagnostics& diagnostics) {
  assign(round.xauth_id, read_identity(node, diagnostics));
}

/// It has been looked at before, for the order.
void read_round(AuthRound&, const ConfigNode& node, Diagnostics& diagnostics) {
  (void)read_number(node, diagnostics, 0, 1000);
}

constexpr KeyInfo kRound = {"round", "number", "0", "order among several rounds"};
constexpr KeyInfo kCerts = {"certs", "files", "", "certificates"};
constexpr KeyInfo kPubkeys = {"pubkeys", "files", "", "raw public keys"};

constexpr auto kLocalKeys = std::to_array<Key<AuthRound>>({
    {{"auth", "psk, null, xauth", "",
      "how we prove who we are; null: not at all; xauth in a second round, [….local2], of IKEv1"},
     read_auth},
    {{"id", "identity", "our address", "who we are"}, read_id},
    {kRound, read_round},
    {kCerts},
    {kPubkeys},
    {{"eap_id", "identity", "id", "identity within EAP"}},
    {{"aaa_id", "identity", "remote id", "whom the AAA server must prove to be"}},
    {{"xauth_id", "identity", "id", "our user name for XAUTH; its password is in [secrets.xauth…], or asked for"},
     read_xauth_id},
});

constexpr auto kRemoteKeys = std::to_array<Key<AuthRound>>({
    {{"auth", "psk, null, xauth", "",
      "how the peer has to prove who it is; null: not at all; xauth in a second round, [….remote2]"},
     read_auth},
    {{"id", "identity", "%any", "whom we accept; * in a name stands for any text"}, read_id},
    {kRound, read_round},
    {kCerts},
    {kPubkeys},
    {{"eap_id", "identity", "id", "identity within EAP"}},
    {{"groups", "names", "", "memberships, one of which is required"}},
    {{"cert_policy", "OIDs", "", "certificate policies that are required"}},
    {{"cacerts", "files", "", "authorities that are accepted"}},
    {{"ca_id", "identity", "", "identity that an authority in the chain must have"}},
    {{"revocation", "strict, ifuri, relaxed", "relaxed", "what counts as not revoked", "relaxed"}},
});

}  // namespace

std::span<const Key<Connection>> connection_keys() { return kConnectionKeys; }
std::span<const Key<AuthRound>> local_keys() { return kLocalKeys; }
std::span<const Key<AuthRound>> remote_keys() { return kRemoteKeys; }

}  // namespace sallyport::config
