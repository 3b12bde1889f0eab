// Node as a client that gateways send from one to the next (RFC 5685).
#include <algorithm>

#include "node/node.h"

namespace sallyport::node {
namespace {

/// §7's MAX_REDIRECTS and REDIRECT_LOOP_DETECT_PERIOD: beyond, they go in circles.
constexpr std::size_t kMostRedirections = 5;
constexpr Duration kLoopPeriod = std::chrono::seconds(300);

}  // namespace

/// What the older gateway had of us goes on with the new one. The next time that the connection is begun, it is where
/// it is configured.
void Node::on_redirected(Instant now, const event::Redirected& redirected) {
  if (redirected.side != event::Side::local || shutting_down_) return;
  auto& latest = redirections_[redirected.connection];
  while (!latest.empty() && now - latest.front() > kLoopPeriod) latest.pop_front();
  if (latest.size() >= kMostRedirections)
    return fail(now, {.kind = event::FailureKind::redirected_too_often,
                      .connection = redirected.connection,
                      .remote = redirected.from,
                      .attempts = static_cast<std::uint32_t>(latest.size())});
  latest.push_back(now);
  if (redirected.to.address) return follow(now, redirected, *redirected.to.address);
  std::erase_if(detours_, [&](const auto& other) { return other.connection == redirected.connection; });
  const bool asked = std::ranges::any_of(detours_, [&](const auto& other) { return other.to == redirected.to; });
  detours_.push_back(redirected);
  if (!asked) resolve({redirected.to.name});
}

void Node::follow(Instant now, const event::Redirected& redirected, const policy::IpAddress& gateway) {
  if (!engine_.follow(now, redirected, gateway))
    fail(now, {.kind = event::FailureKind::system_refused,
               .connection = redirected.connection,
               .remote = {gateway, redirected.from.port}});
}

void Node::follow_names(Instant now, std::string_view name, const NameAnswer& answer) {
  std::vector<event::Redirected> known;
  std::erase_if(detours_, [&](const event::Redirected& detour) {
    if (detour.to.name != name) return false;
    known.push_back(detour);
    return true;
  });
  for (const event::Redirected& detour : known) {
    if (!answer.addresses.empty()) {
      follow(now, detour, answer.addresses.front());
      continue;
    }
    event::Failure why{.kind = event::FailureKind::name_unresolved, .connection = detour.connection};
    why.name = name;
    why.message = answer.error;
    fail(now, std::move(why));
  }
  drain_engine(now);
}

}  // namespace sallyport::node
