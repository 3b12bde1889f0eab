// ControlLog: what happens while a client waits for its command, as the lines (`control-log`) that it shows meanwhile.
#pragma once

#include <deque>
#include <functional>

#include "control/server_session.h"
#include "daemon/daemon.h"

namespace sallyport::daemon {

class ControlLog {
 public:
  /// Lines for the client that wait for it to read; later ones are lost.
  static constexpr std::size_t kMostLines = 500;

  /// From now on. The request's `loglevel` says how much the client wants to hear; `concerns` whether an event is any
  /// of its business.
  ControlLog(Daemon& daemon, const control::Message& request, std::function<bool(const event::Event&)> concerns);
  ControlLog(const ControlLog&) = delete;
  ControlLog& operator=(const ControlLog&) = delete;

  /// Sends as much as there is room for; true when nothing waits any more.
  bool flush(control::ServerSession& client);

 private:
  void on_event(Daemon& daemon, const event::Event& event);

  std::int64_t most_level_;
  std::function<bool(const event::Event&)> concerns_;
  std::deque<control::Message> lines_;
  Journal::Subscription subscription_;
};

}  // namespace sallyport::daemon
