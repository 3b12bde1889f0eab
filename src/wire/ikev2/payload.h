// Payload: any one of the payloads, with its critical flag. PayloadChain: payloads in their order, and ways to find
// them.
#pragma once

#include <variant>

#include "wire/ikev2/auth_payload.h"
#include "wire/ikev2/cert_payload.h"
#include "wire/ikev2/certreq_payload.h"
#include "wire/ikev2/cp_payload.h"
#include "wire/ikev2/delete_payload.h"
#include "wire/ikev2/eap_payload.h"
#include "wire/ikev2/id_payload.h"
#include "wire/ikev2/ke_payload.h"
#include "wire/ikev2/nonce_payload.h"
#include "wire/ikev2/notify_payload.h"
#include "wire/ikev2/puzzle_solution_payload.h"
#include "wire/ikev2/sa_payload.h"
#include "wire/ikev2/sk_payload.h"
#include "wire/ikev2/ts_payload.h"
#include "wire/ikev2/unknown_payload.h"
#include "wire/ikev2/vendor_id_payload.h"

namespace sallyport::wire::ikev2 {

using PayloadBody = std::variant<SaPayload, KePayload, IdiPayload, IdrPayload, CertPayload, CertReqPayload, AuthPayload,
                                 NoncePayload, NotifyPayload, DeletePayload, VendorIdPayload, TsiPayload, TsrPayload,
                                 SkPayload, CpPayload, EapPayload, SkfPayload, PuzzleSolutionPayload, UnknownPayload>;

struct Payload {
  PayloadBody body;
  bool critical = false;  // means something for UnknownPayload alone (RFC 7296 §2.5)

  PayloadType type() const;
  friend bool operator==(const Payload&, const Payload&) = default;
};

class PayloadChain {
 public:
  PayloadChain() { payloads_.reserve(usual_size); }

  /// Appends a payload without the critical flag, which none that RFC 7296 defines may carry on sending.
  template <class Body>
  PayloadChain& add(Body body) {
    payloads_.push_back({std::move(body), false});
    return *this;
  }
  PayloadChain& add(Payload payload) {
    payloads_.push_back(std::move(payload));
    return *this;
  }

  /// The first payload of the type, or nullptr. The pointer lives until the chain is changed.
  template <class Body>
  const Body* find() const {
    for (const Payload& payload : payloads_)
      if (const Body* body = std::get_if<Body>(&payload.body)) return body;
    return nullptr;
  }
  /// All payloads of the type, in order; the pointers live until the chain is changed.
  template <class Body>
  std::vector<const Body*> all() const {
    std::vector<const Body*> found;
    for (const Payload& payload : payloads_)
      if (const Body* body = std::get_if<Body>(&payload.body)) found.push_back(body);
    return found;
  }
  template <class Body>
  std::size_t count() const {
    std::size_t n = 0;
    for (const Payload& payload : payloads_) n += std::holds_alternative<Body>(payload.body);
    return n;
  }
  const NotifyPayload* find_notify(NotifyType type) const;
  /// The first error notify, whatever its type.
  const NotifyPayload* find_error() const;
  /// The first payload that obliges us to refuse the message (RFC 7296 §2.5), or nullptr.
  const UnknownPayload* find_unsupported_critical() const;

  /// PayloadType::none for an empty chain.
  PayloadType first_type() const;
  std::size_t size() const { return payloads_.size(); }
  bool empty() const { return payloads_.empty(); }
  auto begin() const { return payloads_.begin(); }
  auto end() const { return payloads_.end(); }
  const Payload& operator[](std::size_t index) const { return payloads_[index]; }
  /// For whoever takes a payload's bytes over instead of copying them.
  std::vector<Payload> release() && { return std::move(payloads_); }

  friend bool operator==(const PayloadChain&, const PayloadChain&) = default;

 private:
  static constexpr std::size_t usual_size = 8;  // IKE_SA_INIT and IKE_AUTH with a Child SA have about as many

  std::vector<Payload> payloads_;
};

}  // namespace sallyport::wire::ikev2
