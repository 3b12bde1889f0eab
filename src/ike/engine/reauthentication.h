// What reauthentication in IKEv2 needs of somebody who sees all IKE SAs with one peer: is another one still wanted, and
// which one goes when the new one is complete. Where both ends begin at once there are two in the place of one; the one
// with the lower initiator's SPI goes then, and whoever began it deletes it.
#pragma once

#include <optional>
#include <vector>

#include "ike/core/session.h"
#include "ike/core/status.h"

namespace sallyport::ike {

struct Kin {
  SessionFacts facts;
  IkeSaStatus status;
};

/// Behind a NAT there may be several peers, told apart by their ports. An IKE SA that saw a NAT and one that saw none
/// are of one peer all the same: nothing protects what IKEv1 finds out about NATs, and the other end may see it
/// otherwise.
bool same_place(const IkeSaStatus& a, const IkeSaStatus& b);

/// Does `winner` carry all that `loser` does?
bool covers_children_of(const IkeSaStatus& winner, const IkeSaStatus& loser);

/// Others are established, and with the same peer. Is there a younger one that may well take the place of `old`?
bool is_replaced(const Kin& old, const std::vector<Kin>& others);

struct Farewell {
  std::optional<policy::IkeSaId> heir;   // our traffic is to go by its Child SAs
  std::vector<policy::IkeSaId> leaving;  // ours to delete
};
/// What to do when `made`, which reauthenticates, is complete; nothing when there is nothing to do, or not yet.
Farewell bid_farewell(const Kin& made, const std::vector<Kin>& others);

}  // namespace sallyport::ike
