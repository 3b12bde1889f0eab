// A message retold as a MessageSummary, for events. Nothing is decided from it.
#pragma once

#include "event/message_summary.h"
#include "ike/core/datagram.h"
#include "wire/ikev1/message.h"

namespace sallyport::ike::v1 {

struct Told {
  std::uint8_t number = 1;     // of its exchange, from 1
  bool from_initiator = true;  // of the ISAKMP SA
  bool encrypted = false;
  std::size_t size = 0;  // octets of the message
};
/// `payloads` is what was decrypted where the message was encrypted.
event::MessageSummary describe(const wire::IkeHeader& header, const wire::ikev1::PayloadChain& payloads,
                               const Told& told, const policy::Endpoint& local, const policy::Endpoint& remote);

/// "asks for user name, password".
std::string describe_attributes(const wire::ikev1::AttributesPayload& message);

}  // namespace sallyport::ike::v1
