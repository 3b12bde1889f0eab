// trace: the last negotiation of a connection, drawn and as values.
#include <algorithm>

#include "control/value.h"
#include "daemon/commands/command_list.h"
#include "daemon/commands/ladder_lines.h"
#include "daemon/commands/live_events.h"
#include "daemon/daemon.h"

namespace sallyport::daemon {

using control::Message;

Answer trace(Daemon& daemon, const Message& request) {
  const std::string name(text_of(request, "connection"));
  if (!find_connection(daemon, name)) return failure("there is no connection called " + name);
  const auto negotiation = daemon.journal().negotiation(name);
  if (negotiation.empty()) return failure(name + " has not negotiated yet");
  const auto width = control::parse_u32(text_of(request, "width")).value_or(96);
  Message answer = success();
  write_ladder(answer, negotiation, std::clamp<std::size_t>(width, 60, 300));
  write_messages(answer, negotiation);
  return answer;
}

}  // namespace sallyport::daemon
