#include "config/secrets.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "config/keys.h"
#include "config/policy_values.h"
#include "config/section_keys.h"
#include "config/values.h"

namespace sallyport::config {
namespace {

using policy::Identity;
using policy::SharedKey;

/// Fewer octets than this can be guessed by whoever recorded one exchange (RFC 7296 §2.15).
constexpr std::size_t kFewestOctets = 8;
/// 256 bits, which Grover's algorithm halves (RFC 8784 §6).
constexpr std::size_t kFewestPpkOctets = 32;
/// A value on the control protocol is no longer either.
constexpr std::size_t kMostOctets = 65535;

struct SecretDraft {
  SharedKey key;
  std::string file;  // of secret_file
};

void read_secret(SecretDraft& draft, const ConfigNode& node, Diagnostics& diagnostics) {
  const auto text = read_text(node, diagnostics);
  if (!text) return;
  draft.key.secret = secret_from_text(*text);
  if (!draft.key.secret.empty()) return;
  const bool coded = text->starts_with("0x") || text->starts_with("0s");
  diagnostics.error(node.origin(),
                    coded ? fmt::format("{}: after {} come {}", node.path(), text->substr(0, 2),
                                        text->starts_with("0x") ? "pairs of hexadecimal digits" : "letters of Base64")
                          : fmt::format("{}: the secret is empty", node.path()));
}

void read_owners(SecretDraft& draft, const ConfigNode& node, Diagnostics& diagnostics) {
  for (Identity& owner : read_identities(node, diagnostics)) draft.key.owners.push_back(std::move(owner));
}

constexpr auto kSecretKeys = std::to_array<Key<SecretDraft>>({
    {{"id", "identities", "", "whose secret it is: ours, the peer's, or both; none: anybody's"}, read_owners},
    {{"secret", "text", "", "the key itself: text, 0x and hexadecimal digits, or 0s and Base64"}, read_secret},
    {{"secret_file", "path", "", "a file that holds it, in the same form"},
     [](SecretDraft& draft, const ConfigNode& n, Diagnostics& d) { assign(draft.file, read_text(n, d)); }},
});

void load_file(SecretDraft& draft, const ReadSecretFile& read_file, const Written& written, Diagnostics& diagnostics) {
  const Origin where = written.origin_of("secret_file");
  if (!read_file) return written.error("secret_file", "files cannot be read here", diagnostics);
  auto content = read_file(draft.file, where.file);
  if (!content) return written.error("secret_file", content.error(), diagnostics);
  std::string_view text = as_text(content->view());
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  draft.key.secret = secret_from_text(text);
  if (draft.key.secret.empty()) written.error("secret_file", "the file holds no secret", diagnostics);
}

void check_secret(const SecretDraft& draft, const Written& written, Diagnostics& diagnostics) {
  const std::size_t size = draft.key.secret.size();
  const char* key = written.has("secret") ? "secret" : "secret_file";
  if (size > kMostOctets) {
    written.error(key, fmt::format("longer than {} octets", kMostOctets), diagnostics);
  } else if (draft.key.kind == policy::SecretKind::ppk && size != 0 && size < kFewestPpkOctets) {
    written.warning(key,
                    fmt::format("fewer than {} octets are not enough against a quantum computer", kFewestPpkOctets),
                    diagnostics, "make a better one with `sallyport psk generate`");
  } else if (draft.key.kind == policy::SecretKind::ike && size != 0 && size < kFewestOctets) {
    written.warning(key, fmt::format("fewer than {} octets can be found by trying", kFewestOctets), diagnostics,
                    "make a better one with `sallyport psk generate`");
  }
}

/// One section; an unreadable one is not added.
void read_shared_key(const ConfigNode& node, policy::Pad& pad, const ReadSecretFile& read_file,
                     Diagnostics& diagnostics) {
  const std::size_t errors_before = diagnostics.errors();
  SecretDraft draft;
  if (node.name().starts_with("ppk"))
    draft.key.kind = policy::SecretKind::ppk;
  else if (!node.name().starts_with("ike"))
    draft.key.kind = policy::SecretKind::user;
  draft.key.name = node.name();
  draft.key.origin = node.key_origin();
  Written written;
  written.path = node.path();
  written.origins[""] = node.key_origin();
  for (const ConfigNode& entry : node.children()) {
    // swanctl has as many ids as there are keys that begin so.
    if (entry.name().starts_with("id") && entry.name() != "id") {
      read_owners(draft, entry, diagnostics);
    } else {
      read_key(entry, std::span<const Key<SecretDraft>>(kSecretKeys), draft, written, "", diagnostics);
    }
  }
  if (written.has("secret") && written.has("secret_file")) {
    written.error("secret_file", "there is a secret as well", diagnostics, "leave one of the two out");
  } else if (!written.has("secret") && !written.has("secret_file")) {
    written.error("", "the secret is missing", diagnostics, "write secret or secret_file");
  } else if (written.has("secret_file") && written.usable({"secret_file"})) {
    load_file(draft, read_file, written, diagnostics);
  }
  check_secret(draft, written, diagnostics);
  if (draft.key.kind == policy::SecretKind::user && draft.key.owners.empty())
    written.error("id", "a password is somebody's", diagnostics, "write id = \"the user's name\"");
  if (draft.key.kind == policy::SecretKind::ppk && draft.key.owners.empty())
    written.error("id", "a postquantum preshared key has a name", diagnostics, "write id = \"what ppk_id says\"");
  if (diagnostics.errors() == errors_before) pad.add(std::move(draft.key));
}

std::string named(const std::vector<Identity>& owners) {
  std::string text;
  for (const Identity& owner : owners) text += (text.empty() ? "" : ", ") + to_string(owner);
  return text.empty() ? "anybody" : text;
}

void check_ambiguous(const policy::Pad& pad, Diagnostics& diagnostics) {
  std::map<std::pair<policy::SecretKind, std::vector<Identity>>, const SharedKey*> by_owners;
  for (const SharedKey& key : pad.keys()) {
    auto owners = key.owners;
    std::ranges::sort(owners);
    const auto [first, is_first] = by_owners.emplace(std::pair(key.kind, std::move(owners)), &key);
    if (is_first) continue;
    diagnostics.error(key.origin,
                      fmt::format("secrets.{}: secrets.{} ({}) is for the same: {}", key.name, first->second->name,
                                  to_string(first->second->origin), named(key.owners)),
                      "leave one of the two out");
  }
}

}  // namespace

KeySection describe_secrets() {
  return describe("secrets.ikeNAME",
                  "Shared keys; in `[secrets.xauthNAME]`, the passwords of users; in `[secrets.ppkNAME]`, postquantum "
                  "preshared keys by "
                  "their names. The part after \"ike\", \"xauth\" or \"ppk\" is free.",
                  std::span<const Key<SecretDraft>>(kSecretKeys));
}

Secret secret_from_text(std::string_view text) {
  const auto wiped = [](std::optional<Bytes> octets) {
    if (!octets) return Secret();
    Secret secret = Secret::copy_of(*octets);
    wipe(*octets);
    return secret;
  };
  if (text.starts_with("0x")) return wiped(from_hex(text.substr(2)));
  if (!text.starts_with("0s")) return Secret::copy_of(as_bytes(text));
  // The padding may be left out.
  Secret padded((text.size() - 2 + 3) / 4 * 4);
  std::ranges::fill(padded.span(), std::uint8_t{'='});
  std::ranges::copy(as_bytes(text.substr(2)), padded.span().begin());
  return wiped(from_base64(as_text(padded.view())));
}

policy::Pad read_secrets(const ConfigNode& section, const ReadSecretFile& read_file, Diagnostics& diagnostics) {
  policy::Pad pad;
  for (const ConfigNode& node : section.children()) {
    constexpr std::array<std::string_view, 7> later = {"ntlm", "private", "rsa", "ecdsa", "pkcs8", "pkcs12", "token"};
    constexpr std::array<std::string_view, 4> shared = {"ike", "xauth", "eap", "ppk"};
    const auto begins_name = [&](std::string_view kind) { return node.name().starts_with(kind); };
    if (!node.is_section()) {
      report_wrong_type(node, "a table", diagnostics);
    } else if (std::ranges::any_of(shared, begins_name)) {
      read_shared_key(node, pad, read_file, diagnostics);
    } else if (std::ranges::any_of(later, begins_name)) {
      diagnostics.error(node.key_origin(), fmt::format("{}: secrets of this kind are not supported yet", node.path()));
    } else {
      diagnostics.error(node.key_origin(),
                        fmt::format("{}: the name does not say what kind of secret it is", node.path()),
                        fmt::format("for a pre-shared key of IKE write [secrets.ike-{}]", node.name()));
    }
  }
  check_ambiguous(pad, diagnostics);
  return pad;
}

namespace {

/// A responder with a pattern learns the name from the peer.
void check_has_ppk(const policy::Connection& connection, const policy::Pad& secrets, Diagnostics& diagnostics) {
  if (!is_exact(connection.ppk_id) || secrets.find_ppk(connection.ppk_id)) return;
  const auto where = connection.origins.find("ppk_id");
  diagnostics.error(where == connection.origins.end() ? Origin{} : where->second,
                    fmt::format("connections.{}.ppk_id: no postquantum preshared key is called {}", connection.name,
                                to_string(connection.ppk_id)),
                    fmt::format("add [secrets.ppk-{}] with id = \"{}\" and secret = \"...\"", connection.name,
                                to_string(connection.ppk_id)));
}

}  // namespace

Identity assumed_identity(const Identity& written, const std::vector<policy::AddressRange>& addresses) {
  if (written.kind != Identity::Kind::any || addresses.size() != 1) return written;
  return addresses.front().first == addresses.front().last ? Identity::of(addresses.front().first) : written;
}

void check_has_secret(const policy::Connection& connection, const policy::Pad& secrets, Diagnostics& diagnostics) {
  check_has_ppk(connection, secrets, diagnostics);
  constexpr auto nothing = policy::AuthMethod::null;
  if (connection.local.method == nothing && connection.remote.method == nothing) return;
  const Identity local = connection.local.method == nothing && connection.local.id.kind == Identity::Kind::any
                             ? Identity::null()
                             : assumed_identity(connection.local.id, connection.local_addrs);
  const Identity remote = connection.remote.method == nothing ? Identity::null() : connection.remote.id;
  if (secrets.find(local, remote) != nullptr) return;
  Origin where;
  for (const char* key : {"local.auth", "local", ""})
    if (const auto found = connection.origins.find(key); found != connection.origins.end() && where.file.empty())
      where = found->second;
  diagnostics.error(
      where,
      fmt::format("connections.{}: no secret is for {} or {}", connection.name, to_string(local), to_string(remote)),
      fmt::format("add [secrets.ike-{}] with id = [\"{}\", \"{}\"] and secret = \"...\"", connection.name,
                  to_string(local), to_string(remote)));
}

}  // namespace sallyport::config
