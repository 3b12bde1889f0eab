#include "daemon/commands/control_server.h"

#include <algorithm>
#include <array>
#include <list>
#include <optional>

#include "daemon/commands/command.h"
#include "daemon/commands/live_events.h"
#include "daemon/daemon.h"
#include "linux/unix_socket.h"

namespace sallyport::daemon {
namespace {

using control::ServerSession;

/// Octets read from one client, and commands run for it, before it is somebody else's turn.
constexpr std::size_t kMostRead = 64 * 1024;
constexpr int kMostCommands = 16;

struct Client {
  explicit Client(linux::UnixStream accepted) : stream(std::move(accepted)), session(event_names()) {}

  linux::UnixStream stream;
  ServerSession session;
  std::unique_ptr<Running> running;
  bool gone = false;
  linux::EventLoop::Watch watch;  // ends before the stream is closed
};

void read_from(Client& client) {
  std::array<std::uint8_t, kMostRead> bytes;
  const auto got = client.stream.read(bytes);
  if (!got || (*got && **got == 0)) {
    client.gone = true;
  } else if (*got) {
    client.session.on_bytes(ByteView(bytes).first(**got));
  }
  wipe(bytes);  // requests bear secrets
}

void write_to(Client& client) {
  while (!client.session.output().empty()) {
    const auto taken = client.stream.write(client.session.output());
    if (!taken) client.gone = true;
    if (!taken || !*taken) return;
    client.session.consume_output(**taken);
  }
}

}  // namespace

struct ControlServer::Parts {
  Parts(Daemon& d, linux::UnixListener l) : daemon(d), listener(std::move(l)) {}

  void accept();
  void serve(Client& client);
  bool run_one(Client& client);
  void on_entry(const JournalEntry& entry);
  std::optional<Instant> next_deadline() const;
  void serve_all();
  void remove_gone();

  Daemon& daemon;
  linux::UnixListener listener;
  std::list<Client> clients;
  bool something_happened = false;  // that a command may wait for, or that clients are to be told of
  Journal::Subscription subscription;
  linux::EventLoop::Watch watch;
};

void ControlServer::Parts::accept() {
  while (clients.size() < kMostClients) {
    auto accepted = listener.accept();
    if (!accepted || !*accepted) break;
    Client& client = clients.emplace_back(std::move(**accepted));
    auto watching =
        daemon.loop().watch(client.stream.fd(), {.readable = true}, [this, &client](linux::Readiness ready) {
          // Where nothing was to be read, it is the connection's end.
          if (ready.readable && !client.session.wants_input())
            client.gone = true;
          else if (ready.readable)
            read_from(client);
          if (!client.gone) serve(client);
          remove_gone();
        });
    if (watching)
      client.watch = std::move(*watching);
    else
      clients.pop_back();
  }
  if (clients.size() >= kMostClients) watch.want({});
}

/// Runs the next command, or goes on with the one that runs. False: there is nothing to do but wait.
bool ControlServer::Parts::run_one(Client& client) {
  if (!client.running) {
    const auto request = client.session.poll_request();
    if (!request) return false;
    const auto command = std::ranges::find(commands(), request->command, &Command::name);
    if (command == commands().end()) {
      client.session.respond_unknown();
      return true;
    }
    Answer answer = command->run(daemon, request->message);
    if (const auto* at_once = std::get_if<control::Message>(&answer)) {
      client.session.respond(*at_once);
      return true;
    }
    client.running = std::move(std::get<std::unique_ptr<Running>>(answer));
  }
  const auto answer = client.running->go_on(daemon.now(), client.session);
  if (!answer) return false;
  client.session.respond(*answer);
  client.running.reset();
  return true;
}

void ControlServer::Parts::serve(Client& client) {
  bool more = true;
  for (int i = 0; i < kMostCommands && more && !client.gone && !client.session.closed(); ++i) {
    more = run_one(client);
    write_to(client);
  }
  if (more) something_happened = true;  // another turn for the rest
  write_to(client);
  const bool waiting = !client.session.output().empty();
  if (client.session.closed() && !waiting) client.gone = true;
  client.watch.want({.readable = client.session.wants_input(), .writable = waiting});
}

/// Called in the middle of whatever happens, so it only queues.
void ControlServer::Parts::on_entry(const JournalEntry& entry) {
  something_happened = true;
  for (Client& client : clients) tell(client.session, daemon, entry);
}

/// The past, when there is something to do at once.
std::optional<Instant> ControlServer::Parts::next_deadline() const {
  if (something_happened) return Instant::min();
  std::optional<Instant> earliest;
  for (const Client& client : clients) {
    const auto deadline = client.running ? client.running->deadline() : std::nullopt;
    if (deadline && (!earliest || *deadline < *earliest)) earliest = deadline;
  }
  return earliest;
}

void ControlServer::Parts::serve_all() {
  something_happened = false;
  for (Client& client : clients) serve(client);
  remove_gone();
}

void ControlServer::Parts::remove_gone() {
  const bool full = clients.size() >= kMostClients;
  std::erase_if(clients, [](const Client& client) { return client.gone; });
  if (full && clients.size() < kMostClients) watch.want({.readable = true});
}

linux::SystemResult<std::unique_ptr<ControlServer>> ControlServer::listen(Daemon& daemon, const std::string& socket) {
  auto listener = TRY(linux::UnixListener::listen(socket));
  auto parts = std::make_unique<Parts>(daemon, std::move(listener));
  Parts* const server = parts.get();
  parts->watch = TRY(
      daemon.loop().watch(parts->listener.fd(), {.readable = true}, [server](linux::Readiness) { server->accept(); }));
  parts->subscription = daemon.journal().subscribe([server](const JournalEntry& entry) { server->on_entry(entry); });
  daemon.loop().add_timers([server] { return server->next_deadline(); }, [server](Instant) { server->serve_all(); });
  return std::unique_ptr<ControlServer>(new ControlServer(std::move(parts)));
}

ControlServer::ControlServer(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
ControlServer::~ControlServer() = default;

}  // namespace sallyport::daemon
