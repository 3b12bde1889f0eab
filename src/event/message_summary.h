// MessageSummary: one IKE message as a person would retell it, as values: what `trace` draws a rung of the ladder from.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policy/address.h"
#include "policy/identity.h"
#include "policy/proposal.h"
#include "policy/selector.h"

namespace sallyport::event {

enum class Direction : std::uint8_t {
  sent,
  received
};

/// A payload. What it does not have stays empty.
struct PayloadSummary {
  std::string name;                                // as the RFC abbreviates it: "SA", "KE", "IDi", "N(COOKIE)"
  std::vector<policy::Proposal> proposals;         // SA: offered, or the single one chosen
  std::optional<crypto::KeyExchangeMethod> group;  // KE, N(INVALID_KE_PAYLOAD)
  policy::TrafficSelectors selectors;              // TSi, TSr
  std::optional<policy::Identity> identity;        // IDi, IDr
  std::string detail;                              // AUTH: "pre-shared key"; D: SPIs; N: data worth showing
};

struct MessageSummary {
  std::uint8_t version = 2;    // major
  std::string exchange;        // "IKE_SA_INIT", "Main Mode"
  bool request = true;         // IKEv1: from the initiator of the exchange
  std::uint8_t number = 0;     // IKEv1: which message of its exchange, from 1
  bool from_initiator = true;  // of the IKE SA
  std::uint32_t message_id = 0;
  std::uint64_t spi_initiator = 0;
  std::uint64_t spi_responder = 0;
  policy::Endpoint local;
  policy::Endpoint remote;
  std::uint32_t size = 0;  // octets of the IKE message
  bool encrypted = false;
  std::vector<PayloadSummary> payloads;
};

}  // namespace sallyport::event
