// Tickets of session resumption (RFC 5723): what an IKE SA leaves behind so that another one can go on from it without
// a key exchange. A client keeps its ticket and what it stands for (ClientMemory); a gateway keeps nothing but the keys
// that its tickets are sealed with, and which IKE SAs no ticket is good for any more.
#pragma once

#include <algorithm>
#include <array>
#include <deque>
#include <optional>
#include <unordered_set>

#include "base/random.h"
#include "base/secret.h"
#include "base/time.h"
#include "base/writer.h"
#include "crypto/provider.h"
#include "policy/child_sa.h"
#include "policy/connection.h"

namespace sallyport::ike {

/// An IKE SA, as far as another one goes on from it (RFC 5723 §5).
struct ResumableSa {
  policy::ConnectionPtr connection;
  policy::IkeSaId ike_sa;  // ours
  policy::Identity local_id, remote_id;
  policy::Suite suite;
  Secret sk_d;
  bool ppk = false;  // a postquantum preshared key went into it
  // The peers' proof of who they are gets no younger.
  std::optional<Instant> authentication_due, authentication_ends;
  Instant expires{};
  Secret key_print;  // by which we notice that the shared key is another one by now
};

/// A client's: the ticket, and what it stands for.
struct Ticket {
  ResumableSa sa;
  policy::IpAddress gateway;
  Bytes octets;
};

/// A gateway's. Tickets outlive neither the process nor two changes of the key.
class TicketKeys {
 public:
  /// No ticket is good for longer: then the key that it is sealed with may be gone.
  static constexpr Duration longest_life = std::chrono::hours(24);

  Bytes seal(Instant now, crypto::Provider& crypto, RandomSource& random, ByteView content) {
    if (!current_ || now - current_->since >= longest_life) {
      previous_ = std::move(current_);
      current_.emplace(Key{++version_, now, Secret(kKeySize)});
      random.fill(current_->key.span());
    }
    Bytes ticket;
    ticket.reserve(kHeadSize + content.size() + kIcvSize);  // never moved with what is not sealed yet
    Writer writer(ticket);
    writer.u8(current_->version);
    writer.u64(++sealed_);
    writer.bytes(content);
    ticket.resize(ticket.size() + kIcvSize);
    const ByteSpan all(ticket);
    crypto.seal(kCipher, current_->key.view(), nonce_of(ticket), all.first(kHeadSize),
                all.subspan(kHeadSize, content.size()), all.last(kIcvSize));
    return ticket;
  }
  /// nullopt: it is none of ours, or its key is gone.
  std::optional<Secret> open(Instant now, crypto::Provider& crypto, ByteView ticket) const {
    if (ticket.size() < kHeadSize + kIcvSize) return std::nullopt;
    for (const std::optional<Key>* key : {&current_, &previous_}) {
      if (!*key || (*key)->version != ticket[0] || now - (*key)->since >= 2 * longest_life) continue;
      Secret content = Secret::copy_of(ticket.subspan(kHeadSize, ticket.size() - kHeadSize - kIcvSize));
      if (crypto.open(kCipher, (*key)->key.view(), nonce_of(ticket), ticket.first(kHeadSize), content.span(),
                      ticket.last(kIcvSize)))
        return content;
    }
    return std::nullopt;
  }

  /// The tickets of an IKE SA are good for nothing any more: it has ended, or one of them has been used.
  void revoke(Instant now, policy::IkeSaId ike_sa) {
    while (!revocations_.empty() && revocations_.front().until <= now) {
      revoked_.erase(revocations_.front().ike_sa.value);
      revocations_.pop_front();
    }
    if (!revoked_.insert(ike_sa.value).second) return;
    revocations_.push_back({now + longest_life, ike_sa});
    if (revocations_.size() <= kMostRevoked) return;
    current_.reset();  // rather none than one that was revoked
    previous_.reset();
    revocations_.clear();
    revoked_.clear();
  }
  bool is_revoked(policy::IkeSaId ike_sa) const { return revoked_.contains(ike_sa.value); }

 private:
  static constexpr crypto::Encryption kCipher{crypto::Cipher::aes_gcm_16, 256};
  static constexpr std::size_t kKeySize = 32, kHeadSize = 9, kIcvSize = 16;
  static constexpr std::size_t kMostRevoked = 65536;

  struct Key {
    std::uint8_t version;
    Instant since;
    Secret key;
  };
  struct Revocation {
    Instant until;
    policy::IkeSaId ike_sa;
  };
  /// The ticket's number, which never comes again.
  static std::array<std::uint8_t, 12> nonce_of(ByteView ticket) {
    std::array<std::uint8_t, 12> nonce{};
    std::ranges::copy(ticket.subspan(1, 8), nonce.begin() + 4);
    return nonce;
  }

  std::uint8_t version_ = 0;
  std::uint64_t sealed_ = 0;
  std::optional<Key> current_, previous_;
  std::deque<Revocation> revocations_;  // the oldest first
  std::unordered_set<std::uint32_t> revoked_;
};

}  // namespace sallyport::ike
