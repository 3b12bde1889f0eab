// Effect: what a Node wants done to the world. Whoever drives it (the daemon, a simulated host) carries them out in
// order.
#pragma once

#include <string>
#include <variant>

#include "ike/core/output.h"
#include "policy/spd.h"

namespace sallyport::node {

/// The policies changed; the datapath, the steering and the guard follow. Comes before any SA that relies on them.
struct SetPolicy {
  policy::SpdPtr spd;
};

/// What does this name stand for? The answer is for Node::on_resolved, one for each question, in any order and whenever
/// it comes.
struct ResolveName {
  std::string name;
};

using Effect = std::variant<ike::SendDatagram, ike::SendKeepalive, ike::OfferSpi, ike::WithdrawSpi, ike::InstallChildSa,
                            ike::RemoveChildSa, ike::UseChildSa, ike::MoveChildSa, ike::AddAddress, ike::RemoveAddress,
                            ike::Notice, ike::LogKeys, SetPolicy, ResolveName>;

}  // namespace sallyport::node
