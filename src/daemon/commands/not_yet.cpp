// What VICI's clients may ask for and is not there yet: certificates, keys, authorities. Listings of it are empty;
// loading it is refused with a sentence, never quietly.
#include "daemon/commands/command_list.h"

namespace sallyport::daemon {

using control::Message;

Answer get_keys(Daemon&, const Message&) {
  Message answer;
  answer.list("keys");
  return answer;
}

Answer get_authorities(Daemon&, const Message&) {
  Message answer;
  answer.list("authorities");
  return answer;
}

Answer list_nothing(Daemon&, const Message&) { return Message(); }

Answer flush_certs(Daemon&, const Message&) { return success(); }

Answer no_certificates(Daemon&, const Message&) {
  return failure("certificates and private keys are not supported yet; authenticate with auth = psk");
}

}  // namespace sallyport::daemon
