// load-shared, unload-shared, get-shared, clear-creds: shared keys that come over the control socket.
#include <algorithm>
#include <cctype>

#include "daemon/commands/command_list.h"
#include "daemon/daemon.h"

namespace sallyport::daemon {
namespace {

using control::Message;

bool is(std::string_view type, std::string_view lower_case) {
  const auto same = [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; };
  return std::ranges::equal(type, lower_case, same);
}

/// A secret without an id of its own goes by its owners', as in charon: another one for the same replaces it.
std::string name_of(const Message& request, const control::List* owners) {
  if (const auto id = text_of(request, "id"); !id.empty()) return std::string(id);
  std::string name = "unnamed";
  if (owners)
    for (const auto& owner : *owners) name += ":" + std::string(owner.text());
  return name;
}

void apply(Daemon& daemon) {
  daemon.apply_configuration();
  daemon.settle();
}

}  // namespace

Answer load_shared(Daemon& daemon, const Message& request) {
  const auto type = text_of(request, "type");
  const bool user = is(type, "xauth") || is(type, "eap");
  const bool ppk = is(type, "ppk");
  if (!user && !ppk && !is(type, "ike"))
    return failure("secrets of type " + std::string(type) + " are not supported yet; only IKE, EAP, PPK and XAUTH");
  const auto data = request.bytes("data");
  if (!data || data->empty()) return failure("the secret is empty");
  const auto* owners = request.find_list("owners");
  policy::SharedKey key{.name = name_of(request, owners), .secret = Secret::copy_of(*data)};
  if (user) key.kind = policy::SecretKind::user;
  if (ppk) key.kind = policy::SecretKind::ppk;
  if (owners)
    for (const auto& owner : *owners) {
      auto identity = policy::Identity::read(owner.text());
      if (!identity) return failure(std::string(owner.text()) + ": " + identity.error().message);
      if (identity->kind != policy::Identity::Kind::any) key.owners.push_back(std::move(*identity));
    }
  const std::string name = key.name;
  if (!daemon.configuration().put_secret(std::move(key)))
    return failure("a configuration file of the daemon has a secret called " + name);
  apply(daemon);
  return success();
}

Answer unload_shared(Daemon& daemon, const Message& request) {
  const std::string name(text_of(request, "id"));
  if (!daemon.configuration().remove_secret(name))
    return failure("no secret called " + name + " was loaded over the control socket");
  apply(daemon);
  return success();
}

Answer get_shared(Daemon& daemon, const Message&) {
  Message answer;
  auto& keys = answer.list("keys");
  for (const auto& name : daemon.configuration().control_secrets()) keys.add(name);
  return answer;
}

Answer clear_creds(Daemon& daemon, const Message&) {
  daemon.configuration().clear_control_secrets();
  apply(daemon);
  return success();
}

}  // namespace sallyport::daemon
