// NameBook: what the names in local_addrs and remote_addrs stand for, and who waits for it. Sans-IO: it says which
// names to ask for, and is told the answers. A connection with names looks them up again for each IKE SA that is begun,
// so that a peer whose address has changed is found where it is now.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "ike/core/session.h"
#include "policy/connection.h"

namespace sallyport::node {

/// What a name stands for; or why nobody knows.
struct NameAnswer {
  std::vector<policy::IpAddress> addresses;
  std::string error;  // with no addresses, in the resolver's words; with addresses: they are of an earlier answer
};

/// What is to be seen of a name.
struct NameStatus {
  std::string name;
  NameAnswer answer;
  bool asked = false;  // and not answered yet
};

class NameBook {
 public:
  /// The connections that are configured from now on; who waits for others waits no more. Names to ask for.
  std::vector<std::string> load(Instant now, const std::vector<policy::ConnectionPtr>& connections);

  bool has_names(std::string_view connection) const { return named_.contains(connection); }
  /// `request` goes on when all of the connection's names are answered. Names to ask for.
  std::vector<std::string> wait(std::string_view connection, ike::ChildRequest request);
  /// Requests for this child, or for any of the connection's if it is empty, go on no more: how many there were.
  std::size_t forget(std::string_view connection, std::string_view child);
  /// Somebody came whom nobody is configured for: perhaps a name stands for another address by now. At most each half
  /// minute; names to ask for.
  std::vector<std::string> doubt(Instant now);

  /// Connections whose last name is answered herewith, and what waited for it.
  struct Ready {
    std::string connection;
    std::vector<ike::ChildRequest> waiting;
  };
  std::vector<Ready> answer(std::string_view name, NameAnswer answer);

  /// What is known of a connection's names, in their order; of the peer's, each time that something waited, another one
  /// is first.
  std::vector<policy::IpAddress> local_addresses(std::string_view connection) const;
  std::vector<policy::IpAddress> remote_addresses(std::string_view connection) const;
  /// The first of its names that has no address.
  const NameStatus* missing(std::string_view connection) const;
  /// All of its names, the peer's first.
  std::vector<NameStatus> status(std::string_view connection) const;
  /// Something waits for its names.
  bool is_awaited(std::string_view connection) const;

 private:
  struct Named {
    std::vector<std::string> local, remote;
    std::vector<std::string> all;  // each once, the peer's first
    std::vector<ike::ChildRequest> waiting;
    std::size_t turns = 0;
  };
  std::vector<std::string> ask(const std::vector<std::string>& names);
  std::vector<std::string> ask_all();
  bool is_complete(const Named& named) const;
  std::vector<policy::IpAddress> addresses_of(const std::vector<std::string>& names) const;

  std::map<std::string, Named, std::less<>> named_;                     // by connection
  std::map<std::string, NameStatus, std::less<>> names_;                // by name: those of the connections
  std::map<std::string, std::vector<std::string>, std::less<>> users_;  // connections that have a name
  std::optional<Instant> doubted_;
};

/// `connection` with these addresses in front of those that are written in it, in the place of those that it had there.
policy::ConnectionPtr with_addresses(const policy::Connection& connection, const std::vector<policy::IpAddress>& local,
                                     const std::vector<policy::IpAddress>& remote);

}  // namespace sallyport::node
