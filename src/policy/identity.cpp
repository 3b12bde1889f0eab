#include "policy/identity.h"

#include <array>

#include "policy/spelling.h"
#include "policy/text_error.h"

namespace sallyport::policy {
namespace {

using Kind = Identity::Kind;

struct TypePrefix {
  std::string_view word;  // what stands in front of the colon
  Kind kind;
};
constexpr std::array kPrefixes = std::to_array<TypePrefix>({
    {"fqdn", Kind::fqdn},
    {"dns", Kind::fqdn},
    {"email", Kind::user_fqdn},
    {"rfc822", Kind::user_fqdn},
    {"userfqdn", Kind::user_fqdn},
    {"ipv4", Kind::ipv4},
    {"ipv6", Kind::ipv6},
    {"keyid", Kind::key_id},
});
/// Types that swanctl knows and we do not.
constexpr std::array<std::string_view, 7> kUnsupportedPrefixes = {"asn1dn",    "asn1gn",    "ipv4net", "ipv6net",
                                                                  "ipv4range", "ipv6range", "xmppaddr"};

std::unexpected<TextError> trouble(std::size_t offset, std::string message) {
  return std::unexpected(TextError{offset, std::move(message)});
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_printable(char c) { return c >= ' ' && c <= '~'; }

bool is_name_kind(Kind kind) { return kind == Kind::fqdn || kind == Kind::user_fqdn; }

/// A name as it can be written down: printable ASCII without blanks.
std::expected<Identity, TextError> read_name(Kind kind, std::string_view name, std::size_t offset) {
  if (name.empty()) return trouble(offset, "the name is empty");
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (!is_printable(name[i])) return trouble(offset + i, "names are printable ASCII");
    if (name[i] == ' ') return trouble(offset + i, "names have no blanks in them");
  }
  return Identity{kind, to_bytes(as_bytes(name))};
}

std::expected<Identity, TextError> read_hex(Kind kind, std::string_view digits, std::size_t offset) {
  auto data = from_hex(digits);
  if (!data || data->empty()) return trouble(offset, "after \"#\" come pairs of hexadecimal digits");
  return Identity{kind, std::move(*data)};
}

std::expected<Identity, TextError> read_address(Kind kind, std::string_view text, std::size_t offset) {
  const auto address = IpAddress::parse(text);
  if (address && address->is_v6() == (kind == Kind::ipv6)) return Identity::of(*address);
  return trouble(offset, quoted(text) + " is no IPv" + (kind == Kind::ipv6 ? "6" : "4") + " address");
}

std::expected<Identity, TextError> read_typed(Kind kind, std::string_view value, std::size_t offset) {
  if (value.starts_with('#')) {
    auto identity = read_hex(kind, value.substr(1), offset + 1);
    const bool is_address = kind == Kind::ipv4 || kind == Kind::ipv6;
    if (identity && is_address && identity->data.size() != (kind == Kind::ipv4 ? 4u : 16u))
      return trouble(offset, "an address has 4 or 16 octets");
    return identity;
  }
  if (kind == Kind::ipv4 || kind == Kind::ipv6) return read_address(kind, value, offset);
  if (is_name_kind(kind)) return read_name(kind, value, offset);
  if (value.empty()) return trouble(offset, "the key id is empty");
  return Identity{kind, to_bytes(as_bytes(value))};
}

/// What has a colon in it: an IPv6 address, or a type and its value.
std::expected<Identity, TextError> read_with_colon(std::string_view text) {
  if (const auto address = IpAddress::parse(text)) return Identity::of(*address);
  const auto colon = text.find(':');
  const std::string_view word = text.substr(0, colon);
  for (const TypePrefix& prefix : kPrefixes)
    if (std::ranges::equal(word, prefix.word, {}, lower))
      return read_typed(prefix.kind, text.substr(colon + 1), colon + 1);
  for (const std::string_view known : kUnsupportedPrefixes)
    if (std::ranges::equal(word, known, {}, lower))
      return trouble(0, "identities of type " + std::string(known) + " are not supported yet");
  std::vector<std::string_view> words;
  words.reserve(kPrefixes.size());
  for (const TypePrefix& prefix : kPrefixes) words.push_back(prefix.word);
  return std::unexpected(
      TextError{0, quoted(text) + " is neither an IPv6 address, nor does it begin with a type of identity",
                did_you_mean(word, words)});
}

bool looks_like_ipv4(std::string_view text) {
  return text.contains('.') && text.find_first_not_of("0123456789.") == std::string_view::npos;
}

/// `pattern` with any number of "*", each standing for any text. Linear but for the last star, which is tried anew at
/// each place: no input makes it exponential.
bool matches_wildcards(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, after_star = std::string_view::npos, star_text = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      after_star = ++p;
      star_text = t;
    } else if (p < pattern.size() && lower(pattern[p]) == lower(text[t])) {
      ++p, ++t;
    } else if (after_star != std::string_view::npos) {
      p = after_star;
      t = ++star_text;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (is_printable(c)) {
      out += c;
    } else {
      const auto octet = static_cast<std::uint8_t>(c);
      out += "\\x" + to_hex({&octet, 1});
    }
  }
  return out;
}

}  // namespace

Identity Identity::of(const IpAddress& address) {
  return {address.is_v6() ? Kind::ipv6 : Kind::ipv4, to_bytes(address.bytes())};
}

Identity Identity::fqdn(std::string_view name) { return {Kind::fqdn, to_bytes(as_bytes(name))}; }

std::expected<Identity, TextError> Identity::read(std::string_view text) {
  if (text.empty()) return trouble(0, "the identity is empty; \"%any\" stands for anybody");
  for (const std::string_view anybody : {"%any", "%any6", "*", "0.0.0.0", "::"})
    if (text == anybody) return any();
  if (text == "%null") return null();
  if (text.starts_with("@#")) return read_hex(Kind::key_id, text.substr(2), 2);
  if (text.starts_with("@@")) return read_name(Kind::user_fqdn, text.substr(2), 2);
  if (text.starts_with('@')) return read_name(Kind::fqdn, text.substr(1), 1);
  if (text.contains(':')) return read_with_colon(text);
  if (text.contains('=')) return trouble(0, "distinguished names are not supported yet");
  if (text.contains('@')) return read_name(Kind::user_fqdn, text, 0);
  if (const auto address = IpAddress::parse(text)) return of(*address);
  if (looks_like_ipv4(text))
    return std::unexpected(TextError{0, quoted(text) + " looks like an IPv4 address, but is none",
                                     "write " + quoted("@" + std::string(text)) + " if it is a name"});
  return read_name(Kind::fqdn, text, 0);
}

std::optional<Identity> Identity::parse(std::string_view text) {
  auto identity = read(text);
  if (!identity) return std::nullopt;
  return std::move(*identity);
}

bool matches(const Identity& pattern, const Identity& identity) {
  if (pattern.kind == Kind::any) return true;
  if (pattern.kind != identity.kind) return false;
  if (!is_name_kind(pattern.kind)) return pattern.data == identity.data;
  if (has_wildcards(pattern)) return matches_wildcards(as_text(pattern.data), as_text(identity.data));
  return std::ranges::equal(as_text(pattern.data), as_text(identity.data), {}, lower, lower);
}

bool is_exact(const Identity& identity) { return identity.kind != Kind::any && !has_wildcards(identity); }

bool has_wildcards(const Identity& pattern) {
  return is_name_kind(pattern.kind) && as_text(pattern.data).contains('*');
}

int specificity(const Identity& pattern) {
  constexpr int exact = 1 << 16;
  if (pattern.kind == Kind::any) return 0;
  if (!has_wildcards(pattern)) return exact;
  const auto letters = std::ranges::count_if(pattern.data, [](std::uint8_t c) { return c != '*'; });
  return 1 + static_cast<int>(std::min<std::ptrdiff_t>(letters, exact - 2));
}

std::string lookup_key(const Identity& identity) {
  std::string key(1, static_cast<char>(identity.kind));
  for (const char c : as_text(identity.data)) key += is_name_kind(identity.kind) ? lower(c) : c;
  return key;
}

std::string to_string(const Identity& identity) {
  const std::string_view text = as_text(identity.data);
  const bool printable = std::ranges::all_of(text, is_printable);
  switch (identity.kind) {
    case Kind::any: return "%any";
    case Kind::ipv4:
    case Kind::ipv6:
      // A peer may send any number of octets under these types.
      if (const auto address = IpAddress::from_bytes(identity.data)) return to_string(*address);
      return (identity.kind == Kind::ipv4 ? "ipv4:#" : "ipv6:#") + to_hex(identity.data);
    case Kind::key_id:
      if (printable && !text.empty() && !text.starts_with('#')) return "keyid:" + std::string(text);
      return "@#" + to_hex(identity.data);
    case Kind::dn: return "dn:#" + to_hex(identity.data);
    case Kind::null: return "%null";
    case Kind::fqdn:
    case Kind::user_fqdn: break;
  }
  // Plain where that reads back as the same; with its type in front where it would be taken for something else.
  std::string plain = escaped(text);
  if (!printable || Identity::parse(plain) == identity) return plain;
  return (identity.kind == Kind::fqdn ? "fqdn:" : "email:") + plain;
}

}  // namespace sallyport::policy
