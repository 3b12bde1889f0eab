// list-sas: the IKE SAs with their children, an event each.
#include "control/value.h"
#include "daemon/commands/command_list.h"
#include "daemon/commands/live_events.h"
#include "daemon/commands/sa_section.h"
#include "daemon/commands/traffic_ahead.h"
#include "daemon/daemon.h"

namespace sallyport::daemon {
namespace {

using control::Message;

/// What a request asks for; what it does not name, it does not restrict.
struct Filter {
  std::string ike, child;
  std::optional<std::uint32_t> ike_id, child_id;

  explicit Filter(const Message& request) : ike(text_of(request, "ike")), child(text_of(request, "child")) {
    if (const auto id = control::parse_u32(text_of(request, "ike-id"))) ike_id = *id;
    if (const auto id = control::parse_u32(text_of(request, "child-id"))) child_id = *id;
  }
  bool names_child() const { return !child.empty() || child_id; }
  bool takes(const ike::IkeSaStatus& sa) const {
    return (ike.empty() || sa.connection == ike) && (!ike_id || sa.id.value == *ike_id);
  }
  bool takes(const ike::ChildSaStatus& sa) const {
    return (child.empty() || sa.name == child) && (!child_id || sa.id.value == *child_id);
  }
};

/// nullopt: the filter wants a child that this one does not have.
std::optional<Message> describe(const ike::IkeSaStatus& sa, const Filter& filter, TrafficAhead& traffic_of,
                                Instant now) {
  Message message;
  auto& section = message.section(section_name(sa));
  write_ike_sa(section, sa, now);
  auto& children = section.section("child-sas");
  for (const auto& child : sa.children)
    if (filter.takes(child)) write_child_sa(children.section(section_name(child)), child, traffic_of(child.id), now);
  if (filter.names_child() && children.empty()) return std::nullopt;
  return message;
}

}  // namespace

Answer list_sas(Daemon& daemon, const Message& request) {
  const Filter filter(request);
  auto sas = sas_of(daemon.node(), text_of(request, "ike"));
  std::erase_if(sas, [&](const ike::IkeSaStatus& sa) { return !filter.takes(sa); });
  std::vector<policy::ChildSaId> told;
  for (const auto& sa : sas)
    for (const auto& child : sa.children)
      if (filter.takes(child)) told.push_back(child.id);
  return stream("list-sa",
                [&daemon, filter, sas = std::move(sas), traffic_of = TrafficAhead(daemon.workers(), std::move(told)),
                 next = std::size_t{0}]() mutable -> std::optional<Message> {
                  while (next < sas.size())
                    if (auto message = describe(sas[next++], filter, traffic_of, daemon.now())) return message;
                  return std::nullopt;
                });
}

}  // namespace sallyport::daemon
