// redirect: sends the clients of IKE SAs, chosen by name, number, peer's address or identity, to another gateway
// (RFC 5685), and answers how many have been told. They leave by themselves, or are closed after a while.
#include <fmt/format.h>

#include "control/value.h"
#include "daemon/commands/command_list.h"
#include "daemon/daemon.h"
#include "policy/gateway.h"

namespace sallyport::daemon {
namespace {

using control::Message;

struct Wanted {
  std::string ike;
  std::optional<std::uint32_t> ike_id;
  std::optional<policy::AddressRange> peer_ip;
  std::optional<policy::Identity> peer_id;

  bool empty() const { return ike.empty() && !ike_id && !peer_ip && !peer_id; }
  bool takes(const ike::IkeSaStatus& sa) const {
    return sa.state == ike::IkeSaStatus::State::established && (ike.empty() || sa.connection == ike) &&
           (!ike_id || sa.id.value == *ike_id) && (!peer_ip || peer_ip->contains(sa.remote.address)) &&
           (!peer_id || matches(*peer_id, sa.remote_id));
  }
};

}  // namespace

Answer redirect(Daemon& daemon, const Message& request) {
  const auto gateway = policy::GatewayId::parse(text_of(request, "gateway"));
  if (!gateway) return failure("gateway is an address, or a name with its domain");
  Wanted wanted;
  wanted.ike = text_of(request, "ike");
  if (const auto text = request.text("ike-id")) {
    const auto number = control::parse_u32(*text);
    if (!number) return failure("ike-id is a number");
    wanted.ike_id = *number;
  }
  if (const auto text = request.text("peer-ip")) {
    wanted.peer_ip = policy::AddressRange::parse(*text);
    if (!wanted.peer_ip) return failure("peer-ip is an address, a network or a range");
  }
  if (const auto text = request.text("peer-id")) {
    wanted.peer_id = policy::Identity::parse(*text);
    if (!wanted.peer_id) return failure("peer-id is an identity");
  }
  if (wanted.empty()) return failure("name whom to redirect: ike, ike-id, peer-ip or peer-id");
  std::size_t matching = 0, told = 0;
  for (const ike::IkeSaStatus& sa : daemon.node().engine().status()) {
    if (!wanted.takes(sa)) continue;
    ++matching;
    told += daemon.node().redirect(daemon.now(), sa.id, *gateway);
  }
  daemon.settle();
  Message answer = matching == 0 ? failure("no IKE SA matches")
                   : told < matching
                       ? failure("a peer that began has not said that it would follow, or we began ourselves")
                       : success();
  answer.set("matches", told);
  return answer;
}

}  // namespace sallyport::daemon
