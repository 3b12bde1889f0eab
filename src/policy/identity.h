// Identities: who a peer says it is (RFC 7296 §3.5, RFC 2407 §4.6.2), and which of them a configuration accepts.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "policy/address.h"
#include "policy/text_error.h"

namespace sallyport::policy {

struct Identity {
  enum class Kind : std::uint8_t {
    any,
    ipv4,
    ipv6,
    fqdn,
    user_fqdn,
    dn,
    key_id,
    null  // nobody in particular (RFC 7619)
  };
  Kind kind = Kind::any;
  /// As it stands in an ID payload: address octets, text without terminator, DER of the name, opaque octets.
  Bytes data;

  static Identity any() { return {}; }
  static Identity null() { return {Kind::null, {}}; }
  static Identity of(const IpAddress& address);
  static Identity fqdn(std::string_view name);
  /// swanctl's grammar: an address, "user@host", a name, "%any", "@name" (a name, whatever it looks like), "@#hex" (key
  /// id), "@@user@host", or a type in front: "fqdn:", "email:", "rfc822:", "ipv4:", "ipv6:", "keyid:" (text, or hex
  /// after "keyid:#"), "dns:". A distinguished name ("C=.., CN=..") is not supported and is nullopt.
  static std::optional<Identity> parse(std::string_view text);
  /// The same, with the reason for a refusal.
  static std::expected<Identity, TextError> read(std::string_view text);

  friend auto operator<=>(const Identity&, const Identity&) = default;
};

/// True when `pattern` (as configured, "*" in a name standing for any text) accepts `identity`. Names compare without
/// regard to case (RFC 4343).
bool matches(const Identity& pattern, const Identity& identity);

/// Names just one peer: neither "any" nor a wildcard.
bool is_exact(const Identity& identity);

/// A pattern for several names, which nobody can be.
bool has_wildcards(const Identity& pattern);

/// How specific a pattern is, for choosing the best of several: 0 for any, more for wildcards, most for exact.
int specificity(const Identity& pattern);

/// The same for identities that match each other, as far as neither is a pattern: for tables.
std::string lookup_key(const Identity& identity);

/// Printable whatever the peer sent: control characters and non-ASCII are escaped. What parse() made, it takes back.
std::string to_string(const Identity& identity);

}  // namespace sallyport::policy
