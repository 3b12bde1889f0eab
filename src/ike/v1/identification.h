// ID payloads read and written: identities in phase 1, traffic selectors in phase 2 (RFC 2407 §4.6.2).
#pragma once

#include <optional>

#include "policy/identity.h"
#include "policy/selector.h"
#include "wire/ikev1/id_payload.h"

namespace sallyport::ike::v1 {

/// nullopt for a type that says no identity of ours, and for a protocol or port that is not IKE's.
std::optional<policy::Identity> read_identity(const wire::ikev1::IdPayload& id);
wire::ikev1::IdPayload write_identity(const policy::Identity& identity);

/// nullopt for a type that is not of addresses, and for ranges and masks that make no sense.
std::optional<policy::TrafficSelector> read_selector(const wire::ikev1::IdPayload& id);
/// nullopt for what an ID payload cannot say: a range of ports, or OPAQUE.
std::optional<wire::ikev1::IdPayload> write_selector(const policy::TrafficSelector& selector);

}  // namespace sallyport::ike::v1
