// Pairing: one connection as its two ends configure it. Made right, so that it comes up; a story changes what it is
// about.
#pragma once

#include <string>

#include "policy/connection.h"
#include "sim/host.h"

namespace sallyport::sim {

/// One end of a pairing.
struct End {
  policy::IpAddress address;  // outer; unspecified: not known to the other end
  std::string network;        // behind it, "10.1.0.0/16"; empty: the host itself
  std::string id;             // "alice.example"
};

struct Pairing {
  policy::Connection left, right;
  std::string left_secret, right_secret;

  Configuration left_configuration() const;
  Configuration right_configuration() const;
};

/// Connection `name` with one child "lan", in tunnel mode, brought up by nothing: each end initiates on command.
Pairing pair_up(std::string name, const End& left, const End& right);

/// Both ends' child in transport mode, between the hosts themselves.
void use_transport_mode(Pairing& pairing);
/// Applies `change` to both connections.
template <class Change>
void at_both_ends(Pairing& pairing, Change change) {
  change(pairing.left);
  change(pairing.right);
}

/// Proposals in the configuration's words, which have to be right.
std::vector<policy::Proposal> proposals(policy::Protocol protocol, std::initializer_list<std::string_view> words);
/// Selector templates in the configuration's words, which have to be right.
policy::SelectorTemplates selectors(std::initializer_list<std::string_view> words);

}  // namespace sallyport::sim
