// AnyIkeSa: what an IKE SA is in either version: who speaks to whom, since when, and how it fared. IsakmpSa and v2's
// IkeSa add what their protocols need.
#pragma once

#include <algorithm>
#include <optional>
#include <string>

#include "event/failure.h"
#include "ike/core/candidates.h"
#include "ike/core/environment.h"
#include "ike/core/session.h"
#include "ike/core/status.h"

namespace sallyport::ike {

enum class Role : std::uint8_t {
  initiator,
  responder
};

struct AnyIkeSa {
  policy::IkeSaId id;
  Role role = Role::initiator;
  policy::Endpoint local, remote;
  policy::ConnectionPtr connection;  // null while a responder does not know it
  policy::Identity local_id, remote_id;
  bool nat_local = false, nat_remote = false;
  bool peer_confirmed = false;  // heard of since `established`

  Instant created{};
  std::optional<Instant> established;
  Instant last_received{};  // authentic IKE
  Instant last_sent{};
  std::optional<event::Failure> failure;  // why it closes

  bool initiator() const { return role == Role::initiator; }
  bool udp_encap() const { return nat_local || nat_remote; }
  /// Prefixes every event about it.
  std::string connection_name() const { return connection ? connection->name : std::string(); }

  void begin(Instant now, Environment& env, const Initiation& initiation) {
    id = env.numbers.next_ike_sa();
    role = Role::initiator;
    connection = initiation.connection;
    local = initiation.local;
    remote = initiation.remote;
    local_id = identity_on(*connection, local);
    remote_id = connection->remote.id;
    created = now;
  }

  event::Failure failure_of(event::FailureKind kind, event::Side side) const {
    return {.kind = kind,
            .side = side,
            .connection = connection_name(),
            .local_id = local_id,
            .remote_id = remote_id,
            .remote = remote};
  }

  /// Without what only the version knows: state, SPIs, suite, children, times to come.
  IkeSaStatus status_of(std::uint8_t version) const {
    return {.id = id,
            .connection = connection_name(),
            .version = version,
            .initiator = initiator(),
            .local = local,
            .remote = remote,
            .local_id = local_id,
            .remote_id = remote_id,
            .local_user = {},
            .remote_user = {},
            .received = {},
            .given = {},
            .suite = {},
            .nat_local = nat_local,
            .nat_remote = nat_remote,
            .established = established,
            .expires = {},
            .children = {}};
  }

  /// Keeps our NAT's mapping if nothing else has done it lately (RFC 3948 §4). When to look again.
  Instant keep_mapping(Instant now, Environment& env) {
    if (now - last_sent >= env.settings.keep_alive) {
      last_sent = now;
      env.outbox.push_back(SendKeepalive{local, remote});
    }
    return last_sent + env.settings.keep_alive;
  }
};

}  // namespace sallyport::ike
