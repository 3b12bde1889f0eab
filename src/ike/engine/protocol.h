// Protocol: one version of IKE, as far as the engine has to begin with it: whose first message a datagram is, what to
// make of it, and how to begin ourselves. All else goes through ike::Session. A version that was not built is a
// nullptr.
#pragma once

#include <array>
#include <expected>
#include <memory>
#include <optional>

#include "event/failure.h"
#include "ike/core/session.h"
#include "ike/engine/half_open.h"

namespace sallyport::ike {

class Protocol {
 public:
  virtual ~Protocol() = default;

  /// Which of a message's SPIs may be ours, the likelier first; zero is none.
  virtual std::array<std::uint64_t, 2> local_spis(const wire::IkeHeader& header) const = 0;
  /// Without a session: could it be an initiator's first message?
  virtual bool begins(const wire::IkeHeader& header) const = 0;
  /// An initiator's first message becomes a session, or not: then why is in the outbox, and perhaps an answer that
  /// needs no state. `unfinished`: the sessions with peers that have not proved themselves.
  virtual std::unique_ptr<Session> accept(Instant now, Environment& env, const Datagram& datagram,
                                          const wire::IkeHeader& header, const Unfinished& unfinished) = 0;
  /// Begins. An error: it could not.
  virtual std::expected<std::unique_ptr<Session>, event::Failure> initiate(Instant now, Environment& env,
                                                                           Initiation initiation) = 0;
  /// A message of an IKE SA that is not here, and of which nothing is here: perhaps it was, before a restart.
  virtual void answer_stray(Instant, Environment&, const Datagram&, const wire::IkeHeader&) {}
  /// Tells whoever sends ESP or AH with an SPI that nobody here knows.
  virtual void report_spi(Instant, Environment&, const policy::Endpoint& /*local*/, const policy::Endpoint& /*remote*/,
                          std::uint32_t /*spi*/) {}
  /// The other way round: the SPI that such a message names, which anybody may have sent.
  virtual std::optional<std::uint32_t> read_spi_report(const Datagram&, const wire::IkeHeader&) { return std::nullopt; }
  /// A message of a version that nobody has.
  virtual void refuse_version(Environment& env, const Datagram& datagram, const wire::IkeHeader& header) = 0;
};

std::unique_ptr<Protocol> make_ikev1();
/// `random`: for the secret that cookies are made with.
std::unique_ptr<Protocol> make_ikev2(RandomSource& random);

}  // namespace sallyport::ike
