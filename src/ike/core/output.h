// What an engine wants done. Drained by whoever drives it, in order, after every input.
#pragma once

#include <deque>
#include <variant>

#include "base/bytes.h"
#include "event/event.h"
#include "policy/child_sa.h"

namespace sallyport::ike {

struct SendDatagram {
  policy::Endpoint local;
  policy::Endpoint remote;
  Bytes message;
};
/// One octet 0xff, so that a NAT keeps its mapping (RFC 3948 §4).
struct SendKeepalive {
  policy::Endpoint local;
  policy::Endpoint remote;
};
/// An inbound SPI has been offered, to be one of a Child SA that we have begun. The answer which makes its keys known
/// may be overtaken by what the peer sends by it: until InstallChildSa or WithdrawSpi, that is to wait.
struct OfferSpi {
  policy::Protocol protocol = policy::Protocol::esp;
  std::uint32_t spi = 0;
  policy::IpAddress peer;
};
/// Nothing came of it.
struct WithdrawSpi {
  policy::Protocol protocol = policy::Protocol::esp;
  std::uint32_t spi = 0;
};
struct InstallChildSa {
  policy::ChildSaSpec spec;
};
struct RemoveChildSa {
  policy::ChildSaId id;
};
/// The peer has this Child SA for certain, and it is the one to use: our traffic goes by it from now on, whichever of
/// those with the same selectors is the newest.
struct UseChildSa {
  policy::ChildSaId id;
};
/// The outer addresses of a Child SA changed, perhaps with a NAT between them or not any more.
struct MoveChildSa {
  policy::ChildSaId id;
  policy::Endpoint local;
  policy::Endpoint remote;
  bool udp_encap = true;
};
/// An inner address of ours came, from the gateway that gave it, or goes. Several IKE SAs may have the same one.
struct AddAddress {
  policy::IpAddress address;
};
struct RemoveAddress {
  policy::IpAddress address;
};
struct Notice {
  event::Event event;
};
/// The keys of an IKE SA, only with Settings::log_keys.
struct LogKeys {
  std::uint64_t spi_initiator = 0;
  std::uint64_t spi_responder = 0;
  policy::Suite suite;
  Secret sk_ei, sk_er, sk_ai, sk_ar;
  std::uint8_t version = 2;  // of IKE; in 1, both directions have one key, and sk_ai and sk_ar are SKEYID_a
};

using Output = std::variant<SendDatagram, SendKeepalive, OfferSpi, WithdrawSpi, InstallChildSa, RemoveChildSa,
                            UseChildSa, MoveChildSa, AddAddress, RemoveAddress, Notice, LogKeys>;
using Outbox = std::deque<Output>;

}  // namespace sallyport::ike
