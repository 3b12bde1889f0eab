// The peer authorization database (RFC 4301 §4.4.3), as far as secrets go: which shared key belongs to which pair of
// identities, and which password to which user.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "base/secret.h"
#include "policy/connection.h"
#include "policy/identity.h"

namespace sallyport::policy {

enum class SecretKind : std::uint8_t {
  ike,   // proves identities in IKE
  user,  // the password of its owners as users: XAUTH, EAP
  ppk    // goes into the keys of IKEv2 besides the key exchange (RFC 8784); its owners are its own names
};

struct SharedKey {
  std::string name;              // as configured: "ike-office"
  std::vector<Identity> owners;  // empty: anybody
  Secret secret;
  Origin origin;
  SecretKind kind = SecretKind::ike;
};

class Pad {
 public:
  /// Replaces the key of the same name.
  void add(SharedKey key);
  bool remove(std::string_view name);
  void clear();
  const std::vector<SharedKey>& keys() const { return keys_; }

  /// The key whose owners fit best: both identities, then the remote one, then the local one, then a key for anybody;
  /// among equals the most specific, then the first. nullptr when none fits. A side that is a pattern (an initiator may
  /// not know whom it will meet) fits an owner that it accepts, behind all of these. Quick for a peer that a key names,
  /// however many keys there are.
  const SharedKey* find(const Identity& local, const Identity& remote) const;
  /// The password of a user, by the name as it is said over the wire. nullptr: nobody is called so.
  const SharedKey* find_user(std::string_view user) const;
  /// A postquantum preshared key by its name, of whichever type. nullptr: there is none.
  const SharedKey* find_ppk(const Identity& id) const;

 private:
  void index(std::size_t place);
  void rebuild_index();

  std::vector<SharedKey> keys_;
  // Places in keys_: by the key's name, by each owner that is one name, and of the keys with an owner that is a
  // pattern.
  std::unordered_map<std::string, std::size_t> by_name_;
  std::unordered_map<std::string, std::size_t> ppk_by_id_;
  std::unordered_map<std::string, std::vector<std::size_t>> by_owner_;
  std::vector<std::size_t> with_patterns_;
};

/// How an identity is said where the name of a user is asked for: without any type.
std::string user_name(const Identity& identity);

}  // namespace sallyport::policy
