// KeyRing: the keys of the Child SAs that there are now, for a capture that is asked for them. The datapath has them as
// well, in a form that only ciphers can use; they go when the SA goes. Keys of IKE SAs are not kept: whoever listens as
// they are made hears of them.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "ike/core/output.h"

namespace sallyport::daemon {

/// Lines for one of the tables of Wireshark's that daemon/keylog.h lists.
struct KeyLines {
  std::string_view table;
  Secret lines;  // without the last newline
};

class KeyRing {
 public:
  void add(const policy::ChildSaSpec& spec);
  void remove(policy::ChildSaId id) { children_.erase(id); }
  void move(policy::ChildSaId id, const policy::Endpoint& local, const policy::Endpoint& remote);
  void add(const ike::LogKeys& keys) const;

  std::vector<policy::ChildSaId> children() const;
  /// nullopt: no such SA, or Wireshark has no name for its cipher; of AH there is nothing to decrypt.
  std::optional<KeyLines> lines(policy::ChildSaId id) const;
  static std::optional<KeyLines> lines(const ike::LogKeys& keys);

  /// Called as keys come, or get other addresses. Empty functions: nobody listens.
  struct Listener {
    std::function<void(policy::ChildSaId)> on_child;
    std::function<void(const ike::LogKeys&)> on_ike;
  };
  void set_listener(Listener listener) { listener_ = std::move(listener); }

 private:
  std::map<policy::ChildSaId, policy::ChildSaSpec> children_;  // of each only what its line is made of
  Listener listener_;
};

}  // namespace sallyport::daemon
