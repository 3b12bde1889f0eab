// The commands, each in the file that its group names. Internal to this folder; others look them up in commands().
#pragma once

#include "daemon/commands/command.h"

namespace sallyport::daemon {

// about_daemon.cpp
Answer version(Daemon& daemon, const control::Message& request);
Answer stats(Daemon& daemon, const control::Message& request);
// connections.cpp
Answer load_conn(Daemon& daemon, const control::Message& request);
Answer unload_conn(Daemon& daemon, const control::Message& request);
Answer get_conns(Daemon& daemon, const control::Message& request);
// list_conns.cpp
Answer list_conns(Daemon& daemon, const control::Message& request);
// secrets.cpp
Answer load_shared(Daemon& daemon, const control::Message& request);
Answer unload_shared(Daemon& daemon, const control::Message& request);
Answer get_shared(Daemon& daemon, const control::Message& request);
Answer clear_creds(Daemon& daemon, const control::Message& request);
// not_yet.cpp
Answer get_keys(Daemon& daemon, const control::Message& request);
Answer get_authorities(Daemon& daemon, const control::Message& request);
Answer list_nothing(Daemon& daemon, const control::Message& request);
Answer flush_certs(Daemon& daemon, const control::Message& request);
Answer no_certificates(Daemon& daemon, const control::Message& request);
// pools.cpp
Answer load_pool(Daemon& daemon, const control::Message& request);
Answer unload_pool(Daemon& daemon, const control::Message& request);
Answer get_pools(Daemon& daemon, const control::Message& request);
// initiate.cpp, redirect.cpp, rekey.cpp, terminate.cpp
Answer initiate(Daemon& daemon, const control::Message& request);
Answer rekey(Daemon& daemon, const control::Message& request);
Answer redirect(Daemon& daemon, const control::Message& request);
Answer terminate(Daemon& daemon, const control::Message& request);
// list_sas.cpp, list_policies.cpp
Answer list_sas(Daemon& daemon, const control::Message& request);
Answer list_policies(Daemon& daemon, const control::Message& request);
// status.cpp, events.cpp, reload.cpp, counters.cpp, trace.cpp
Answer status(Daemon& daemon, const control::Message& request);
Answer events(Daemon& daemon, const control::Message& request);
Answer reload(Daemon& daemon, const control::Message& request);
Answer counters(Daemon& daemon, const control::Message& request);
Answer trace(Daemon& daemon, const control::Message& request);
// capture.cpp
Answer capture(Daemon& daemon, const control::Message& request);

}  // namespace sallyport::daemon
