// What IKE_AUTH and CREATE_CHILD_SA have in common: agreeing on one Child SA (RFC 7296 §1.2, §1.3.1, §2.9, §2.17).
//
//   initiator   SA, TSi, TSr [, N(USE_TRANSPORT_MODE)] [, N(IPCOMP_SUPPORTED)]  -->
//               <--  SA, TSi, TSr [, N(USE_TRANSPORT_MODE)] [, N(IPCOMP_SUPPORTED)]     or an error notify
#pragma once

#include <expected>

#include "ike/core/environment.h"
#include "ike/v2/configuration.h"
#include "ike/v2/step.h"

namespace sallyport::ike::v2 {

/// Of the exchange: who began it need not be the initiator of the IKE SA.
struct ChildKeyInputs {
  ByteView shared_secret;  // empty without forward secrecy
  ByteView nonce_i, nonce_r;
  const Secret* sk_d = nullptr;   // nullptr: the IKE SA's, as it is
  ByteView further_secrets = {};  // of additional key exchanges
};

/// AH covers the addresses, and has no UDP encapsulation: behind a NAT, or with one pretended, there is none (RFC 3715
/// §2.1).
std::optional<event::Failure> passes_no_nat(const IkeSa& sa, const policy::Child& config);

/// The initiator's choice of an inbound SPI and selectors; `config` is of the SA's connection. What takes the place of
/// a Child SA has its selectors, narrowed as they are (RFC 7296 §2.8).
PendingChild prepare_child(const IkeSa& sa, const policy::Child& config, CreateChild task, Environment& env);
/// Appends the initiator's SA payload and what belongs to it.
void add_child_offer(wire::ikev2::PayloadChain& payloads, const policy::Child& config, const PendingChild& pending,
                     bool with_key_exchange);

/// Appends TSi and TSr; who initiated the exchange counts, not who initiated the IKE SA.
void add_selectors(wire::ikev2::PayloadChain& payloads, const policy::TrafficSelectors& of_initiator,
                   const policy::TrafficSelectors& of_responder);

struct ChildFailure {
  event::Failure failure;
  bool exists_at_peer = false;  // the peer has made its half: it must be told to delete it
};
/// The initiator's reading of the answer; the suite has been agreed by read_child_suite(). The keys come later where
/// there are additional key exchanges.
std::expected<NewChild, ChildFailure> accept_child_answer(const IkeSa& sa, const policy::Child& config,
                                                          const PendingChild& pending, const policy::Suite& suite,
                                                          const wire::ikev2::PayloadChain& answer,
                                                          const ChildKeyInputs& inputs, Environment& env);
/// The suite that the responder chose, checked against what we offered.
std::expected<policy::Suite, ChildFailure> read_child_suite(const IkeSa& sa, const policy::Child& config,
                                                            const wire::ikev2::PayloadChain& answer,
                                                            bool ignore_key_exchange);
/// A failure that the responder reports with an error notify.
event::Failure read_child_error(const IkeSa& sa, const policy::Child& config, const PendingChild& pending,
                                const wire::ikev2::NotifyPayload& error);

/// A responder's match of a request: which child, in what mode, with what of the proposals and selectors.
struct ChildMatch {
  const policy::Child* config;
  policy::Choice choice;
  const wire::ikev2::Proposal* offered;  // the one that was chosen; of the request, and not to be kept
  std::uint32_t spi_out;
  policy::Mode mode;
  policy::TrafficSelectors local_ts, remote_ts;
  bool takes_tfc_padding = true;
  std::optional<std::uint16_t> cpi_out = {};  // compression is offered, and wanted
};
struct ChildRefusal {
  wire::ikev2::NotifyPayload notify;
  event::Failure failure;
};
/// With `replaced`, the same child as that one is of, and within its selectors.
std::expected<ChildMatch, ChildRefusal> match_child(const IkeSa& sa, const policy::Connection& connection,
                                                    const Hosts& hosts, const wire::ikev2::PayloadChain& request,
                                                    bool ignore_key_exchange, const ChildSa* replaced = nullptr);
/// The responder's half, with a peer that may have proved who it is just now: allocates the SPI, derives the keys
/// (unless they come later, likewise), and appends its SA payload and what belongs to it.
NewChild make_child(const IkeSa& sa, const policy::Connection& connection, const policy::Identity& peer,
                    const ChildMatch& match, const ChildKeyInputs& inputs, bool with_key_exchange,
                    wire::ikev2::PayloadChain& reply, Environment& env);
/// The keys of what was agreed on, when the additional key exchanges are over.
void derive_keys(const IkeSa& sa, NewChild& child, const ChildKeyInputs& inputs, Environment& env);

}  // namespace sallyport::ike::v2
