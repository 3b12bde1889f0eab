// Payload: any one of the payloads. PayloadChain: payloads in their order, and ways to find them.
#pragma once

#include <variant>

#include "wire/ikev1/attributes_payload.h"
#include "wire/ikev1/cert_payload.h"
#include "wire/ikev1/certreq_payload.h"
#include "wire/ikev1/delete_payload.h"
#include "wire/ikev1/fragment_payload.h"
#include "wire/ikev1/hash_payload.h"
#include "wire/ikev1/id_payload.h"
#include "wire/ikev1/ke_payload.h"
#include "wire/ikev1/nat_payload.h"
#include "wire/ikev1/nonce_payload.h"
#include "wire/ikev1/notify_payload.h"
#include "wire/ikev1/sa_payload.h"
#include "wire/ikev1/signature_payload.h"
#include "wire/ikev1/unknown_payload.h"
#include "wire/ikev1/vendor_id_payload.h"

namespace sallyport::wire::ikev1 {

using Payload = std::variant<SaPayload, KePayload, IdPayload, CertPayload, CertReqPayload, HashPayload,
                             SignaturePayload, NoncePayload, NotifyPayload, DeletePayload, VendorIdPayload,
                             AttributesPayload, NatDPayload, NatOaPayload, FragmentPayload, UnknownPayload>;

PayloadType type_of(const Payload& payload);

class PayloadChain {
 public:
  PayloadChain() = default;

  PayloadChain& add(Payload payload) {
    payloads_.push_back(std::move(payload));
    return *this;
  }

  /// The first payload of the type, or nullptr. The pointer lives until the chain is changed.
  template <class Body>
  const Body* find() const {
    for (const Payload& payload : payloads_)
      if (const Body* body = std::get_if<Body>(&payload)) return body;
    return nullptr;
  }
  /// All payloads of the type, in order; the pointers live until the chain is changed.
  template <class Body>
  std::vector<const Body*> all() const {
    std::vector<const Body*> found;
    for (const Payload& payload : payloads_)
      if (const Body* body = std::get_if<Body>(&payload)) found.push_back(body);
    return found;
  }
  template <class Body>
  std::size_t count() const {
    std::size_t n = 0;
    for (const Payload& payload : payloads_) n += std::holds_alternative<Body>(payload);
    return n;
  }
  const NotifyPayload* find_notify(NotifyType type) const;
  /// The first error notify, whatever its type.
  const NotifyPayload* find_error() const;

  /// PayloadType::none for an empty chain.
  PayloadType first_type() const { return payloads_.empty() ? PayloadType::none : type_of(payloads_.front()); }
  std::size_t size() const { return payloads_.size(); }
  bool empty() const { return payloads_.empty(); }
  auto begin() const { return payloads_.begin(); }
  auto end() const { return payloads_.end(); }
  const Payload& operator[](std::size_t index) const { return payloads_[index]; }
  /// For whoever takes a payload's bytes over instead of copying them.
  std::vector<Payload> release() && { return std::move(payloads_); }

  friend bool operator==(const PayloadChain&, const PayloadChain&) = default;

 private:
  std::vector<Payload> payloads_;
};

}  // namespace sallyport::wire::ikev1
