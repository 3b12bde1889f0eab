// A message retold as a MessageSummary, for events. Nothing is decided from it.
#pragma once

#include "event/message_summary.h"
#include "ike/core/datagram.h"
#include "wire/ikev2/message.h"

namespace sallyport::ike::v2 {

/// `payloads` is what was decrypted where the message was encrypted, `size` the octets of all its fragments.
event::MessageSummary describe(const wire::IkeHeader& header, const wire::ikev2::PayloadChain& payloads, bool encrypted,
                               std::size_t size, std::size_t fragments, const policy::Endpoint& local,
                               const policy::Endpoint& remote);

}  // namespace sallyport::ike::v2
